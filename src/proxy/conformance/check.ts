import { printSave } from "../../kernel/iptables/save.ts";
import type { Ruleset } from "../../kernel/iptables/types.ts";
import type { ProxyMode } from "../../model/config/types.ts";
import { syncIptables, type SyncedRules } from "../iptables/sync.ts";
import { compilerOf } from "../modes.ts";
import { buildView } from "../view.ts";
import { readerOf, type Case } from "./case.ts";
import { firstDifference } from "./difference.ts";
import { traceFlow, type FlowStep } from "./flows.ts";
import { checkKernelFlows } from "./kernel-flows.ts";
import { stepIndex } from "./steps.ts";

/** What differs, one human-readable text per file or flow. Empty: the case passes. */
export type Differences = readonly string[];

const SHOWN_FLOWS = 5;

export interface CheckOptions {
  /** Also compare with the connections that were sent through a real kernel (`kernelflows.*.json`). */
  readonly kernel?: boolean;
}

/** Compares everything that a capture says about one mode. A mode that is not there yet differs by that. */
export function checkCase(capture: Case, mode: ProxyMode, options: CheckOptions = {}): Differences {
  const compiler = compilerOf(mode);
  if (!compiler.ok) return [compiler.error];
  return CHECKS[mode]?.(capture, options) ?? [`no check for mode ${mode}`];
}

const CHECKS: Readonly<Partial<Record<ProxyMode, (capture: Case, options: CheckOptions) => Differences>>> = {
  iptables: checkIptables,
};

/** The rulesets after each step, one sync apart, as the capture was made. */
export function iptablesSteps(capture: Case, family: 4 | 6): readonly Ruleset[] {
  const rulesets: Ruleset[] = [];
  let synced: SyncedRules | null = null;
  for (const step of capture.steps) {
    synced = syncIptables(synced, buildView(readerOf(step), family), capture.node, capture.config);
    rulesets.push(synced.ruleset);
  }
  return rulesets;
}

function checkIptables(capture: Case, options: CheckOptions): Differences {
  return capture.families.flatMap((family) => checkFamily(capture, family, options));
}

function checkFamily(capture: Case, family: 4 | 6, options: CheckOptions): Differences {
  const base = family === 4 ? "iptables" : "iptables6";
  const differences: string[] = [];
  const compare = (file: string, print: () => string): void => {
    const wanted = capture.files[file];
    if (wanted === undefined) return;
    const difference = firstDifference(wanted, print());
    if (difference !== null) differences.push(`${file}: ${difference}`);
  };
  const rulesets = iptablesSteps(capture, family);
  rulesets.forEach((ruleset, i) => compare(`${base}.step${i}.txt`, () => printSave(ruleset, { form: "proxy" })));
  const last = rulesets.at(-1);
  if (last === undefined || capture.files[`${base}.txt`] === undefined) return [`${base}.txt: not in the case`];
  compare(`${base}.txt`, () => printSave(last, { form: "proxy" }));
  compare(`${base}.kernel.txt`, () => printSave(last, { form: "kernel" }));
  differences.push(...checkFlows(capture, base, rulesets));
  if (options.kernel === true && family === 4) {
    differences.push(...summary("kernelflows.iptables.json", checkKernelFlows(capture, rulesets)));
  }
  return differences;
}

function summary(file: string, wrong: readonly string[]): Differences {
  if (wrong.length === 0) return [];
  const rest = wrong.length > SHOWN_FLOWS ? [`  ... and ${wrong.length - SHOWN_FLOWS} more flows`] : [];
  return [
    [`${file}: ${wrong.length} flows differ`, ...wrong.slice(0, SHOWN_FLOWS).map((w) => `  ${w}`), ...rest].join("\n"),
  ];
}

function checkFlows(capture: Case, base: string, rulesets: readonly Ruleset[]): Differences {
  const file = `flows.${base}.json`;
  const text = capture.files[file];
  if (text === undefined) return [];
  const steps = JSON.parse(text) as readonly FlowStep[];
  const wrong: string[] = [];
  for (const [i, step] of steps.entries()) {
    const ruleset = rulesets[stepIndex(capture, step.step, i)];
    if (ruleset === undefined) {
      wrong.push(`step "${step.step}" is not one of the case`);
      continue;
    }
    for (const flow of step.flows) {
      const got = traceFlow(capture, ruleset, flow);
      if (got.output === flow.output && got.masq === flow.masq) continue;
      wrong.push(
        `${step.step}, ${flow.name} (${flow.sourceIP} > ${flow.destIP}:${flow.destPort}/${flow.protocol}): ` +
          `wanted ${words(flow)}, got ${words(got)}`,
      );
    }
  }
  return summary(file, wrong);
}

function words(flow: { readonly output: string; readonly masq: boolean }): string {
  return `"${flow.output}"${flow.masq ? " masqueraded" : ""}`;
}
