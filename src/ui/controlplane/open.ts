import { say } from "../shell/page.ts";
import type { Layout } from "../shell/useMedia.ts";
import { useUi } from "../state.ts";
import { useTime } from "../time/time.ts";
import { openStory, useStory } from "./state.ts";
import { lastApply } from "./story.ts";

/** Opens what the last apply did in the inspector, wherever that is in this layout. */
export function openLastStory(layout: Layout | null): void {
  const root = lastApply(useTime.getState().whole.journal);
  if (root === null || !openStory(root.seq)) return;
  const { set } = useUi.getState();
  set({ phone: "walk" });
  if (layout === "narrow" || (layout === null && document.getElementById("kh-inspector") === null)) {
    set({ drawer: "inspector" });
  }
  say(`What this apply did: ${String(useStory.getState().story?.steps.length ?? 0)} steps. J and K go through them.`);
}
