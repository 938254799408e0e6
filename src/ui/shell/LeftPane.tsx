import { lazy, Suspense, useState } from "react";
import { useLesson } from "../lessons/state.ts";
import styles from "./LeftPane.module.css";
import { EditorPanel } from "./slots.tsx";

const LessonPanel = lazy(() =>
  import("../lessons/LessonPanel.tsx").then(({ LessonPanel: component }) => ({ default: component })),
);

/** The editor; while a lesson is open, the lesson with the editor behind it. */
export function LeftPane() {
  const open = useLesson((state) => state.lesson !== null);
  const [view, setView] = useState<"lesson" | "yaml">("lesson");
  if (!open) return <EditorPanel />;
  return (
    <div className={styles["pane"]}>
      <div className={styles["switch"]} role="group" aria-label="Lesson or YAML">
        <button type="button" aria-pressed={view === "lesson"} onClick={() => setView("lesson")}>
          Lesson
        </button>
        <button type="button" aria-pressed={view === "yaml"} onClick={() => setView("yaml")}>
          YAML
        </button>
      </div>
      <div className={styles["view"]} hidden={view !== "lesson"}>
        <Suspense>
          <LessonPanel />
        </Suspense>
      </div>
      <div className={styles["view"]} hidden={view !== "yaml"}>
        <EditorPanel />
      </div>
    </div>
  );
}
