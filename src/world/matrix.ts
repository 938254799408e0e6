/** Who reaches what: every client against every address of every Service port, each request followed on all its branches. */
import { seededChooser } from "../base/draw.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { FindingId } from "../model/trace/finding.ts";
import type { Matrix, MatrixCell, MatrixColumn, MatrixRow, MatrixShare } from "../model/trace/matrix.ts";
import type { Exploration, OutcomeKind, Request } from "../model/trace/types.ts";
import { suspicionsOf } from "../diagnose/diagnose.ts";
import type { Manifest } from "../manifest/manifest.ts";
import { explore } from "../network/explore.ts";
import { createTopology, type Topology } from "../network/topology/topology.ts";
import type { ClusterView } from "../network/types.ts";
import { isMode } from "../proxy/modes.ts";
import type { Refusal } from "../wire/protocol.ts";
import type { Session } from "./commands.ts";
import { columnsOf, rowsOf } from "./matrix-axes.ts";
import { Interned, keysOf } from "./matrix-keys.ts";
import type { Cluster } from "./simulation.ts";
import { caseIn } from "./why.ts";

export interface MatrixOptions {
  /** Absent: as each node's kube-proxy runs. */
  readonly modes?: readonly ProxyMode[];
  /** Number of the first cell wanted, as `next` of the answer before; 0 by default. */
  readonly from?: number;
  /** Requests to follow at most for this answer; absent: as many as it takes. */
  readonly budget?: number;
  /** Shall each cell that fails name its finding? */
  readonly findings?: boolean;
}

/** Nobody reads a larger table; what is beyond is counted. */
const MAX_ROWS = 80;
const MAX_COLUMNS = 240;

type Known = Pick<MatrixCell, "shares" | "unexplored" | "finding">;

/** Cells that are kept: some tables of the largest size, so that going back and forth between texts costs nothing. */
const MAX_KNOWN = 60_000;

/** What was worked out before. It lives as long as its world and never goes stale: keys hold all that cells depend on. */
export class MatrixCache {
  readonly interned = new Interned();
  /** Those asked for last stand last. */
  private readonly cells = new Map<string, Known>();

  get(key: string): Known | undefined {
    const known = this.cells.get(key);
    if (known !== undefined) this.keep(key, known);
    return known;
  }

  keep(key: string, cell: Known): void {
    this.cells.delete(key);
    this.cells.set(key, cell);
    if (this.cells.size <= MAX_KNOWN) return;
    const [oldest = ""] = this.cells.keys();
    this.cells.delete(oldest);
  }
}

/** Equal ends as one, the likeliest first. */
function sharesOf({ walks }: Exploration): readonly MatrixShare[] {
  const shares = new Map<OutcomeKind, MatrixShare>();
  walks.forEach(({ outcome, probability, symptom }, branch) => {
    const known = shares.get(outcome) ?? { outcome, share: 0, branch, symptom };
    shares.set(outcome, { ...known, share: known.share + probability });
  });
  return [...shares.values()].sort((a, b) => b.share - a.share);
}

interface Place {
  readonly cluster: Cluster;
  readonly view: ClusterView;
  readonly topology: Topology;
}

function cellOf({ cluster, view, topology }: Place, request: Request, manifest: Manifest | null): Known {
  const { seed, network } = cluster.state;
  const explored = explore(view, network, request, { id: 0, chooser: seededChooser(seed), topology });
  const known: Known = explored.ok
    ? { shares: sharesOf(explored.value), unexplored: explored.value.unexplored ?? 0 }
    : { shares: [{ outcome: "not-sent", share: 1, branch: null, symptom: explored.error.message }], unexplored: 0 };
  if (manifest === null) return known;
  const isWell = known.shares.every(({ outcome }) => outcome === "delivered");
  const finding = (): FindingId | null =>
    suspicionsOf(caseIn(cluster, manifest, request)).find(({ severity }) => severity === "error")?.id ?? null;
  return { ...known, finding: isWell ? null : finding() };
}

const requestOf = ({ from }: MatrixRow, { to, protocol, family }: MatrixColumn): Request => ({
  from,
  to,
  protocol,
  ...(family === undefined ? {} : { family }),
});

/** A part of the table; a refusal when there is no such mode. The session's present stays as it is. */
export function matrixOf(session: Session, cache: MatrixCache, options: MatrixOptions): Matrix | Refusal {
  const { cluster } = session;
  const { from = 0, budget = Number.POSITIVE_INFINITY, findings = false } = options;
  const unknown = options.modes?.find((mode) => !isMode(mode));
  if (unknown !== undefined) return { message: `kube-proxy has no mode ${String(unknown)}.`, field: "modes" };
  const modes = options.modes === undefined || options.modes.length === 0 ? [null] : [...new Set(options.modes)];
  const allRows = rowsOf(cluster);
  const allColumns = columnsOf(cluster);
  const rows = allRows.slice(0, MAX_ROWS);
  const columns = allColumns.slice(0, MAX_COLUMNS);
  const manifest = findings ? cluster.scenario(session.admittedText).manifest : null;
  const perMode = rows.length * columns.length;
  const total = perMode * modes.length;
  const cells: MatrixCell[] = [];
  let explored = 0;
  let at = Math.max(0, from);

  const fill = (mode: ProxyMode | null, end: number): boolean => {
    const view = cluster.view();
    const place = { cluster, view, topology: createTopology(view) };
    const keyFor = keysOf(cluster, cache.interned, session.epoch);
    for (; at < end; at++) {
      const row = Math.floor((at % perMode) / columns.length);
      const column = at % columns.length;
      const [sender, target] = [rows[row] as MatrixRow, columns[column] as MatrixColumn];
      const key = `${keyFor(sender, target, mode)} ${String(findings)}`;
      const request = requestOf(sender, target);
      let known = cache.get(key);
      if (known === undefined) {
        if (explored >= budget) return false;
        known = cellOf(place, request, manifest);
        explored += 1;
        cache.keep(key, known);
      }
      cells.push({ row, column, mode, request, ...known });
    }
    return true;
  };

  for (const [i, mode] of modes.entries()) {
    const end = (i + 1) * perMode;
    if (at >= end) continue;
    const done = mode === null ? fill(null, end) : cluster.inMode(mode, () => fill(mode, end));
    if (!done) break;
  }
  return {
    rows,
    columns,
    modes,
    cells,
    next: at < total ? at : null,
    total,
    omitted: { rows: allRows.length - rows.length, columns: allColumns.length - columns.length },
    explored,
  };
}
