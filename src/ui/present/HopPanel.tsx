import { Fragment } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { LessonStep } from "../../model/lesson/types.ts";
import type { Exploration, Hop, OutcomeKind, Walk } from "../../model/trace/types.ts";
import { headerRows } from "../inspector/changes.ts";
import { fraction } from "../inspector/fraction.ts";
import { outcomeGlyph, RailGlyph, verdictGlyph } from "../inspector/glyphs.tsx";
import { RuleText } from "../inspector/RuleText.tsx";
import { drawsOf, shownRule } from "../inspector/ruleText.ts";
import { useCurrentHop, useWholeWalk } from "../inspector/useCurrentHop.ts";
import { commandLine, hopStage, hostTitle, OUTCOMES, VERDICTS } from "../inspector/wording.ts";
import { useLesson } from "../lessons/state.ts";
import { usePlayback } from "../playback.ts";
import { usePage } from "../shell/page.ts";
import { useSession } from "../shell/session.ts";
import { nextStep, seeItHappen, stepToDo, toNextStep } from "./lesson.ts";
import { handsOf, isAnswered, useShow } from "./show.ts";
import styles from "./Present.module.css";

/** The hop under the playhead in large words; after the last one, what the client got. */
export function HopPanel({ exploration }: { readonly exploration: Exploration | null }) {
  const { walk, selection, hop } = useCurrentHop();
  const whole = useWholeWalk();
  const playing = usePlayback((state) => state.playing);
  const trouble = useShow((state) => state.trouble);
  const walks = useMirror((state) => state.walks.length);
  const toBegin = useLesson((state) => (state.mark.walks === walks ? stepToDo(state) : null));
  return (
    <section
      className={styles["words"]}
      aria-label={toBegin !== null ? "Step" : whole && !playing ? "What happened" : "Hop"}
    >
      {trouble !== null && (
        <p className={styles["trouble"]} role="alert">
          {trouble}
        </p>
      )}
      {toBegin !== null ? (
        <Task step={toBegin} />
      ) : walk === null || hop === null || selection === null ? (
        <NothingSent />
      ) : whole && !playing ? (
        <Ending walk={walk} exploration={exploration} />
      ) : (
        <Words walk={walk} hop={hop} playing={playing} leg={selection.leg} />
      )}
    </section>
  );
}

/** What a lesson's step is about to do. */
function Task({ step }: { readonly step: LessonStep }) {
  const session = useSession();
  const number = useLesson((state) => state.step + 1);
  const of = useLesson((state) => state.lesson?.steps.length ?? 0);
  return (
    <div className={styles["said"]}>
      <h2>
        <b>{step.heading}</b> step {number} of {of}
      </h2>
      <p className={styles["note"]}>{step.task}</p>
      <button type="button" className={styles["primary"]} onClick={() => seeItHappen(session)}>
        See it happen
      </button>
    </div>
  );
}

function NothingSent() {
  const session = useSession();
  const open = usePage((state) => state.scenario.open);
  return (
    <div className={styles["ending"]}>
      <p className={styles["note"]}>Nothing has been sent yet.</p>
      {open !== null && (
        <button
          type="button"
          className={styles["primary"]}
          onClick={() => void session.send({ ...open, protocol: "tcp" })}
        >
          Send from {open.from} to {open.to}
        </button>
      )}
    </div>
  );
}

/** What it came to: outcome, what the terminal shows, and why in a sentence. */
function Ending({ walk, exploration }: { readonly walk: Walk; readonly exploration: Exploration | null }) {
  const shares = exploration === null ? [] : sharesOf(exploration);
  return (
    <div className={styles["ending"]} data-outcome={walk.outcome}>
      <p className={styles["outcome"]}>
        <RailGlyph kind={outcomeGlyph(walk.outcome)} size={44} />
        <span>{OUTCOMES[walk.outcome]}</span>
      </p>
      <div>
        <p className={styles["note"]}>{walk.summary}</p>
        {walk.outcome !== "delivered" && <p className={styles["symptom"]}>{walk.symptom.split("\n")[0]}</p>}
      </div>
      {shares.length > 1 && (
        <p className={styles["score"]}>
          <span>
            Of such requests{" "}
            {shares.map(({ outcome, weight }, i) => (
              <Fragment key={outcome}>
                {i > 0 && ", "}
                <b>{fraction(weight)}</b> {OUTCOMES[outcome]}
              </Fragment>
            ))}
          </span>
        </p>
      )}
      <Score />
      <NextStep />
    </div>
  );
}

/** In a lesson: what comes after what was seen. */
function NextStep() {
  const next = useLesson(nextStep);
  return (
    next !== null && (
      <button type="button" className={styles["primary"]} onClick={toNextStep}>
        Next: {next.heading}
      </button>
    )
  );
}

/** How requests like this one end over all branches, the likeliest first. */
function sharesOf({ walks }: Exploration): readonly { readonly outcome: OutcomeKind; readonly weight: number }[] {
  const sums = new Map<OutcomeKind, number>();
  for (const { outcome, probability } of walks) sums.set(outcome, (sums.get(outcome) ?? 0) + probability);
  return [...sums].map(([outcome, weight]) => ({ outcome, weight })).toSorted((a, b) => b.weight - a.weight);
}

/** How many of the room had it, question by question. */
function Score() {
  const state = useShow();
  const told = state.questions.filter((question) => isAnswered(state, question));
  const scores = told.flatMap((question) => {
    const hands = handsOf(state, question);
    const all = hands.reduce((sum, n) => sum + n, 0);
    const had = hands[question.choices.findIndex(({ id }) => id === question.right)] ?? 0;
    return all === 0 ? [] : [{ question, all, had }];
  });
  if (scores.length === 0) return null;
  return (
    <ul className={styles["score"]} aria-label="Who had it">
      {scores.map(({ question, all, had }) => (
        <li key={question.id}>
          {question.ask}{" "}
          <b>
            {had} of {all}
          </b>
        </li>
      ))}
    </ul>
  );
}

interface WordsProps {
  readonly walk: Walk;
  readonly hop: Hop;
  readonly playing: boolean;
  readonly leg: "request" | "reply";
}

function Words({ walk, hop, playing, leg }: WordsProps) {
  const glyph = verdictGlyph(hop.verdict);
  const rule = shownRule(hop) ?? hop.rule;
  const draw = drawsOf(hop).find((one) => one.taken);
  return (
    <>
      <div className={styles["said"]}>
        <h2>
          {leg === "reply" && <span className={styles["leg"]}>reply</span>}
          <b>{hostTitle(hop.place)}</b> {hopStage(hop)}
          {glyph !== null && (
            <span className={styles["verdict"]} data-verdict={hop.verdict}>
              <RailGlyph kind={glyph} size={26} />
              {VERDICTS[hop.verdict]}
            </span>
          )}
        </h2>
        {/* While it plays nothing that is to be read changes under the eyes. */}
        {playing ? (
          <p className={styles["command"]}>$ {commandLine(walk).command}</p>
        ) : (
          <p className={styles["note"]}>{hop.note}</p>
        )}
        {!playing && rule !== null && (
          <div className={styles["rule"]}>
            <RuleText text={rule.text} />
            {draw !== undefined && <span className={styles["draw"]}>{draw.text}</span>}
          </div>
        )}
      </div>
      <HeaderTable hop={hop} />
    </>
  );
}

/** Source and destination as they are now, and above what was rewritten here what it was. */
function HeaderTable({ hop }: { readonly hop: Hop }) {
  const rows = headerRows(hop).filter(({ field }) => field === "src" || field === "dst");
  return (
    <dl className={styles["header"]}>
      {rows.map(({ field, before, after, changed, tone }) => (
        <div key={field} data-tone={changed ? tone : undefined}>
          <dt>{field === "src" ? "source" : "destination"}</dt>
          <dd>
            {changed && (
              <>
                <s>
                  <span className="kh-hidden">was </span>
                  {before}
                </s>
                <span className="kh-hidden">, now </span>
              </>
            )}
            <b>{after}</b>
          </dd>
        </div>
      ))}
    </dl>
  );
}
