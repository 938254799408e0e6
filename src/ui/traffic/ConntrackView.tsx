import { useMirror } from "../../mirror/store.ts";
import type { HostId } from "../../model/trace/types.ts";
import type { Ends, TrackedConnection } from "../../model/trace/connection.ts";
import { command } from "../actions/perform.ts";
import { useActs } from "../actions/state.ts";
import { usePlayback } from "../playback.ts";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import styles from "./Traffic.module.css";
import { useAnswer } from "./useAnswer.ts";

const ends = ({ src, sport, dst, dport }: Ends): string =>
  sport === 0 && dport === 0 ? `${src} → ${dst}` : `${src}:${String(sport)} → ${dst}:${String(dport)}`;

const words = (entry: TrackedConnection): string =>
  `${entry.protocol} ${entry.state} ${ends(entry.original)} ${ends(entry.reply)} ${entry.dnat ? "dnat" : ""} ${entry.snat ? "snat" : ""}`.toLowerCase();

/** `1 min 59 s`, of what is left at the time shown. */
function left(micros: number): string {
  const seconds = Math.max(0, Math.ceil(micros / 1e6));
  if (seconds < 60) return `${String(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${String(minutes)} min ${String(seconds % 60)} s`;
  return `${String(Math.floor(minutes / 60))} h ${String(minutes % 60)} min`;
}

/** What a node's kernel remembers of connections: how replies find back, and why a removed pod may still be dialled. */
export function ConntrackView() {
  const session = useSession();
  const proxies = useMirror((state) => state.proxies);
  const now = useMirror((state) => state.now);
  const chosen = useActs((state) => state.conntrackHost);
  const typed = useActs((state) => state.conntrackFilter);
  const nodes = proxies.map(({ node }): HostId => `node/${node}`);
  // The node that the walk on show meets first tells most.
  const met = usePlayback((state) => state.walk?.hops.find(({ place }) => place.startsWith("node/"))?.place ?? null);
  const host = chosen ?? met ?? nodes[0] ?? null;
  const entries = useAnswer("conntrack", host === null ? null : { host });
  const hosts = host === null || nodes.includes(host) ? nodes : [...nodes, host];
  const filter = typed.toLowerCase().split(/\s+/);
  const shown = (entries ?? []).filter((entry) => filter.every((word) => words(entry).includes(word)));
  const node = host?.startsWith("node/") === true ? host.slice("node/".length) : null;
  return (
    <>
      <div className={styles["tools"]}>
        <label>
          on{" "}
          <select
            value={host ?? ""}
            onChange={(event) => useActs.setState({ conntrackHost: event.target.value as HostId })}
          >
            {hosts.map((one) => (
              <option key={one} value={one}>
                {one.slice(one.indexOf("/") + 1)}
              </option>
            ))}
          </select>
        </label>
        <input
          type="search"
          aria-label="Filter connections"
          placeholder="Filter: address, port, state, dnat"
          value={typed}
          onChange={(event) => useActs.setState({ conntrackFilter: event.target.value })}
        />
        <span className={styles["count"]} aria-live="polite">
          {entries === null
            ? ""
            : shown.length === entries.length
              ? `${String(entries.length)} tracked`
              : `${String(shown.length)} of ${String(entries.length)} tracked`}
        </span>
        {node !== null && (
          <Button onClick={() => void command(session, { type: "flush-conntrack", node, filter: {} })}>
            Flush {node}
          </Button>
        )}
      </div>
      {entries !== null && entries.length === 0 ? (
        <p className={styles["none"]}>
          No connection is tracked here now. Send something; entries stay until they time out, a TCP one that is over
          for 2 minutes.
        </p>
      ) : (
        <table className={styles["table"]}>
          <caption className="kh-hidden">Connections tracked on {host}</caption>
          <thead>
            <tr>
              <th scope="col">protocol</th>
              <th scope="col">state</th>
              <th scope="col">as the client sent it</th>
              <th scope="col">the reply expected</th>
              <th scope="col">rewritten</th>
              <th scope="col">forgotten in</th>
              <th scope="col">
                <span className="kh-hidden">Delete</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.slice(0, 200).map((entry) => {
              const { src, dst, sport, dport } = entry.original;
              return (
                <tr key={words(entry)}>
                  <td>{entry.protocol.toUpperCase()}</td>
                  <td className={styles["mono"]}>{entry.state}</td>
                  <td className={styles["mono"]}>{ends(entry.original)}</td>
                  <td className={styles["mono"]}>{ends(entry.reply)}</td>
                  <td>{[entry.dnat ? "DNAT" : "", entry.snat ? "SNAT" : ""].filter(Boolean).join(", ") || "no"}</td>
                  <td>{left(entry.expiresAt - now)}</td>
                  <td>
                    {node !== null && (
                      <Button
                        look="bare"
                        icon="close"
                        className={styles["small"]}
                        aria-label={`Delete ${ends(entry.original)}`}
                        onClick={() =>
                          void command(session, {
                            type: "flush-conntrack",
                            node,
                            filter: {
                              protocol: entry.protocol,
                              src,
                              dst,
                              ...(entry.protocol === "icmp" ? {} : { sport, dport }),
                            },
                          })
                        }
                      />
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      {shown.length > 200 && <p className={styles["none"]}>The first 200 of {shown.length}: filter for the others.</p>}
    </>
  );
}
