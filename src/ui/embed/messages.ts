/**
 * What a page around the frame may say to it by postMessage, and what the frame tells. Every message carries `kubehop: 1`. What comes in
 * is checked member by member and is only taken from the page around; what goes out holds nothing of the reader's own.
 */
import * as v from "valibot";
import type { Header, OutcomeKind } from "../../model/trace/types.ts";

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const asked = v.variant("do", [
  v.strictObject({ kubehop: v.literal(1), do: v.literal("play") }),
  v.strictObject({ kubehop: v.literal(1), do: v.literal("pause") }),
  /** One hop on or back. */
  v.strictObject({ kubehop: v.literal(1), do: v.literal("step"), by: v.picklist([1, -1]) }),
  /** To a hop, counted from 1 over request and reply. */
  v.strictObject({ kubehop: v.literal(1), do: v.literal("seek"), hop: v.pipe(whole, v.minValue(1)) }),
  /** Puts another walk on stage, by its number. */
  v.strictObject({ kubehop: v.literal(1), do: v.literal("select"), walk: whole }),
  /** Asks for `state` to be told again. */
  v.strictObject({ kubehop: v.literal(1), do: v.literal("state") }),
]);

export type Asked = v.InferOutput<typeof asked>;

/** The message, or null when it is none of ours; a sentence when it is meant for us and cannot be read. */
export function readAsked(data: unknown): Asked | string | null {
  if (typeof data !== "object" || data === null || (data as { readonly kubehop?: unknown }).kubehop !== 1) return null;
  const result = v.safeParse(asked, data);
  if (result.success) return result.output;
  const issue = result.issues[0];
  return `${v.getDotPath(issue) ?? "message"}: ${issue.message}`;
}

/** What the frame tells the page around it. */
export type Told = { readonly kubehop: 1 } & (
  | { readonly event: "ready" }
  | {
      /** After every change of what is on show. */
      readonly event: "state";
      readonly walks: readonly { readonly walk: number; readonly outcome: OutcomeKind; readonly summary: string }[];
      readonly walk: number | null;
      /** From 1 over request and reply; 0 without a walk. */
      readonly hop: number;
      readonly of: number;
      readonly playing: boolean;
      readonly place: string | null;
      readonly note: string | null;
      readonly before: Header | null;
      readonly after: Header | null;
    }
  | { readonly event: "refused"; readonly why: string }
);
