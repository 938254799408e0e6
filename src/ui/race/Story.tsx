import { useEffect, useId, useRef, type KeyboardEvent, type ReactElement } from "react";
import { outcomeGlyph, RailGlyph } from "../inspector/glyphs.tsx";
import type { RaceStep } from "../../model/trace/race.ts";
import { usePlayback } from "../playback.ts";
import { Button } from "../shell/Button.tsx";
import { say } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { useUi } from "../state.ts";
import styles from "./Race.module.css";
import { closeHistory, goTo, showHistory, useRace } from "./state.ts";
import { seedText } from "./tally.ts";

const KINDS: Readonly<Record<RaceStep["kind"], string>> = {
  change: "command",
  ready: "pod ready",
  terminating: "pod ends",
  gone: "pod gone",
  slice: "slice",
  rules: "rules",
  lost: "lost",
};

/** "+1.221 s", counted from the change. */
const since = (after: number): string => `${after < 0 ? "−" : "+"}${(Math.abs(after) / 1e6).toFixed(3)} s`;

/** One history, step by step: what happened, in order, until requests were lost. */
export function Story(): ReactElement {
  const session = useSession();
  const { story, rows, opened } = useRace();
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const steps = story?.steps ?? null;
  const at = story?.at ?? 0;
  const played = steps !== null;
  useEffect(() => {
    if (played) list.current?.focus({ preventScroll: true });
  }, [played, story?.seed, story?.knob]);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [at, played]);

  if (story === null)
    return (
      <section className={styles["story"]} aria-label="One history">
        <p className={styles["none"]}>Choose a mark to step through its history.</p>
      </section>
    );
  const run = rows.find(({ knob }) => knob === story.knob)?.runs.find(({ seed }) => seed === story.seed);
  const title = run === undefined ? `Seed ${String(story.seed)}` : seedText(run);
  const isOpen = opened !== null && opened.seed === story.seed && opened.knob === story.knob;
  const go = (to: number): void => {
    const step = steps?.[to];
    if (step === undefined || to === at) return;
    goTo(session, to);
    say(`${since(step.after)}: ${step.text}`);
  };
  const nextLoss = (by: 1 | -1): number => {
    if (steps === null) return -1;
    return by === 1
      ? steps.findIndex(({ kind }, i) => i > at && kind === "lost")
      : steps.findLastIndex(({ kind }, i) => i < at && kind === "lost");
  };
  const onKey = (event: KeyboardEvent): void => {
    if (steps === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const to = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: steps.length - 1,
    }[event.key];
    if (to !== undefined) go(Math.min(steps.length - 1, Math.max(0, to)));
    else if (event.key === "Enter" || event.key === " ") {
      if (!isOpen) void showHistory(session);
    } else if (event.key === "x" || event.key === "X") go(nextLoss(event.key === "x" ? 1 : -1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const step = steps?.[at];
  return (
    <section className={styles["story"]} aria-label="One history">
      <div className={styles["head"]}>
        <h3>{title}</h3>
        <Button
          look="bare"
          icon="close"
          aria-label="Close this history"
          onClick={() => {
            void closeHistory(session);
            useRace.setState({ story: null });
          }}
        />
      </div>
      {steps === null ? (
        <p className={styles["none"]}>The history is being played again.</p>
      ) : (
        <>
          <div className={styles["acts"]}>
            <Button aria-label="Step before" icon="previous" disabled={at === 0} onClick={() => go(at - 1)} />
            <Button aria-label="Next step" icon="next" disabled={at >= steps.length - 1} onClick={() => go(at + 1)} />
            <Button disabled={nextLoss(1) < 0} aria-keyshortcuts="x" onClick={() => go(nextLoss(1))}>
              Next loss
            </Button>
            {!isOpen && (
              <Button
                key="show"
                look="primary"
                onClick={() => {
                  list.current?.focus({ preventScroll: true });
                  void showHistory(session);
                }}
              >
                Show on the map
              </Button>
            )}
            {isOpen && step?.walk !== undefined && (
              <Button
                aria-label="Play the lost walk"
                icon="play"
                onClick={() => {
                  if (step.walk !== undefined) usePlayback.getState().show(step.walk);
                  useUi.getState().set({ center: "map", phone: "walk" });
                }}
              />
            )}
            {opened !== null && (
              <Button key="back" onClick={() => void closeHistory(session)}>
                Back to mine
              </Button>
            )}
          </div>
          <div
            ref={list}
            className={styles["steps"]}
            role="listbox"
            tabIndex={0}
            aria-label={`Steps of ${title}`}
            aria-activedescendant={`${id}-${String(at)}`}
            onKeyDown={onKey}
          >
            {steps.map((one, i) => (
              <div
                key={i}
                id={`${id}-${String(i)}`}
                role="option"
                tabIndex={-1}
                aria-selected={i === at}
                data-kind={one.kind}
                onClick={() => go(i)}
                onKeyDown={() => {}}
              >
                <span className={styles["since"]}>{since(one.after)}</span>
                <span className={styles["what"]}>
                  {one.kind === "lost" ? (
                    <RailGlyph kind={outcomeGlyph(one.outcome ?? "timeout")} size={14} />
                  ) : (
                    <RailGlyph kind={one.kind === "rules" ? "ring" : "end"} size={14} ink="var(--intent)" />
                  )}
                  {one.kind === "lost" ? (one.outcome ?? KINDS.lost) : KINDS[one.kind]}
                </span>
                <span className={styles["text"]}>{one.text}</span>
              </div>
            ))}
          </div>
          <p className={styles["keys"]}>
            <kbd>↑</kbd> <kbd>↓</kbd> step, <kbd>X</kbd> next loss, <kbd>↵</kbd> on the map
          </p>
        </>
      )}
    </section>
  );
}
