/** Races as the command line prints them. */
import { MILLISECOND, SECOND, type Micros } from "../base/time.ts";
import type { Race, RaceMoment, RaceRow } from "../model/trace/race.ts";
import { formatTable } from "./table.ts";

const share = (lost: number, sent: number): string => (sent === 0 ? "-" : `${((lost / sent) * 100).toFixed(2)} %`);

/** "0.120 s before", "at that moment", "1.004 s later". */
function relative(micros: Micros | null): string {
  if (micros === null) return "not yet when the load ended";
  if (Math.abs(micros) < MILLISECOND) return "at that moment";
  return `${(Math.abs(micros) / SECOND).toFixed(3)} s ${micros < 0 ? "before" : "later"}`;
}

function row({ title, runs, sent, lost, skipped }: RaceRow): readonly string[] {
  if (skipped !== null) return [title, "-", "-", "-", skipped];
  const losing = runs.filter((run) => run.lost > 0).length;
  const seeds = `${String(losing)} of ${String(runs.length)}`;
  return [title, `${String(lost)} of ${String(sent)}`, share(lost, sent), seeds, lost === 0 ? "closes it" : ""];
}

const momentLines = (
  seed: number,
  { at, outcome, text, podTerminating, sliceUpdated, rulesWritten }: RaceMoment,
): readonly string[] => [
  `With seed ${String(seed)} the first request is lost at ${(at / SECOND).toFixed(3)} s: ${outcome}. ${text}`,
  `  pod terminating: ${relative(podTerminating)}`,
  `  slice updated: ${relative(sliceUpdated)}`,
  ...rulesWritten.map(({ node, after }) => `  rules written on ${node}: ${relative(after)}`),
];

/** A line for each setting, then when the first loss came. */
export function raceText({ load, rows }: Race): string {
  const [plain] = rows;
  const head = `${load.from} to ${load.to}, ${String(load.rate)} requests per second for ${String(load.duration / SECOND)} s`;
  const table = formatTable([
    ["SETTING", "LOST", "SHARE", "SEEDS", ""],
    ...rows.map((one, i) => (i === 0 ? row(one).toSpliced(4, 1, "") : row(one))),
  ]).replace(/ +$/gm, "");
  const run = plain?.runs.find(({ first }) => first !== null);
  const moment = run === undefined || run.first === null ? ["No request is lost."] : momentLines(run.seed, run.first);
  return `${head}\n\n${table}\n${moment.join("\n")}\n`;
}
