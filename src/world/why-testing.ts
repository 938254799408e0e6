/** Broken scenarios and their mends, for tests of findings. */
import { expect } from "vitest";
import { applyFieldEdits } from "../manifest/field-edits.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { Diagnosis, Finding, FindingId } from "../model/trace/finding.ts";
import type { Protocol, Request } from "../model/trace/types.ts";
import type { Command } from "../wire/protocol.ts";
import { createWorld } from "./world.ts";
import type { World } from "./types.ts";

export interface Broken {
  readonly yaml: string;
  readonly from: string;
  readonly to: string;
  readonly protocol?: Protocol;
  readonly mode?: ProxyMode;
  /** What is done after the text. */
  readonly after?: readonly Command[];
}

export function worldOf({ yaml, mode, after = [] }: Pick<Broken, "yaml" | "mode" | "after">): World {
  const world = createWorld({ seed: null });
  if (mode !== undefined) world.dispatch({ type: "mode", mode });
  world.dispatch({ type: "text", text: yaml });
  expect(world.report.diagnostics.filter(({ severity }) => severity === "error")).toEqual([]);
  for (const command of after) expect(world.dispatch(command).refusal).toBeNull();
  return world;
}

export const requestOf = ({ from, to, protocol = "tcp" }: Broken): Request => ({ from, to, protocol });

/** What is found; the present must be as it was. */
export function diagnosisOf(broken: Broken, world = worldOf(broken)): Diagnosis {
  const before = world.journalHash();
  const diagnosis = world.why(requestOf(broken));
  if ("message" in diagnosis) throw new Error(diagnosis.message);
  expect(world.journalHash()).toBe(before);
  return diagnosis;
}

export const idsOf = ({ findings }: Diagnosis): readonly FindingId[] => findings.map(({ id }) => id);

/**
 * The first finding has this id and an edit; with the edit in the text (and nothing else done to the cluster) every branch arrives and
 * no error is found.
 */
export function expectMended(broken: Broken, id: FindingId): Finding {
  const diagnosis = diagnosisOf(broken);
  const first = diagnosis.findings[0];
  expect(first?.id).toBe(id);
  if (first === undefined || first.fix === null) throw new Error(`no fix: ${first?.unfixed ?? "no finding"}`);
  const yaml = applyFieldEdits(broken.yaml, first.fix.edits);
  if (yaml === null) throw new Error("the edits do not apply");
  const mended = diagnosisOf({ ...broken, yaml });
  expect(mended.findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect([mended.outcome, mended.delivered]).toEqual(["delivered", expect.closeTo(1, 9)]);
  return first;
}

/** The first finding has this id and no edit mends it, for a reason that is said. */
export function expectNoEdit(broken: Broken, id: FindingId): Finding {
  const first = diagnosisOf(broken).findings[0];
  expect(first?.id).toBe(id);
  expect(first?.fix).toBeNull();
  expect(first?.unfixed).toMatch(/\w{3,}.*\.$/s);
  return first as Finding;
}
