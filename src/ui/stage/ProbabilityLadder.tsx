import type { CSSProperties } from "react";
import type { Ladder, LadderStep } from "../../graph/ladder.ts";
import { fractionText } from "../../graph/names.ts";
import type { MirrorState } from "../../mirror/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import styles from "./ProbabilityLadder.module.css";

/** More endpoints than this are listed, not drawn. */
const DRAWN = 6;

/** Why each endpoint gets the same share although every rule has another probability. */
export function ProbabilityLadder({ ladder, mirror }: { readonly ladder: Ladder; readonly mirror: MirrorState }) {
  const n = ladder.steps.length;
  return (
    <section className={styles["ladder"]} aria-label="How the endpoint was chosen">
      <h3>{headline(n)}</h3>
      <p>
        iptables walks the rules in order, so each rule only sees what the one before let through.
        {ladder.printed !== "" && (
          <>
            {" "}
            iptables-save prints {fractionText(1 / n)} as <code>{ladder.printed}</code>, a count of 2<sup>31</sup>{" "}
            steps.
          </>
        )}
      </p>
      {n <= DRAWN ? (
        <div
          className={styles["grid"]}
          style={{ "--n": n, gridTemplateRows: `repeat(${String(n)}, auto minmax(40px, auto)) auto` } as CSSProperties}
        >
          {ladder.steps.map((step, i) => (
            <Column key={i} step={step} index={i} n={n} node={nodeOf(mirror, step.endpoint)} />
          ))}
        </div>
      ) : (
        <ol className={styles["list"]}>
          {ladder.steps.map((step, i) => (
            <li key={i} data-taken={step.taken}>
              <span>{share(step)}</span>
              <span>{step.endpoint === "" ? "endpoint" : step.endpoint}</span>
              <span>
                {step.draw === null ? (step.reached ? "no draw" : "not reached") : `draw ${step.draw.toFixed(2)}`}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function headline(n: number): string {
  const each = { 2: "one half", 3: "one third", 4: "one quarter" }[n] ?? `1/${String(n)}`;
  if (n === 2) return `1/2, then the rest. Each pod gets ${each}.`;
  const middle = n === 3 ? "then 1/2, " : `then 1/${String(n - 1)} … 1/2, `;
  return `1/${String(n)}, ${middle}then the rest. Each pod gets ${each}.`;
}

const share = (step: LadderStep): string => (step.of === 1 ? "1" : `1/${String(step.of)}`);

function Column({
  step,
  index,
  n,
  node,
}: {
  readonly step: LadderStep;
  readonly index: number;
  readonly n: number;
  readonly node: string;
}) {
  const row = { gridColumn: index + 1 };
  return (
    <>
      <div className={styles["share"]} data-taken={step.taken} style={{ ...row, gridRow: index * 2 + 1 }}>
        {share(step)}
      </div>
      {step.of > 1 && (
        <div
          className={styles["fall"]}
          style={{ gridColumn: `${String(index + 2)} / ${String(n + 1)}`, gridRow: index * 2 + 1 }}
        >
          {fractionText((step.of - 1) / step.of)}
          {n <= 4 ? " fall through" : ""}
        </div>
      )}
      <div
        className={styles["shaft"]}
        data-taken={step.taken}
        style={{ ...row, gridRow: `${String(index * 2 + 2)} / ${String(2 * n + 1)}` }}
      >
        {step.draw !== null ? `draw ${step.draw.toFixed(2)}` : step.reached ? "no draw" : "not reached"}
      </div>
      <div className={styles["pod"]} data-taken={step.taken} style={{ ...row, gridRow: 2 * n + 1 }}>
        <strong>{fractionText(1 / n)}</strong>
        <span className={styles["ip"]}>{step.endpoint === "" ? "–" : step.endpoint}</span>
        <span>{node}</span>
      </div>
    </>
  );
}

/** The node of the pod with this address, as the objects say. */
function nodeOf(mirror: MirrorState, ip: string): string {
  if (ip === "") return "";
  for (const object of mirror.objects.values()) {
    if (object.kind !== "Pod") continue;
    const pod = object as Pod;
    if (pod.status?.podIP === ip) return pod.spec.nodeName ?? "";
  }
  return "";
}
