import type { MirrorState } from "../mirror/types.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import { nodeInternalIP, type Node } from "../model/node/types.ts";
import { podReady, type Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import { indexOf } from "./cast-index.ts";
import { rect, type Point, type Rect } from "./geometry.ts";
import { timeText } from "./names.ts";
import { revisionOf, slicesOf } from "./read.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";

/** A cluster with more than this is drawn as cells: its cards would be too small to read, and too many to draw. */
const MAX_ELEMENTS = 500;
const MAX_NODES = 24;

/** One node from far away. */
export interface Cell {
  readonly node: string;
  readonly zone: string;
  readonly ip: string;
  readonly podCIDR: string;
  readonly pods: number;
  readonly ready: number;
  /** Virtual µs since its kube-proxy wrote last; null: it has not written. */
  readonly age: number | null;
  readonly syncedRevision: number;
  /** current: has the Service's rules as they are now. old: has older ones. silent: nobody there to write others. down: no power. */
  readonly state: "current" | "old" | "silent" | "down";
  /** Left top corner, in flow coordinates. */
  readonly x: number;
  readonly y: number;
}

export interface Zone {
  readonly name: string;
  readonly rect: Rect;
  readonly count: number;
}

export interface Cells {
  readonly bounds: Rect;
  readonly zones: readonly Zone[];
  /** Zone by zone, in name order, row by row. */
  readonly cells: readonly Cell[];
  /** Cells in a row of a zone. */
  readonly columns: number;
  /** Revision that a kube-proxy must have synced to be current. */
  readonly wanted: number;
  readonly counts: Readonly<Record<Cell["state"], number>>;
}

/** Size of a cell and what stands between two, at 100 %. */
export const CELL = { w: 7, h: 9, pitchX: 9, pitchY: 11, zoneGap: 14, head: 14 } as const;

const ZONE_LABEL = "topology.kubernetes.io/zone";

/** Is the cluster too large for cards? */
export function isMany(objects: MirrorState["objects"]): boolean {
  const index = indexOf(objects);
  const nodes = index.get("Node")?.length ?? 0;
  return nodes > MAX_NODES || nodes + (index.get("Pod")?.length ?? 0) > MAX_ELEMENTS;
}

interface Load {
  pods: number;
  ready: number;
}

const LOADS = new WeakMap<readonly KubeObject[], ReadonlyMap<string, Load>>();

/** Pods per node, counted once for each list of pods. */
function loadsOf(pods: readonly KubeObject[]): ReadonlyMap<string, Load> {
  const known = LOADS.get(pods);
  if (known !== undefined) return known;
  const loads = new Map<string, Load>();
  for (const pod of pods as readonly Pod[]) {
    const node = pod.spec.nodeName ?? "";
    let load = loads.get(node);
    if (load === undefined) loads.set(node, (load = { pods: 0, ready: 0 }));
    load.pods++;
    if (podReady(pod)) load.ready++;
  }
  LOADS.set(pods, loads);
  return loads;
}

/** All nodes as cells, zone by zone, in blocks that together have about the shape `aspect` (width / height). */
export function cellsOf(mirror: MirrorState, service: ObjectKey | null, aspect: number): Cells {
  const index = indexOf(mirror.objects);
  const of = <T extends KubeObject>(kind: string): readonly T[] => (index.get(kind) ?? []) as readonly T[];
  const loads = loadsOf(of<Pod>("Pod"));
  const proxies = new Map(mirror.proxies.map((p) => [p.node, p]));
  const down = new Set(mirror.broken.nodes);
  const found = service === null ? undefined : of<Service>("Service").find((one) => keyOf(one) === service);
  const wanted =
    found === undefined ? 0 : revisionOf(found, slicesOf({ slices: of<EndpointSlice>("EndpointSlice") }, found));

  const byZone = new Map<string, Node[]>();
  for (const node of of<Node>("Node")) {
    const zone = node.metadata.labels?.[ZONE_LABEL] ?? "";
    const list = byZone.get(zone);
    if (list === undefined) byZone.set(zone, [node]);
    else list.push(node);
  }
  const zones = [...byZone].sort(([a], [b]) => (a < b ? -1 : 1));
  const largest = Math.max(1, ...zones.map(([, nodes]) => nodes.length));
  const across = Math.sqrt((largest * aspect * CELL.pitchY) / CELL.pitchX / Math.max(1, zones.length));
  const columns = Math.max(1, Math.ceil(across));

  const counts = { current: 0, old: 0, silent: 0, down: 0 };
  const cells: Cell[] = [];
  const blocks: Zone[] = [];
  let x = 0;
  let height = 0;
  for (const [zone, nodes] of zones) {
    const w = Math.min(columns, nodes.length) * CELL.pitchX;
    nodes.forEach((node, i) => {
      const { name } = node.metadata;
      const proxy = proxies.get(name);
      const load = loads.get(name);
      const revision = proxy?.syncedRevision ?? 0;
      const state = down.has(name)
        ? "down"
        : proxy?.running !== true
          ? "silent"
          : revision >= wanted
            ? "current"
            : "old";
      counts[state]++;
      cells.push({
        node: name,
        zone,
        ip: nodeInternalIP(node) ?? "",
        podCIDR: node.spec?.podCIDR ?? "",
        pods: load?.pods ?? 0,
        ready: load?.ready ?? 0,
        age: proxy === undefined || revision === 0 ? null : Math.max(0, mirror.now - proxy.syncedAt),
        syncedRevision: revision,
        state,
        x: x + (i % columns) * CELL.pitchX,
        y: CELL.head + Math.floor(i / columns) * CELL.pitchY,
      });
    });
    const h = CELL.head + Math.ceil(nodes.length / columns) * CELL.pitchY;
    blocks.push({ name: zone, rect: rect(x, 0, w, h), count: nodes.length });
    height = Math.max(height, h);
    x += w + CELL.zoneGap;
  }
  return {
    bounds: rect(0, 0, Math.max(1, x - CELL.zoneGap), Math.max(1, height)),
    zones: blocks,
    cells,
    columns,
    wanted,
    counts,
  };
}

/** Index of the cell under a point; -1: none. */
export function cellAt({ zones, columns, cells }: Cells, { x, y }: Point): number {
  let first = 0;
  for (const { rect: box, count } of zones) {
    const column = Math.floor((x - box.x) / CELL.pitchX);
    const row = Math.floor((y - CELL.head) / CELL.pitchY);
    if (x >= box.x && x < box.x + box.w && row >= 0) {
      const i = row * columns + column;
      if (i < count && first + i < cells.length) return first + i;
    }
    first += count;
  }
  return -1;
}

/** The cell that a key leads to from another; the same one where there is none that way. */
export function cellTowards(all: Cells, from: number, key: string): number {
  const start = all.cells[from];
  if (start === undefined) return 0;
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (key === "Home") return 0;
  if (key === "End") return all.cells.length - 1;
  if (step === undefined) return from;
  const [dx = 0, dy = 0] = step;
  const to = { x: start.x + CELL.w / 2 + dx * CELL.pitchX, y: start.y + CELL.h / 2 + dy * CELL.pitchY };
  const near = cellAt(all, to);
  if (near >= 0 || dx === 0) return Math.max(near, near < 0 ? from : 0);
  // Over the gap between two zones.
  const over = cellAt(all, { x: to.x + dx * CELL.zoneGap, y: to.y });
  return over < 0 ? from : over;
}

/** Shade of a node's rules by their age, 0 the youngest to 3: up to one second, ten seconds, a minute, older. */
export function shadeOf(age: number | null): 0 | 1 | 2 | 3 {
  if (age === null || age > 60_000_000) return 3;
  return age <= 1_000_000 ? 0 : age <= 10_000_000 ? 1 : 2;
}

/** All that a cell says, in a line. */
export function cellLabel(cell: Cell): string {
  const rules =
    cell.age === null ? "no rules yet" : `rules of revision ${cell.syncedRevision}, written ${timeText(cell.age)} ago`;
  const state = { current: "", old: ", old rules", silent: ", kube-proxy stopped", down: ", no power" }[cell.state];
  const zone = cell.zone === "" ? "" : `, ${cell.zone}`;
  return `${cell.node}${zone}, ${cell.pods} pods, ${cell.ready} ready, ${rules}${state}`;
}
