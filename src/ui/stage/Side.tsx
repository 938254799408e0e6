import type { MirrorState } from "../../mirror/types.ts";
import type { Service } from "../../model/service/types.ts";
import { splitKey } from "../../model/meta/types.ts";
import type { Walk } from "../../model/trace/types.ts";
import { isRelayed } from "../../mirror/joined.ts";
import { rewriteOf } from "../../graph/path.ts";
import { commandLine, isByName } from "../inspector/wording.ts";
import { Button } from "../shell/Button.tsx";
import { useNothingSent } from "../shell/useNothingSent.ts";
import styles from "./Stage.module.css";

/** What the client's terminal shows: command, answer and the address that the server saw. */
export function ResultCard({ walk }: { readonly walk: Walk }) {
  const first = walk.hops[0]?.before;
  const tone = walk.outcome === "timeout" || walk.outcome === "unreachable" ? "drop" : "reject";
  const own = first?.src === walk.sourceSeen;
  const snat = walk.hops.findLast((hop) => rewriteOf(hop).source && hop.before.src !== hop.after.src);
  const backend = walk.backend?.pod?.split("/").at(-1) ?? walk.backend?.ip ?? null;
  return (
    <div className={styles["result"]}>
      <span className={styles["command"]}>$ {commandOf(walk)}</span>
      {walk.outcome === "delivered" ? (
        <>
          {backend !== null && <span>{backend}</span>}
          {walk.sourceSeen !== null && (
            <span>
              saw{" "}
              <span className={styles["seen"]} data-own={own}>
                {walk.sourceSeen}
              </span>
            </span>
          )}
          <span className={styles["why"]}>
            {own || snat === undefined
              ? "the client's own address"
              : isRelayed(snat)
                ? "not the client but the relay"
                : `not the client: SNAT on ${splitHost(snat.place)}`}
          </span>
        </>
      ) : (
        <span className={styles["symptom"]} data-tone={tone}>
          {walk.symptom}
        </span>
      )}
    </div>
  );
}

const splitHost = (place: string): string => place.slice(place.indexOf("/") + 1);

function commandOf(walk: Walk): string {
  if (isByName(walk)) return commandLine(walk).command;
  const header = walk.hops[0]?.before;
  const dst = header?.dst ?? walk.request.to;
  const port = header?.dport ?? 80;
  if (walk.request.protocol === "icmp") return `ping -c 1 ${dst}`;
  if (walk.request.protocol === "udp") return `nc -u ${dst} ${String(port)}`;
  return `curl ${dst}${port === 80 ? "" : `:${String(port)}`}`;
}

interface EmptyProps {
  readonly mirror: MirrorState;
  readonly onSend?: ((from: "outside" | "pod") => void) | undefined;
}

/** Whether anything answers to clients outside: a Service with a node port, an address of a balancer or one of its own. */
const isOpen = ({ objects }: MirrorState): boolean =>
  [...objects.values()].some(
    (object) =>
      object.kind === "Service" &&
      ((object as Service).spec.type !== "ClusterIP" || ((object as Service).spec.externalIPs ?? []).length > 0),
  );

/** Before anything was sent: what is ready, and the one thing to do. */
export function NothingSent({ mirror, onSend }: EmptyProps) {
  const nothing = useNothingSent();
  const keys = [...mirror.objects.keys()];
  const nodes = keys.filter((key) => splitKey(key).kind === "Node").length;
  const outside = keys.some((key) => splitKey(key).kind === "Client") && isOpen(mirror);
  const lagging = mirror.proxies.filter((p) => p.syncedRevision === 0).length;
  const written =
    lagging === 0
      ? `The rules are written on ${nodes === 1 ? "the node" : `all ${String(nodes)} nodes`}.`
      : `The rules are not yet written on ${String(lagging)} of ${String(nodes)} nodes.`;
  const box = `${styles["result"] ?? ""} ${styles["empty"] ?? ""}`;
  if (mirror.status === "starting" || nodes === 0) {
    return (
      <div className={box}>
        <h3>{nodes === 0 && mirror.status !== "starting" ? "No nodes yet" : "The cluster is starting"}</h3>
        <p>Nodes, pods and Services appear here as the API server admits them.</p>
      </div>
    );
  }
  return (
    <div className={box}>
      <h3>{nothing}</h3>
      <p>{written} Send a request to watch it hop.</p>
      {onSend !== undefined && (
        <Button look="primary" onClick={() => onSend(outside ? "outside" : "pod")}>
          {outside ? "Send from outside" : "Send from a pod"}
        </Button>
      )}
    </div>
  );
}

const line = (source: string, destination: string, dashed = false) => (
  <svg width="36" height="8" aria-hidden="true" focusable="false">
    <g strokeWidth="2.5" fill="none" strokeDasharray={dashed ? "6 4" : undefined}>
      <path d="M0 2h36" stroke={`var(--${source})`} />
      <path d="M0 6h36" stroke={`var(--${destination})`} />
    </g>
  </svg>
);

/** The line explains itself; this is for those who want it in words. */
export function Legend() {
  return (
    <div className={styles["legend"]}>
      <h3>How to read the line</h3>
      <ul>
        <li data-wide="">{line("request", "request")}source and destination strand</li>
        <li data-wide="">{line("request", "dnat")}destination rewritten</li>
        <li data-wide="">{line("snat", "dnat")}source rewritten too</li>
        <li data-wide="">{line("reply", "reply", true)}reply, dashed</li>
        <li>
          <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden="true" focusable="false">
            <path d="M1 1h7l5 5-5 5H1z" fill="var(--dnat)" />
          </svg>
          rewrites
        </li>
        <li>
          <svg width="14" height="12" viewBox="0 0 14 12" aria-hidden="true" focusable="false">
            <path d="M1 1h7l5 5-5 5H1z" fill="var(--surface)" stroke="var(--dnat)" strokeWidth="1.6" />
          </svg>
          undoes
        </li>
        <li>
          <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
            <path d="M4.500 1h5L13 4.500v5L9.500 13h-5L1 9.500v-5z" fill="var(--reject)" />
            <path d="M4 7h6" stroke="var(--surface)" strokeWidth="2.2" />
          </svg>
          rejected
        </li>
        <li>
          <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">
            <rect
              x="1"
              y="1"
              width="12"
              height="12"
              rx="2.500"
              fill="var(--surface)"
              stroke="var(--drop)"
              strokeWidth="1.500"
              strokeDasharray="2.600 2"
            />
            <path d="M7 3.500v6M4.800 7.500 7 9.800l2.200-2.300" fill="none" stroke="var(--drop)" strokeWidth="1.500" />
          </svg>
          dropped
        </li>
      </ul>
    </div>
  );
}
