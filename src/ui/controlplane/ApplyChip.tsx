import { useMemo, type ReactElement } from "react";
import { useTime } from "../time/time.ts";
import styles from "./ApplyChip.module.css";
import { openStory, useStory } from "./state.ts";
import { lastApply, storyOf } from "./story.ts";
import { say } from "../shell/page.ts";
import { useUi } from "../state.ts";

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
      onClick={() => {
        if (!openStory(found.root.seq)) return;
        const { set } = useUi.getState();
        set({ phone: "walk" });
        if (document.getElementById("kh-inspector") === null) set({ drawer: "inspector" });
        say(`What this apply did: ${String(found.steps)} steps. J and K go through them.`);
      }}
    >
      <i aria-hidden="true" />
      Apply: {found.steps} steps
    </button>
  );
}
