/** The text being typed, kept across reloads. A link has its own draft, so that opening one never loses the reader's own work. */
import * as v from "valibot";
import { recall, remember } from "./storage.ts";

export interface Draft {
  /** What the text was typed over: a scenario's slug, or the hash of a link. */
  readonly base: string;
  /** Null: nothing was typed, and the base's own text is meant. */
  readonly text: string | null;
}

const schema = v.object({ base: v.string(), text: v.nullable(v.string()) });

const slot = (hash: string): string => (hash === "" ? "draft" : "draft.link");

/** The draft for the page at this hash ("" without one), or null. */
export function recallDraft(hash: string): Draft | null {
  const stored = recall(slot(hash));
  if (stored === null) return null;
  try {
    const result = v.safeParse(schema, JSON.parse(stored));
    if (!result.success) return null;
    return hash !== "" && result.output.base !== hash ? null : result.output;
  } catch {
    return null;
  }
}

export function rememberDraft(hash: string, slug: string, text: string | null): void {
  remember(slot(hash), JSON.stringify({ base: hash === "" ? slug : hash, text } satisfies Draft));
}
