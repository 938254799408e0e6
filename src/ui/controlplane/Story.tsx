import { useEffect, useMemo, useRef, useState, type ReactElement } from "react";
import { stringify } from "yaml";
import type { KubeObject, ObjectKey } from "../../model/meta/types.ts";
import type { Queries } from "../../wire/protocol.ts";
import { clock } from "../inspector/wording.ts";
import { Button } from "../shell/Button.tsx";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { lineDiff } from "./diff.ts";
import { closeStory, goToStep, useStory } from "./state.ts";
import styles from "./Story.module.css";
import { objectName, stationName, type Story as StoryData, type StoryStep } from "./story.ts";

/** What a command did, as steps to go through; for each what it changed, in objects or in a node's rules. */
export function Story(): ReactElement | null {
  const session = useSession();
  const story = useStory((state) => state.story);
  const index = useStory((state) => state.index);
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [index]);
  if (story === null) return null;
  const step = story.steps[index];
  return (
    <section className={styles["story"]} aria-label="What this apply did">
      <header className={styles["head"]}>
        <div>
          <h2>What this apply did</h2>
          <p className={styles["command"]}>{story.root.title}</p>
        </div>
        <Button
          look="bare"
          icon="close"
          aria-label="Close the story, back to the present"
          onClick={() => closeStory(session)}
        />
      </header>
      <p className={styles["count"]} aria-live="polite">
        Step {index + 1} of {story.steps.length}
        <span className={styles["keys"]}>
          <kbd>J</kbd> <kbd>K</kbd> step
        </span>
      </p>
      <ol className={styles["steps"]} ref={list} aria-label="Steps">
        {story.steps.map((one, i) => (
          <li key={one.entry.seq} data-lane={one.entry.lane}>
            <button
              type="button"
              {...(i === index ? { "aria-current": "step" as const } : {})}
              onClick={() => goToStep(session, i)}
            >
              <span className={styles["route"]}>
                {stationName(one.from)} <span aria-hidden="true">→</span>
                <span className="kh-hidden"> to </span> {stationName(one.to)}
              </span>
              <span className={styles["time"]}>{clock(one.at)}</span>
              <span className={styles["title"]}>{one.title}</span>
            </button>
          </li>
        ))}
      </ol>
      {step !== undefined && <StepDetail key={step.entry.seq} story={story} step={step} />}
    </section>
  );
}

function StepDetail({ story, step }: { readonly story: StoryData; readonly step: StoryStep }): ReactElement {
  const session = useSession();
  const { entry } = step;
  const causes = [entry.cause, ...(entry.also ?? [])].flatMap((seq) => {
    const i = story.steps.findIndex((one) => one.entry.seq === seq);
    return i < 0 ? [] : [i];
  });
  const effects = story.steps.flatMap((one, i) =>
    one.entry.cause === entry.seq || one.entry.also?.includes(entry.seq) === true ? [i] : [],
  );
  const links = (label: string, steps: readonly number[]): ReactElement | null =>
    steps.length === 0 ? null : (
      <p className={styles["links"]}>
        {label}
        {steps.slice(0, 6).map((i) => (
          <button key={i} type="button" title={story.steps[i]?.title} onClick={() => goToStep(session, i)}>
            step {i + 1}
          </button>
        ))}
        {steps.length > 6 && <span>and {steps.length - 6} more</span>}
      </p>
    );
  return (
    <div className={styles["detail"]} role="region" aria-label="Step">
      <h3>{step.title}</h3>
      <p className={styles["how"]}>{step.detail}.</p>
      {links("Because of", causes)}
      {links("Led to", effects)}
      {entry.lane === "api" &&
        entry.revision !== null &&
        step.objects.map((object) => <ObjectDiff key={object} object={object} revision={entry.revision ?? 0} />)}
      {entry.lane === "kube-proxy" && <RulesDiff node={entry.node} event={entry.seq} />}
    </div>
  );
}

/** What the server keeps for itself says nothing about the change. */
function shown(object: KubeObject | null): string {
  if (object === null) return "";
  const { managedFields: _managed, ...metadata } = object.metadata as KubeObject["metadata"] & {
    readonly managedFields?: unknown;
  };
  return stringify({ ...object, metadata }, { lineWidth: 0 });
}

function useAnswer<N extends "objectDiff" | "rulesDiff">(
  name: N,
  params: Queries[N]["params"],
): Queries[N]["answer"] | undefined {
  const session = useSession();
  const [answer, setAnswer] = useState<Queries[N]["answer"] | undefined>(undefined);
  const key = JSON.stringify(params);
  useEffect(() => {
    let live = true;
    session.client.query(name, JSON.parse(key) as Queries[N]["params"]).then(
      (found) => live && setAnswer(found),
      () => live && setAnswer(null),
    );
    return () => {
      live = false;
    };
  }, [session, name, key]);
  return answer;
}

function ObjectDiff({ object, revision }: { readonly object: ObjectKey; readonly revision: number }): ReactElement {
  const diff = useAnswer("objectDiff", { object, revision });
  const lines = useMemo(
    () => (diff === undefined || diff === null ? [] : lineDiff(shown(diff.before), shown(diff.after))),
    [diff],
  );
  return (
    <div className={styles["diff"]}>
      <h4>
        <button type="button" onClick={() => useUi.getState().set({ object })}>
          {objectName(object)}
        </button>
        <span>
          {diff === undefined || diff === null
            ? ""
            : diff.before === null
              ? "created"
              : diff.after === null
                ? "deleted"
                : "changed"}
          , revision {revision}
        </span>
      </h4>
      {lines.length > 0 && (
        <pre tabIndex={0} aria-label={`Change of ${objectName(object)}`}>
          {lines.map(({ kind, text }, i) => (
            <span key={i} data-kind={kind}>
              {kind === "added" ? "+ " : kind === "removed" ? "- " : kind === "gap" ? "… " : "  "}
              {text}
            </span>
          ))}
        </pre>
      )}
      {diff === null && <p>It is not told any more.</p>}
    </div>
  );
}

/** Rules of a sync that are listed. */
const MAX_RULES = 60;

function RulesDiff({ node, event }: { readonly node: string; readonly event: number }): ReactElement {
  const diff = useAnswer("rulesDiff", { node, event });
  if (diff === undefined) return <p className={styles["how"]}>Comparing the rules …</p>;
  if (diff === null) return <p className={styles["how"]}>Its rules are not told any more.</p>;
  const { added, removed, total } = diff;
  const rows = [
    ...removed.map((rule) => ({ rule, kind: "removed" as const })),
    ...added.map((rule) => ({ rule, kind: "added" as const })),
  ];
  return (
    <div className={styles["diff"]}>
      <h4>
        Rules of {node}
        <span>
          {added.length} added, {removed.length} removed, {total} in all
        </span>
      </h4>
      {rows.length > 0 && (
        <ul className={styles["rules"]} aria-label={`Rules that changed on ${node}`}>
          {rows.slice(0, MAX_RULES).map(({ rule, kind }) => (
            <li key={`${kind} ${rule.family} ${rule.id}`} data-kind={kind}>
              <button
                type="button"
                disabled={kind === "removed"}
                onClick={() =>
                  useUi.getState().set({ dock: "rules", rulesNode: node, rulesFocus: rule.id, phone: "details" })
                }
              >
                <span className="kh-hidden">{kind}: </span>
                <span aria-hidden="true">{kind === "added" ? "+" : "-"}</span> {rule.text}
              </button>
            </li>
          ))}
        </ul>
      )}
      {rows.length > MAX_RULES && <p>and {rows.length - MAX_RULES} more</p>}
    </div>
  );
}
