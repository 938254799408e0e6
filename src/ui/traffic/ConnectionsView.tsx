import { timeText } from "../../graph/names.ts";
import { useMirror } from "../../mirror/store.ts";
import type { MirrorState } from "../../mirror/types.ts";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { HostId } from "../../model/trace/types.ts";
import { command } from "../actions/perform.ts";
import { useActs } from "../actions/state.ts";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import styles from "./Traffic.module.css";
import { useAnswer } from "./useAnswer.ts";

/** The node whose kernel tracks what this host sends: its own, or the one that its pod is on. */
function nodeOf(host: HostId, objects: MirrorState["objects"]): HostId | null {
  if (host.startsWith("node/")) return host;
  if (!host.startsWith("pod/")) return null;
  const node = (objects.get(`Pod/${host.slice("pod/".length)}` as ObjectKey) as Pod | undefined)?.spec.nodeName;
  return node === undefined ? null : `node/${node}`;
}

/** Connections that were opened to stay: used again and again, they do not meet the rules of new ones. */
export function ConnectionsView() {
  const session = useSession();
  const objects = useMirror((state) => state.objects);
  const connections = useAnswer("connections", {});
  const request = useMirror((state) => state.walks.at(-1)?.request ?? null);
  const can = request !== null && (request.protocol === "tcp" || request.protocol === "udp");
  return (
    <>
      <div className={styles["tools"]}>
        <p className={styles["lead"]}>
          A connection keeps the backend that it was given: later changes of the rules do not move it.
        </p>
        {can && (
          <Button icon="walk" onClick={() => void command(session, { type: "connect", request })}>
            Connect {request.from.slice(request.from.indexOf("/") + 1)} to{" "}
            {request.to.slice(request.to.indexOf("/") + 1)}
          </Button>
        )}
      </div>
      {connections !== null && connections.length === 0 && (
        <p className={styles["none"]}>None yet. Open one here, or from a pod’s menu on the map.</p>
      )}
      {connections !== null && connections.length > 0 && (
        <table className={styles["table"]}>
          <caption className="kh-hidden">Standing connections</caption>
          <thead>
            <tr>
              <th scope="col">no.</th>
              <th scope="col">
                <span className="kh-hidden">Do</span>
              </th>
              <th scope="col">client</th>
              <th scope="col">dialled</th>
              <th scope="col">backend</th>
              <th scope="col">client, server state</th>
              <th scope="col">used</th>
              <th scope="col">last</th>
            </tr>
          </thead>
          <tbody>
            {connections.map((one) => {
              const open = one.state === "ESTAB" || one.state === "CLOSE-WAIT";
              const node = nodeOf(one.host, objects);
              return (
                <tr key={one.id} data-over={!open || undefined}>
                  <th scope="row">{one.id}</th>
                  <td className={styles["acts"]}>
                    {open && (
                      <>
                        <Button
                          aria-label={`One more request on connection ${String(one.id)}`}
                          onClick={() => void command(session, { type: "exchange", connection: one.id })}
                        >
                          Use
                        </Button>
                        <Button
                          aria-label={`Close connection ${String(one.id)} with FIN`}
                          onClick={() => void command(session, { type: "close", connection: one.id, how: "fin" })}
                        >
                          FIN
                        </Button>
                        <Button
                          aria-label={`Break connection ${String(one.id)} off with RST`}
                          onClick={() => void command(session, { type: "close", connection: one.id, how: "rst" })}
                        >
                          RST
                        </Button>
                      </>
                    )}
                    {node !== null && (
                      <Button
                        onClick={() =>
                          useActs.setState({
                            trafficView: "conntrack",
                            conntrackHost: node,
                            conntrackFilter: String(one.ends.sport),
                          })
                        }
                        aria-label={`Connection table of ${node}`}
                      >
                        Table
                      </Button>
                    )}
                  </td>
                  <td className={styles["mono"]}>{one.sender}</td>
                  <td className={styles["mono"]}>
                    {one.ends.dst}:{one.ends.dport} {one.protocol.toUpperCase()}
                  </td>
                  <td className={styles["mono"]}>{one.backend?.pod ?? one.backend?.ip ?? "none"}</td>
                  <td className={styles["mono"]}>
                    {one.state}, {one.server?.state ?? "none"}
                  </td>
                  <td>
                    {one.exchanges}×, {timeText(one.lastAt)}
                  </td>
                  <td className={styles["wide"]}>
                    {one.last}
                    {one.stuckSince !== null && ` Unacknowledged since ${timeText(one.stuckSince)}.`}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </>
  );
}
