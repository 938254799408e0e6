import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import type { Lesson } from "../../model/lesson/types.ts";
import { Button } from "../shell/Button.tsx";
import { Icon } from "../shell/icons.tsx";
import { useSession } from "../shell/session.ts";
import styles from "./Lesson.module.css";
import { finished, useLesson } from "./state.ts";
import { begin } from "./steps.ts";

const close = (): void => useLesson.setState({ listing: false });

/** All lessons, with what has been finished in this browser. */
export function LessonList() {
  const session = useSession();
  const [lessons, setLessons] = useState<readonly Lesson[]>([]);
  useEffect(() => {
    void import("../../lessons/index.ts").then(({ LESSONS }) => setLessons(LESSONS));
  }, []);
  const done = finished();
  return (
    <Dialog.Root open onOpenChange={close}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles["scrim"]} />
        <Dialog.Content className={styles["dialog"]}>
          <header className={styles["dialogHead"]}>
            <Dialog.Title>Lessons</Dialog.Title>
            <Dialog.Close asChild>
              <Button look="bare" icon="close" aria-label="Close the list of lessons" />
            </Dialog.Close>
          </header>
          <Dialog.Description>
            Each begins with a cluster of its own. What you finish is remembered in this browser: {done.length} of{" "}
            {lessons.length}.
          </Dialog.Description>
          <ol className={styles["list"]}>
            {lessons.map((lesson) => (
              <li key={lesson.slug}>
                <button type="button" onClick={() => void begin(session, lesson)}>
                  <span className={styles["number"]}>{lesson.number}</span>
                  <span className={styles["title"]}>
                    {lesson.title}
                    <small>{lesson.concepts.join(", ")}</small>
                  </span>
                  <span className={styles["minutes"]}>
                    {done.includes(lesson.slug) ? (
                      <>
                        <Icon name="check" /> finished
                      </>
                    ) : (
                      `${String(lesson.minutes)} min`
                    )}
                  </span>
                </button>
              </li>
            ))}
          </ol>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
