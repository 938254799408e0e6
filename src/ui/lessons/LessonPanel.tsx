import { useEffect, useId } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { LessonStep, Prediction } from "../../model/lesson/types.ts";
import { Button } from "../shell/Button.tsx";
import { Icon } from "../shell/icons.tsx";
import { say } from "../shell/page.ts";
import { useSession, type Session } from "../shell/session.ts";
import styles from "./Lesson.module.css";
import { Prose } from "./Prose.tsx";
import { closeLesson, noteFinished, useLesson } from "./state.ts";
import { begin, goTo, openLesson, show, solve } from "./steps.ts";

/** How long the cluster rests before a goal is asked for. */
const REST_MS = 150;

/** Asks the core after every change whether the step's goal is met. Once met it stays so: the learner has done it. */
function useGoal(session: Session): void {
  const step = useLesson((state) => state.step);
  const goal = useLesson((state) =>
    state.met[state.step] === true ? null : (state.lesson?.steps[state.step]?.goal ?? null),
  );
  const ran = useLesson((state) => state.ran);
  const changed = useMirror(
    (state) =>
      `${String(state.revision)} ${String(state.walks.length)} ${String(state.commands.length)} ${String(state.now)}`,
  );
  useEffect(() => {
    if (goal === null) return undefined;
    const { mark } = useLesson.getState();
    let current = true;
    const timer = setTimeout(() => {
      session.client.query("goals", { goals: [goal], since: mark, ran }).then(
        ([met]) => {
          if (!current || met !== true) return;
          useLesson.setState(({ met: all }) => ({ met: all.map((one, i) => one || i === step) }));
          const { lesson, met: all } = useLesson.getState();
          if (lesson !== null && all.every(Boolean)) noteFinished(lesson.slug);
          say("The step's goal is met.");
        },
        () => undefined,
      );
    }, REST_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [session, goal, step, ran, changed]);
}

/** A lesson beside the map: what to read, what to do, and what has been reached. */
export function LessonPanel() {
  const session = useSession();
  useGoal(session);
  const { lesson, step, met, hints } = useLesson();
  if (lesson === null) return null;
  const shown = lesson.steps[step];
  const reached = met.filter(Boolean).length;
  const last = lesson.steps.length;
  return (
    <section className={styles["panel"]} aria-label={`Lesson ${String(lesson.number)}`}>
      <header className={styles["head"]}>
        <span>Lesson {lesson.number}</span>
        <Button
          look="bare"
          aria-label="All lessons"
          icon="file"
          onClick={() => useLesson.setState({ listing: true })}
        />
        <Button look="bare" aria-label="Close the lesson" icon="close" onClick={closeLesson} />
      </header>
      <div className={styles["body"]}>
        <h2>{lesson.title}</h2>
        {step === 0 && <Prose>{lesson.intro}</Prose>}
        {shown === undefined ? (
          <Closing session={session} />
        ) : (
          <>
            <h3 tabIndex={-1}>
              {step + 1} of {last}: {shown.heading}
            </h3>
            <Prose>{shown.prose}</Prose>
            {shown.predict !== null && <Predict key={step} step={step} predict={shown.predict} />}
            <Task step={shown} met={met[step] === true} />
            {shown.hints.slice(0, hints).map((hint) => (
              <p key={hint} className={styles["hint"]}>
                {hint}
              </p>
            ))}
          </>
        )}
        <div
          className={styles["progress"]}
          role="progressbar"
          aria-label="Steps done"
          aria-valuemin={0}
          aria-valuemax={last}
          aria-valuenow={reached}
        >
          <i style={{ width: `${String((reached / last) * 100)}%` }} />
        </div>
        <p className={styles["count"]}>
          {reached} of {last} goals met
        </p>
      </div>
      <footer className={styles["foot"]}>
        {shown !== undefined && hints < shown.hints.length && met[step] !== true && (
          <Button onClick={() => useLesson.setState({ hints: hints + 1 })}>
            Hint {hints + 1} of {shown.hints.length}
          </Button>
        )}
        {shown !== undefined && met[step] !== true && shown.solution.length > 0 && (
          <Button look="bare" onClick={() => void solve(session)}>
            Show a solution
          </Button>
        )}
        <Button look="bare" icon="reset" onClick={() => void begin(session, lesson)}>
          Reset
        </Button>
        <span className={styles["steps"]}>
          <Button
            look="bare"
            icon="previous"
            aria-label="Step before"
            disabled={step === 0}
            onClick={() => goTo(step - 1)}
          />
          <Button
            look={met[step] === true ? "primary" : "plain"}
            disabled={step >= last}
            onClick={() => goTo(step + 1)}
          >
            Next
          </Button>
        </span>
      </footer>
    </section>
  );
}

function Task({ step, met }: { readonly step: LessonStep; readonly met: boolean }) {
  const look = step.look[0];
  return (
    <div className={styles["task"]} data-met={met}>
      <span className={styles["mark"]}>{met ? <Icon name="check" /> : null}</span>
      <div>
        <p>
          <b>{met ? "Done" : "Your goal"}</b> {step.task}
        </p>
        {met && look !== undefined && (
          <Button look="bare" onClick={() => show(look)}>
            Show me
          </Button>
        )}
      </div>
    </div>
  );
}

/** A question before the learner acts; the answer's reason when one is chosen. */
function Predict({ step, predict }: { readonly step: number; readonly predict: Prediction }) {
  const chosen = useLesson((state) => state.predicted[step]);
  const name = useId();
  const option = chosen === undefined ? undefined : predict.options[chosen];
  const right = predict.options.find((one) => one.right === true);
  return (
    <fieldset className={styles["predict"]}>
      <legend>Predict: {predict.ask}</legend>
      {predict.options.map((one, i) => (
        <label key={one.text} data-right={chosen !== undefined && one.right === true} data-chosen={chosen === i}>
          <input
            type="radio"
            name={name}
            checked={chosen === i}
            disabled={chosen !== undefined && chosen !== i}
            onChange={() => useLesson.setState(({ predicted }) => ({ predicted: { ...predicted, [step]: i } }))}
          />
          {one.text}
        </label>
      ))}
      {option !== undefined && (
        <div role="status">
          <p>
            <b>{option.right === true ? "Right." : "Not so."}</b> {option.why}
          </p>
          {option.right !== true && right !== undefined && (
            <p>
              <b>{right.text}:</b> {right.why}
            </p>
          )}
        </div>
      )}
    </fieldset>
  );
}

function Closing({ session }: { readonly session: Session }) {
  const lesson = useLesson((state) => state.lesson);
  if (lesson === null) return null;
  const next = async (): Promise<void> => {
    const { LESSONS } = await import("../../lessons/index.ts");
    const following = LESSONS.find(({ number }) => number > lesson.number);
    if (following === undefined) useLesson.setState({ listing: true });
    else await openLesson(session, following.slug);
  };
  return (
    <>
      <Prose>{lesson.closing}</Prose>
      <Button look="primary" onClick={() => void next()}>
        Next lesson
      </Button>
    </>
  );
}
