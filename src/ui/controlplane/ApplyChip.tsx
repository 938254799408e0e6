import { useMemo, type ReactElement } from "react";
import { useTime } from "../time/time.ts";
import styles from "./ApplyChip.module.css";
import { openLastStory } from "./open.ts";
import { useStory } from "./state.ts";
import { lastApply, storyOf } from "./story.ts";

/** How many steps the last change took; opens them. */
export function ApplyChip(): ReactElement | null {
  const journal = useTime((state) => state.whole.journal);
  const open = useStory((state) => state.story !== null);
  const found = useMemo(() => {
    const root = lastApply(journal);
    const story = root === null ? null : storyOf(journal, root.seq);
    return story === null ? null : { root: story.root, steps: story.steps.length };
  }, [journal]);
  if (found === null) return null;
  return (
    <button
      type="button"
      className={styles["chip"]}
      aria-pressed={open}
      title={found.root.title}
      onClick={() => openLastStory(null)}
    >
      <i aria-hidden="true" />
      Apply: {found.steps} steps
    </button>
  );
}
