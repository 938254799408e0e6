import { useState } from "react";
import { useLesson } from "../lessons/state.ts";
import { Prose } from "../lessons/Prose.tsx";
import { goTo } from "../lessons/steps.ts";
import { usePage } from "../shell/page.ts";
import { recallNotes, rememberNotes } from "./notes.ts";
import { useShow } from "./show.ts";
import styles from "./Present.module.css";

/** What the presenter wants to say: of a lesson its own words, and always what was noted for it before. */
export function NotesPanel() {
  const lesson = useLesson((state) => state.lesson);
  const slug = usePage((state) => state.scenario.slug);
  const title = usePage((state) => state.scenario.title);
  const about = lesson?.slug ?? (slug === "" ? title : slug);
  return (
    <aside className={styles["notes"]} aria-label="Speaker notes">
      <header>
        <h2>Notes</h2>
        <button
          type="button"
          className={styles["small"]}
          aria-label="Close the notes"
          onClick={() => useShow.setState({ notes: false })}
        >
          ✕
        </button>
      </header>
      {lesson !== null && <LessonNotes />}
      <Own key={about} about={about} />
    </aside>
  );
}

function Own({ about }: { readonly about: string }) {
  const [text, setText] = useState(() => recallNotes(about));
  return (
    <label className={styles["own"]}>
      <span>Your own, kept in this browser</span>
      <textarea
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          rememberNotes(about, event.target.value);
        }}
      />
    </label>
  );
}

function LessonNotes() {
  const { lesson, step, met } = useLesson();
  const shown = lesson?.steps[step];
  if (lesson === null) return null;
  return (
    <div className={styles["lessonNotes"]}>
      {shown === undefined ? (
        <Prose>{lesson.closing}</Prose>
      ) : (
        <>
          <h3>
            {step + 1} of {lesson.steps.length}: {shown.heading}
          </h3>
          {step === 0 && <Prose>{lesson.intro}</Prose>}
          <Prose>{shown.prose}</Prose>
          <p>
            <b>{met[step] === true ? "Done" : "To do"}</b> {shown.task}
          </p>
          {shown.hints.map((hint) => (
            <p key={hint}>{hint}</p>
          ))}
        </>
      )}
      <div className={styles["steps"]}>
        <button type="button" className={styles["small"]} disabled={step === 0} onClick={() => goTo(step - 1)}>
          Step before
        </button>
        <button
          type="button"
          className={styles["small"]}
          disabled={step >= lesson.steps.length}
          onClick={() => goTo(step + 1)}
        >
          Next step
        </button>
      </div>
    </div>
  );
}
