/** The story on show: what a command did, step by step. */
import { create } from "zustand";
import type { Session } from "../shell/session.ts";
import { useTime } from "../time/time.ts";
import { placeOf } from "../time/moments.ts";
import { storyOf, type Story } from "./story.ts";

export interface StoryState {
  readonly story: Story | null;
  readonly index: number;
}

export const useStory = create<StoryState>()(() => ({ story: null, index: 0 }));

/** Opens the story of an entry at its first step. False: it changed nothing. */
export function openStory(seq: number): boolean {
  const story = storyOf(useTime.getState().whole.journal, seq);
  useStory.setState({ story, index: 0 });
  return story !== null;
}

/** Goes to a step: the whole page shows the moment right after it. */
export function goToStep(session: Session, index: number): void {
  const { story } = useStory.getState();
  const step = story?.steps[index];
  if (step === undefined) return;
  useStory.setState({ index });
  useTime.getState().set({ picked: step.entry.seq });
  session.time.look(placeOf(step.entry));
}

/** The next step or the one before; false when no story is on show. */
export function stepStory(session: Session, by: 1 | -1): boolean {
  const { story, index } = useStory.getState();
  if (story === null) return false;
  goToStep(session, Math.min(story.steps.length - 1, Math.max(0, index + by)));
  return true;
}

/** Puts the story away and shows the present again. */
export function closeStory(session: Session): void {
  useStory.setState({ story: null, index: 0 });
  if (useTime.getState().looking) void session.time.toPresent();
}
