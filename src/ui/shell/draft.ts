/** The text being typed, kept across reloads. A link has its own draft, so that opening one never loses the reader's own work. */
import { isRecord } from "../../base/json.ts";
import { recall, remember } from "./storage.ts";

export interface Draft {
  /** What the text was typed over: a scenario's slug, or the hash of a link. */
  readonly base: string;
  /** Null: nothing was typed, and the base's own text is meant. */
  readonly text: string | null;
}

const slot = (hash: string): string => (hash === "" ? "draft" : "draft.link");

/** The draft for the page at this hash ("" without one), or null. */
export function recallDraft(hash: string): Draft | null {
  const stored = recall(slot(hash));
  if (stored === null) return null;
  try {
    const value: unknown = JSON.parse(stored);
    if (!isRecord(value)) return null;
    const { base, text } = value;
    if (typeof base !== "string" || (typeof text !== "string" && text !== null)) return null;
    return hash !== "" && base !== hash ? null : { base, text };
  } catch {
    return null;
  }
}

export function rememberDraft(hash: string, slug: string, text: string | null): void {
  remember(slot(hash), JSON.stringify({ base: hash === "" ? slug : hash, text } satisfies Draft));
}
