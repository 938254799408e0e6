import { useEffect, useState, type ReactElement } from "react";
import type { UnderBoth as Both } from "../../model/trace/drift.ts";
import type { Exploration, Walk } from "../../model/trace/types.ts";
import { fraction } from "../inspector/fraction.ts";
import { OutcomeTag } from "../inspector/Tag.tsx";
import type { Query } from "../inspector/types.ts";
import { commandLine, endpoint } from "../inspector/wording.ts";
import { usePlayback } from "../playback.ts";
import styles from "./DriftPanel.module.css";

/** The request on show under the node's rules as they are here and as they were pasted: every outcome, side by side. */
export function UnderBoth({
  query,
  node,
  dump,
  revision,
}: {
  readonly query: Query;
  readonly node: string;
  readonly dump: string;
  /** Of the cluster: another one is asked again. */
  readonly revision: number;
}): ReactElement {
  const walk = usePlayback((state) => state.walk);
  const request = walk?.request ?? null;
  const [answer, setAnswer] = useState<{ readonly asked: string; readonly both: Both | string } | null>(null);
  const asking = JSON.stringify([node, request, dump.length, revision]);
  useEffect(() => {
    if (request === null) return undefined;
    let current = true;
    query("exploreWith", { node, dump, request }).then(
      (found) => {
        if (current) setAnswer({ asked: asking, both: "message" in found ? found.message : found });
      },
      () => {
        if (current) setAnswer({ asked: asking, both: "The simulator stopped answering. Restart it above the map." });
      },
    );
    return () => {
      current = false;
    };
  }, [query, node, dump, request, asking]);
  const both = answer?.asked === asking ? answer.both : null;
  if (walk === null || request === null) {
    return (
      <div className={styles["empty"]}>
        <h3>Nothing has been sent</h3>
        <p>Send a request above the map: here it goes once on these rules and once on the pasted ones.</p>
      </div>
    );
  }
  if (both === null) return <p className={styles["finding"]}>Following every branch twice.</p>;
  if (typeof both === "string") return <p className={styles["finding"]}>{both}</p>;
  const { command, from } = commandLine(walk);
  const asked = [...both.ours.walks, ...both.pasted.walks].some((one) =>
    one.hops.some((hop) => hop.place === `node/${node}` && hop.steps.length > 0),
  );
  return (
    <div className={styles["both"]}>
      <p>
        <code>{command}</code> from <code>{from}</code>
        {asked
          ? `, the rules of ${node} swapped in a fork.`
          : `: it does not come by ${node}, whose rules decide nothing here.`}
      </p>
      <div className={styles["columns"]}>
        <Outcomes title={`Rules of ${node} here`} found={both.ours} />
        <Outcomes title="Pasted rules" found={both.pasted} />
      </div>
    </div>
  );
}

interface Outcome {
  readonly walk: Walk;
  readonly probability: number;
}

/** Equal ends as one, the likeliest first. */
function merged({ walks }: Exploration): readonly Outcome[] {
  const found = new Map<string, Outcome>();
  for (const walk of walks) {
    const key = JSON.stringify([walk.outcome, walk.backend, walk.sourceSeen, walk.symptom]);
    found.set(key, { walk, probability: (found.get(key)?.probability ?? 0) + walk.probability });
  }
  return [...found.values()].sort((a, b) => b.probability - a.probability);
}

function Outcomes({ title, found }: { readonly title: string; readonly found: Exploration }): ReactElement {
  return (
    <table>
      <caption>{title}</caption>
      <thead>
        <tr>
          <th scope="col">chance</th>
          <th scope="col">outcome</th>
          <th scope="col">ends at</th>
          <th scope="col">server sees</th>
        </tr>
      </thead>
      <tbody>
        {merged(found).map(({ walk, probability }, i) => (
          <tr key={i}>
            <td>{fraction(probability)}</td>
            <td>
              <OutcomeTag outcome={walk.outcome} />
            </td>
            <td>{walk.backend === null ? walk.summary : endpoint(walk.backend.ip, walk.backend.port)}</td>
            <td>{walk.sourceSeen ?? "nothing"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
