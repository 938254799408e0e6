import { printSave } from "../../kernel/iptables/save.ts";
import { nftablesRules } from "../../kernel/nftables/evaluate.ts";
import { parseRuleset } from "../../kernel/nftables/parse.ts";
import { printRuleset } from "../../kernel/nftables/print.ts";
import type { ProxyMode } from "../../model/config/types.ts";
import { restoreInput } from "../iptables/restore.ts";
import { syncIptables, type SyncedRules } from "../iptables/sync.ts";
import { buildView } from "../view.ts";
import { checkIpvs } from "./check-ipvs.ts";
import { checkNftablesTexts, nftablesSteps } from "./check-nftables.ts";
import { readerOf, type Case } from "./case.ts";
import { firstDifference } from "./difference.ts";
import { traceIptables } from "./flows-iptables.ts";
import { traceNftables } from "./flows-nftables.ts";
import type { Flow, FlowResult, FlowStep } from "./flows.ts";
import { iptablesRules } from "../../kernel/iptables/evaluate.ts";
import { checkKernelFlows } from "./kernel-flows.ts";
import { stepIndex } from "./steps.ts";

/** What differs, one human-readable text per file or flow. Empty: the case passes. */
export type Differences = readonly string[];

const SHOWN_FLOWS = 5;

export interface CheckOptions {
  /** Also compare with the connections that were sent through a real kernel (`kernelflows.*.json`). */
  readonly kernel?: boolean;
}

/** Compares everything that a capture says about one mode. */
export function checkCase(capture: Case, mode: ProxyMode, options: CheckOptions = {}): Differences {
  const check = CHECKS[mode];
  if (check === undefined) return [`no check for mode ${mode}`];
  return capture.families.flatMap((family) => check(capture, family, options));
}

const CHECKS: Readonly<
  Partial<Record<ProxyMode, (capture: Case, family: 4 | 6, options: CheckOptions) => Differences>>
> = {
  iptables: checkIptables,
  nftables: checkNftables,
  ipvs: checkIpvs,
};

/** The syncs of each step, as the capture was made. */
function iptablesSyncs(capture: Case, family: 4 | 6): readonly SyncedRules[] {
  const syncs: SyncedRules[] = [];
  for (const step of capture.steps) {
    const view = buildView(readerOf(step), family);
    syncs.push(syncIptables(syncs.at(-1) ?? null, view, capture.node, capture.config));
  }
  return syncs;
}

/** Restore input with chains to be deleted by name: the real one has them in the order of a Go map. */
function sortedDeletions(text: string): string {
  const lines = text.split("\n");
  const deleted = new Set(lines.filter((line) => line.startsWith("-X ")).map((line) => line.slice(3)));
  const isDeleted = (line: string): boolean =>
    line.startsWith("-X ") || (line.startsWith(":") && deleted.has(line.slice(1).split(" ")[0] ?? ""));
  const sorted = { ":": [] as string[], "-": [] as string[] };
  for (const line of lines.filter(isDeleted).toSorted()) sorted[line[0] as ":" | "-"].push(line);
  return lines.map((line) => (isDeleted(line) ? (sorted[line[0] as ":" | "-"].shift() ?? line) : line)).join("\n");
}

function checkIptables(capture: Case, family: 4 | 6, options: CheckOptions): Differences {
  const base = family === 4 ? "iptables" : "iptables6";
  const differences: string[] = [];
  const compare = (file: string, print: () => string): void => {
    const wanted = capture.files[file];
    if (wanted === undefined) return;
    const difference = firstDifference(wanted, print());
    if (difference !== null) differences.push(`${file}: ${difference}`);
  };
  const syncs = iptablesSyncs(capture, family);
  const rulesets = syncs.map(({ ruleset }) => ruleset);
  syncs.forEach((synced, i) => {
    compare(`${base}.step${i}.txt`, () => printSave(synced.ruleset, { form: "proxy" }));
    const restore = capture.files[`${base}.restore.step${i}.txt`];
    const difference = restore && firstDifference(sortedDeletions(restore), sortedDeletions(restoreInput(synced)));
    if (difference) differences.push(`${base}.restore.step${i}.txt: ${difference}`);
  });
  const last = rulesets.at(-1);
  if (last === undefined || capture.files[`${base}.txt`] === undefined) return [`${base}.txt: not in the case`];
  compare(`${base}.txt`, () => printSave(last, { form: "proxy" }));
  compare(`${base}.kernel.txt`, () => printSave(last, { form: "kernel" }));
  differences.push(
    ...checkFlows(
      capture,
      base,
      rulesets.map((ruleset) => (flow) => traceIptables(capture, ruleset, flow)),
    ),
  );
  if (options.kernel === true && family === 4) {
    const file = "kernelflows.iptables.json";
    differences.push(
      ...summary(
        file,
        checkKernelFlows(
          capture,
          file,
          rulesets.map((ruleset) => iptablesRules(ruleset)),
        ),
      ),
    );
  }
  return differences;
}

function checkNftables(capture: Case, family: 4 | 6, options: CheckOptions): Differences {
  const differences = [...checkNftablesTexts(capture, family)];
  const tables = nftablesSteps(capture, family);
  const base = family === 4 ? "nftables" : "nftables6";
  const kernel = capture.files[`${base}.kernel.txt`];
  differences.push(
    ...checkFlows(
      capture,
      base,
      tables.map((table) => (flow) => traceNftables(capture, table, flow)),
    ),
    ...(kernel === undefined ? [] : checkDump(capture, base, kernel)),
  );
  if (options.kernel === true && family === 4) {
    const file = "kernelflows.nftables.json";
    const rules = tables.map((table) => nftablesRules({ tables: [table] }));
    differences.push(...summary(file, checkKernelFlows(capture, file, rules)));
  }
  return differences;
}

/** A real dump has to be understood whole, print back to itself, and decide as our own rules do. */
function checkDump(capture: Case, base: string, text: string): Differences {
  const file = `${base}.kernel.txt`;
  const { ruleset, notes } = parseRuleset(text);
  const differences = notes.map(({ line, message }) => `${file}, line ${line}: ${message}`);
  const changed = firstDifference(text, printRuleset(ruleset, { keepOrder: true }));
  if (changed !== null) differences.push(`${file}, read and printed: ${changed}`);
  const [table] = ruleset.tables;
  if (table === undefined) return [...differences, `${file}: no table`];
  const last = capture.steps.length - 1;
  return [
    ...differences,
    ...checkFlows(
      capture,
      base,
      capture.steps.map((_, i) => (i === last ? (flow) => traceNftables(capture, table, flow) : null)),
      `${file}, as `,
    ),
  ];
}

function summary(file: string, wrong: readonly string[]): Differences {
  if (wrong.length === 0) return [];
  const rest = wrong.length > SHOWN_FLOWS ? [`  ... and ${wrong.length - SHOWN_FLOWS} more flows`] : [];
  return [
    [`${file}: ${wrong.length} flows differ`, ...wrong.slice(0, SHOWN_FLOWS).map((w) => `  ${w}`), ...rest].join("\n"),
  ];
}

/** Compares the packet matrix; `trace` has a function per step, or null for one that is not asked. */
function checkFlows(
  capture: Case,
  base: string,
  trace: readonly (((flow: Flow) => FlowResult) | null)[],
  prefix = "",
): Differences {
  const file = `flows.${base}.json`;
  const text = capture.files[file];
  if (text === undefined) return [];
  const steps = JSON.parse(text) as readonly FlowStep[];
  const wrong: string[] = [];
  for (const [i, step] of steps.entries()) {
    const traceFlow = trace[stepIndex(capture, step.step, i)];
    if (traceFlow === undefined) wrong.push(`step "${step.step}" is not one of the case`);
    if (traceFlow === undefined || traceFlow === null) continue;
    for (const flow of step.flows) {
      const got = traceFlow(flow);
      if (got.output === flow.output && got.masq === flow.masq) continue;
      wrong.push(
        `${step.step}, ${flow.name} (${flow.sourceIP} > ${flow.destIP}:${flow.destPort}/${flow.protocol}): ` +
          `wanted ${words(flow)}, got ${words(got)}`,
      );
    }
  }
  return summary(prefix + file, wrong);
}

function words(flow: { readonly output: string; readonly masq: boolean }): string {
  return `"${flow.output}"${flow.masq ? " masqueraded" : ""}`;
}
