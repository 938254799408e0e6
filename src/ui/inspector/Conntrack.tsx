import { useEffect, useState, type ReactElement } from "react";
import type { TrackedConnection } from "../../model/trace/connection.ts";
import type { Hop, HostId } from "../../model/trace/types.ts";
import styles from "./HopDetail.module.css";
import type { PanelProps } from "./types.ts";
import { entryOf } from "./tracked.ts";
import { duration, endpoint } from "./wording.ts";

type Ends = TrackedConnection["original"];

const tuple = ({ src, sport, dst, dport }: Ends): string => `${endpoint(src, sport)} → ${endpoint(dst, dport)}`;

interface Props extends Pick<PanelProps, "mirror" | "query"> {
  readonly hop: Hop;
}

/** The entry of the host's connection table that this packet made or belongs to, as it stands at the moment shown. */
export function ConntrackEntry({ mirror, query, hop }: Props): ReactElement | null {
  const host: HostId = hop.place;
  const { now, revision } = mirror;
  const walks = mirror.walks.length;
  const [found, setFound] = useState<{ readonly host: HostId; readonly table: readonly TrackedConnection[] } | null>(
    null,
  );
  useEffect(() => {
    let live = true;
    query("conntrack", { host }).then(
      (table) => live && setFound({ host, table }),
      () => live && setFound(null),
    );
    return () => {
      live = false;
    };
  }, [query, host, now, revision, walks]);
  if (found === null || found.host !== host) return null;
  const entry = entryOf(found.table, hop);
  const facts: readonly (readonly [string, string])[] =
    entry === null
      ? []
      : [
          ["state", entry.state],
          ["original", tuple(entry.original)],
          ["reply", tuple(entry.reply)],
          ["expires in", duration(Math.max(0, entry.expiresAt - now))],
        ];
  return (
    <div className={styles.tracked}>
      <h4>Connection table</h4>
      {entry === null ? (
        <p className={styles.note}>
          At the moment shown the host holds no entry for this packet: it was closed, or has expired.
        </p>
      ) : (
        <dl className={styles.conntrack} aria-label="Entry of the connection table">
          {facts.map(([term, text]) => (
            <div key={term}>
              <dt>{term}</dt>
              <dd className={styles.mono}>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
