/** Which lesson is open, how far it has come, and what was finished before. Small: the lessons themselves come when they are asked for. */
import { create } from "zustand";
import type { Lesson, Mark } from "../../model/lesson/types.ts";
import { recall, remember } from "../shell/storage.ts";

export interface LessonState {
  readonly lesson: Lesson | null;
  /** Step on show, from 0; the number of steps: the closing words. */
  readonly step: number;
  /** Steps whose goal has been met. */
  readonly met: readonly boolean[];
  /** Where the step on show began. */
  readonly mark: Mark;
  /** Lines of the terminal since then. */
  readonly ran: readonly string[];
  /** Option chosen, by step. */
  readonly predicted: Readonly<Record<number, number>>;
  /** Hints shown of the step on show. */
  readonly hints: number;
  /** The list of lessons is open. */
  readonly listing: boolean;
}

const CLOSED = { lesson: null, step: 0, met: [], mark: { walks: 0, commands: 0 }, ran: [], predicted: {}, hints: 0 };

export const useLesson = create<LessonState>()(() => ({ ...CLOSED, listing: false }));

export const closeLesson = (): void => useLesson.setState(CLOSED);

/** A line that the terminal was given: some goals are about those. */
export function noteRan(line: string): void {
  if (useLesson.getState().lesson !== null) useLesson.setState(({ ran }) => ({ ran: [...ran, line] }));
}

const SLOT = "lessons.done";

/** Slugs of finished lessons. Kept in this browser only. */
export function finished(): readonly string[] {
  try {
    const value: unknown = JSON.parse(recall(SLOT) ?? "[]");
    return Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];
  } catch {
    return [];
  }
}

export function noteFinished(slug: string): void {
  const before = finished();
  if (!before.includes(slug)) remember(SLOT, JSON.stringify([...before, slug]));
}
