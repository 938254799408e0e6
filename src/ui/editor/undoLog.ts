/** The versions that a text went through, kept small: the oldest one in full, and what each later one changed. Plain data. */
import { minimalEdit, type Replacement } from "./minimalEdit.ts";

export interface UndoLog {
  /** What the text was typed over: a scenario's slug, or the hash of a link. */
  readonly base: string;
  readonly oldest: string;
  readonly changes: readonly Replacement[];
}

/** Versions kept, and characters that they may take together. */
export const MOST_VERSIONS = 100;
export const MOST_CHARACTERS = 2 * 1024 * 1024;

export const emptyLog = (base: string, text: string): UndoLog => ({ base, oldest: text, changes: [] });

const apply = (text: string, { from, to, insert }: Replacement): string =>
  text.slice(0, from) + insert + text.slice(to);

/** All versions, the oldest first. Null when the changes are not changes of the text, as after damage on disk. */
export function versionsOf({ oldest, changes }: UndoLog): readonly string[] | null {
  const out = [oldest];
  let text = oldest;
  for (const change of changes) {
    if (change.from < 0 || change.from > change.to || change.to > text.length) return null;
    text = apply(text, change);
    out.push(text);
  }
  return out;
}

/** The log with one more version. One that undo came back to takes those after it away: undone is not done once more. */
export function logged(log: UndoLog, text: string, undone = false): UndoLog {
  const versions = versionsOf(log);
  if (versions === null) return emptyLog(log.base, text);
  const back = undone ? versions.lastIndexOf(text, -2) : -1;
  if (back >= 0 && versions.at(-1) !== text) return { ...log, changes: log.changes.slice(0, back) };
  const change = minimalEdit(versions.at(-1) ?? "", text);
  return change === null ? log : capped({ ...log, changes: [...log.changes, change] });
}

const sizeOf = ({ oldest, changes }: UndoLog): number =>
  changes.reduce((sum, { insert }) => sum + insert.length + 16, oldest.length);

/** Forgets the oldest versions until the rest fits. A text that alone is too large has no history. */
function capped(log: UndoLog): UndoLog {
  let { oldest, changes } = log;
  while (
    changes.length > 0 &&
    (changes.length >= MOST_VERSIONS || sizeOf({ ...log, oldest, changes }) > MOST_CHARACTERS)
  ) {
    oldest = apply(oldest, changes[0] as Replacement);
    changes = changes.slice(1);
  }
  return { ...log, oldest, changes };
}

/** A log read from disk, or null when it is none. */
export function readLog(value: unknown): UndoLog | null {
  if (typeof value !== "object" || value === null) return null;
  const { base, oldest, changes } = value as Readonly<Record<string, unknown>>;
  if (typeof base !== "string" || typeof oldest !== "string" || !Array.isArray(changes)) return null;
  const good = changes.every((one: unknown) => {
    if (typeof one !== "object" || one === null) return false;
    const { from, to, insert } = one as Readonly<Record<string, unknown>>;
    return Number.isInteger(from) && Number.isInteger(to) && typeof insert === "string";
  });
  const log = { base, oldest, changes: changes as readonly Replacement[] };
  return good && versionsOf(log) !== null ? log : null;
}
