import type { Case } from "./case.ts";

/** The case's step that a flow file means: by name; where names repeat or are missing, by order. */
export function stepIndex(capture: Case, name: string, order: number): number {
  if (capture.steps[order]?.name === name) return order;
  const named = capture.steps.findIndex((step) => step.name === name);
  return named < 0 ? order : named;
}
