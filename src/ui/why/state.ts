/** What the reader is told about why a request does not arrive. Asked by {@link useAskWhy}; without React. */
import { create } from "zustand";
import type { Diagnosis, Finding } from "../../model/trace/finding.ts";
import type { Request } from "../../model/trace/types.ts";
import type { Refusal } from "../../wire/protocol.ts";

/** A finding, with the whole text as its fix would leave it; null: no edit is proved, or it cannot be made in the text as it stands. */
export interface Told {
  readonly finding: Finding;
  readonly edited: string | null;
}

export interface Answer {
  readonly request: Request;
  readonly diagnosis: Diagnosis | Refusal;
  readonly told: readonly Told[];
  /** The text that the findings' ranges and edits speak of. */
  readonly text: string;
}

export interface WhyState {
  /** About the walk on stage; the last answer stays while the same request is asked about anew. */
  readonly answer: Answer | null;
  /** It has been asked for a while and no answer is there. */
  readonly slow: boolean;
  /** The reader has asked for it (W): the card takes the focus as soon as it is there. */
  readonly wanted: boolean;
}

export const useWhy = create<WhyState>()(() => ({ answer: null, slow: false, wanted: false }));

export const isDiagnosis = (answer: Diagnosis | Refusal): answer is Diagnosis => "findings" in answer;

/** All arrives, and nothing about it is unusual. */
export const isNothing = ({ diagnosis, told }: Answer): boolean =>
  isDiagnosis(diagnosis) && told.length === 0 && diagnosis.outcome === "delivered";

export const sameRequest = (a: Request, b: Request): boolean => JSON.stringify(a) === JSON.stringify(b);
