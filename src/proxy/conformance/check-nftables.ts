import { MILLISECOND, SECOND } from "../../base/time.ts";
import { commandsText, dumpCommands } from "../../kernel/nftables/command.ts";
import { printRuleset } from "../../kernel/nftables/print.ts";
import type { Table } from "../../kernel/nftables/types.ts";
import { tableId } from "../nftables/compile.ts";
import { syncNftables, type SyncedTable } from "../nftables/sync.ts";
import { buildView } from "../view.ts";
import { readerOf, type Case } from "./case.ts";
import { firstDifference } from "./difference.ts";

/** The state after each step, all within a moment, and last after one more sync over a second later. */
function nftablesSyncs(capture: Case, family: 4 | 6): readonly SyncedTable[] {
  const synced: SyncedTable[] = [];
  const views = capture.steps.map((step) => buildView(readerOf(step), family));
  views.forEach((view, i) => {
    synced.push(syncNftables(synced.at(-1) ?? null, view, capture.node, capture.config, i * MILLISECOND));
  });
  const last = synced.at(-1);
  if (last !== undefined) synced.push(syncNftables(last, last.view, last.node, last.config, 2 * SECOND));
  return synced;
}

/** The tables after each step. */
export function nftablesSteps(capture: Case, family: 4 | 6): readonly Table[] {
  return nftablesSyncs(capture, family)
    .slice(0, -1)
    .map(({ table }) => table);
}

/** Lines of a transaction that the real one writes in the order of a Go map: runs of flush and delete, sorted. */
function inAnyOrder(transaction: string): string {
  const lines: string[] = [];
  let run: string[] = [];
  for (const line of transaction.split("\n")) {
    if (/^(flush|delete) /.test(line)) {
      run.push(line);
      continue;
    }
    lines.push(...run.sort(), line);
    run = [];
  }
  return [...lines, ...run.sort()].join("\n");
}

/** Compares tables and transactions of a capture in one family with ours, one text per file that differs. */
export function checkNftablesTexts(capture: Case, family: 4 | 6): readonly string[] {
  const base = family === 4 ? "nftables" : "nftables6";
  const differences: string[] = [];
  const compare = (file: string, print: () => string, normal: (text: string) => string = (text) => text): void => {
    const wanted = capture.files[file];
    if (wanted === undefined) return;
    const difference = firstDifference(normal(wanted), normal(print()));
    if (difference !== null) differences.push(`${file}: ${difference}`);
  };
  const id = tableId(family);
  const syncs = nftablesSyncs(capture, family);
  const dump = (synced: SyncedTable): string => commandsText(dumpCommands(synced.table), id);
  const steps = syncs.slice(0, -1);
  const last = steps.at(-1);
  const settled = syncs.at(-1);
  if (last === undefined || settled === undefined || capture.files[`${base}.txt`] === undefined) {
    return [`${base}.txt: not in the case`];
  }
  steps.forEach((synced, i) => {
    compare(`${base}.step${i}.txt`, () => dump(synced));
    compare(`${base}.tx.step${i}.txt`, () => commandsText(synced.transaction, id), inAnyOrder);
  });
  compare(`${base}.txt`, () => dump(last));
  compare(`${base}.settled.txt`, () => dump(settled));
  compare(`${base}.kernel.txt`, () => printRuleset({ tables: [last.table] }));
  return differences;
}
