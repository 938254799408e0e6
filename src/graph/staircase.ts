import type { Hop, RuleStep, Verdict, Walk } from "../model/trace/types.ts";
import { rect, type Point, type Rect } from "./geometry.ts";
import { rewriteOf, type Tint, type TintChange } from "./path.ts";
import { arcAt, flatten, segmentsOf, type Ribbon } from "./ribbon.ts";
import { matchText, targetText } from "./ruleText.ts";
import { visitsOf, type Leg } from "./visits.ts";

/** A rule of a chain that the packet never came to, as a listing of the node's rules shows it. */
export interface UnreachedRule {
  readonly chain: string;
  readonly position: number;
  readonly text: string;
}

export type RowKind = "matched" | "looked" | "unreached" | "skipped" | "plain";
export type RowTone = "plain" | "mark" | "dnat" | "snat" | "reject" | "drop";

export interface StairRow {
  readonly rect: Rect;
  readonly kind: RowKind;
  readonly tone: RowTone;
  /** What the rule asks for, or the sentence of a hop without rules. */
  readonly match: string;
  /** Where it sends the packet. */
  readonly target: string;
  /** Why it matched or did not. Empty when a bracket says it for several rows. */
  readonly remark: string;
  readonly note: string;
}

export interface StairBox {
  readonly id: string;
  readonly rect: Rect;
  readonly label: string;
  /** The chain goes on here after a call into another one. */
  readonly continued: boolean;
  readonly rows: readonly StairRow[];
  readonly hop: Hop;
}

export interface StairBracket {
  readonly y1: number;
  readonly y2: number;
  readonly text: string;
}

export interface StairMark {
  readonly point: Point;
  readonly kind: "ring" | "dnat" | "snat" | "undo-dnat" | "undo-snat" | "mark" | "reject" | "drop";
}

/** One node's rules as a packet falls through them, top to bottom, each call one step to the right. */
export interface Staircase {
  readonly leg: Leg;
  readonly hops: readonly Hop[];
  readonly height: number;
  readonly boxes: readonly StairBox[];
  readonly brackets: readonly StairBracket[];
  readonly marks: readonly StairMark[];
  readonly ribbon: Ribbon;
  readonly source: readonly TintChange[];
  readonly destination: readonly TintChange[];
  /** Chains whose later rules may be listed as not reached: the last rule looked at in each. */
  readonly ends: readonly { readonly chain: string; readonly position: number }[];
}

const STEP = 26;
const LEFT = 16;
const LINE = 14;
const TOP = 58;
const ROW = 24;
const TALL = 38;
const HEAD = 20;
const PAD = 5;
const GAP = 12;
const CHAR = 6.3;
const LINE_HEIGHT = 15;
export const STAIR_TEXT = 44;

export interface StairOptions {
  /** Room for boxes, without the column of remarks. */
  readonly width: number;
  readonly unreached?: readonly UnreachedRule[];
}

/** The stay of the packet on one node around `hop`; null when that hop is on no node. */
export function staircaseOf(walk: Walk, leg: Leg, index: number, options: StairOptions): Staircase | null {
  const hop = (leg === "request" ? walk.hops : walk.reply)[index];
  if (hop === undefined || !hop.place.startsWith("node/")) return null;
  const visit = visitsOf(walk, () => true).find((v) => v.leg === leg && v.hops.includes(hop));
  if (visit === undefined) return null;
  const hops = visit.hops.filter((h) => h.stage !== "link" || h === hop);
  const detailed =
    hop.steps.length > 0
      ? hop
      : (hops.find((h) => rewriteOf(h).destination && h.steps.length > 0) ?? hops.find((h) => h.steps.length > 1));
  const boxes: StairBox[] = [];
  const brackets: StairBracket[] = [];
  let y = TOP;
  for (const one of hops) {
    const made = one === detailed ? chains(one, y, options, brackets) : [compact(one, y, options)];
    boxes.push(...made);
    y = (made.at(-1)?.rect.y ?? y) + (made.at(-1)?.rect.h ?? 0) + GAP;
  }
  return {
    leg,
    hops,
    height: y + 40,
    boxes,
    brackets,
    ...lineOf(walk, leg, hops, boxes, y + 16),
    ends: endsOf(detailed),
  };
}

function boxAt(depth: number, y: number, h: number, width: number): Rect {
  const x = LEFT + Math.min(depth, 5) * STEP;
  return rect(x, y, Math.max(260, width - x), h);
}

function compact(hop: Hop, y: number, { width }: StairOptions): StairBox {
  const at = boxAt(0, y, HEAD + TALL + PAD, width);
  const rule = hop.rule ?? hop.steps.findLast((s) => s.matched)?.rule ?? null;
  const row: StairRow = {
    rect: rect(at.x, y + HEAD, at.w, TALL),
    kind: "plain",
    tone: HOP_TONES[hop.verdict] ?? "plain",
    match: rule === null ? "" : matchText(rule.text),
    target: rule === null ? "" : targetText(rule.text),
    remark: "",
    note: hop.note,
  };
  return { id: `hop ${String(hop.index)}`, rect: at, label: labelOf(hop), continued: false, rows: [row], hop };
}

function labelOf(hop: Hop): string {
  const hook = /^hook:(\w+)\/(\w+)$/.exec(hop.stage);
  if (hook === null) return hop.stage === "route" ? "routing" : hop.label;
  return `${hook[2] ?? ""} ${hook[1] ?? ""}`;
}

interface Run {
  readonly chain: string;
  readonly depth: number;
  readonly steps: readonly RuleStep[];
}

/** Steps in a row that belong to one stay in one chain. */
function runsOf(hop: Hop): readonly Run[] {
  const runs: { chain: string; depth: number; steps: RuleStep[] }[] = [];
  for (const step of hop.steps) {
    const last = runs.at(-1);
    if (last !== undefined && last.chain === step.rule.chain && last.depth === step.depth) last.steps.push(step);
    else runs.push({ chain: step.rule.chain, depth: step.depth, steps: [step] });
  }
  return runs;
}

function chains(hop: Hop, top: number, options: StairOptions, brackets: StairBracket[]): readonly StairBox[] {
  const runs = runsOf(hop);
  const seen = new Set<string>();
  let y = top;
  return runs.map((run, i): StairBox => {
    const continued = seen.has(`${run.chain} ${String(run.depth)}`);
    seen.add(`${run.chain} ${String(run.depth)}`);
    const again = runs.slice(i + 1).some((r) => r.chain === run.chain && r.depth === run.depth);
    const lastSeen = run.steps.at(-1)?.rule.position ?? 0;
    const skipped = hop.skipped.filter((s) => s.chain === run.chain && !continued);
    const rest =
      again || run.depth === 0
        ? []
        : (options.unreached ?? []).filter((u) => u.chain === run.chain && u.position > lastSeen);
    const box = boxAt(run.depth, y, 0, options.width);
    let rowY = y + HEAD;
    const rows: StairRow[] = [];
    const add = (row: Omit<StairRow, "rect">): void => {
      const room = (box.w - STAIR_TEXT - 24) / CHAR;
      const lines = Math.ceil(row.match.length / room) + (row.target === "" ? 0 : 1);
      const h = row.match.length + row.target.length <= room ? ROW : ROW - LINE_HEIGHT + lines * LINE_HEIGHT;
      rows.push({ ...row, rect: rect(box.x, rowY, box.w, h) });
      rowY += h;
    };
    for (const s of skipped)
      add({
        kind: "skipped",
        tone: "plain",
        match: `rules ${String(s.from)} to ${String(s.to)}, none matches`,
        target: "",
        remark: "",
        note: "",
      });
    for (const step of run.steps)
      add({
        kind: step.matched ? "matched" : "looked",
        tone: toneOfStep(step),
        match: matchText(step.rule.text),
        target: targetText(step.rule.text),
        remark: remarkOf(step, run),
        note: step.effect ?? "",
      });
    const shown = rest.length > 3 ? rest.slice(0, 2) : rest;
    for (const rule of shown)
      add({
        kind: "unreached",
        tone: "plain",
        match: matchText(rule.text),
        target: targetText(rule.text),
        remark: "not reached",
        note: "",
      });
    if (rest.length > shown.length)
      add({
        kind: "unreached",
        tone: "plain",
        match: `${String(rest.length - shown.length)} more rules`,
        target: "",
        remark: "not reached",
        note: "",
      });
    const h = rowY - y + PAD;
    y = rowY + PAD + GAP;
    return {
      id: `${String(hop.index)} ${String(i)}`,
      rect: { ...box, h },
      label: run.depth === 0 ? `${run.chain} ${run.steps[0]?.rule.table ?? ""}`.trim() : run.chain,
      continued,
      rows: bracketed(rows, brackets),
      hop,
    };
  });
}

function remarkOf(step: RuleStep, run: Run): string {
  if (step.draw !== undefined) return step.because;
  // "dst is 10.0.0.9, not 10.96.0.1": the rule beside it says what it wanted.
  if (!step.matched) return step.because.split(", not ")[0] ?? "";
  return run.steps.length > 1 && step.depth > 0 ? "matches" : "";
}

/** Three rows or more that failed for one and the same reason share a bracket. */
function bracketed(rows: readonly StairRow[], brackets: StairBracket[]): readonly StairRow[] {
  const out = [...rows];
  let from = 0;
  while (from < out.length) {
    const first = out[from];
    let to = from;
    while (
      first !== undefined &&
      first.kind === "looked" &&
      out[to + 1]?.kind === "looked" &&
      out[to + 1]?.remark === first.remark
    )
      to++;
    const last = out[to];
    if (first !== undefined && last !== undefined && to - from >= 2) {
      brackets.push({
        y1: first.rect.y + 5,
        y2: last.rect.y + last.rect.h - 5,
        text: `${first.remark}, so none of these ${String(to - from + 1)}`,
      });
      for (let k = from; k <= to; k++) {
        const row = out[k];
        if (row !== undefined) out[k] = { ...row, remark: "" };
      }
    }
    from = to + 1;
  }
  return out;
}

function toneOfStep(step: RuleStep): RowTone {
  if (!step.matched) return "plain";
  const target = targetText(step.rule.text).split(" ")[0] ?? "";
  if (target === "MARK") return "mark";
  if (target === "DNAT" || target === "REDIRECT") return "dnat";
  if (target === "MASQUERADE" || target === "SNAT") return "snat";
  if (target === "REJECT") return "reject";
  if (target === "DROP") return "drop";
  return step.draw !== undefined ? "dnat" : "plain";
}

const HOP_TONES: Partial<Record<Verdict, RowTone>> = {
  dnat: "dnat",
  "undo-dnat": "dnat",
  snat: "snat",
  "undo-snat": "snat",
  reject: "reject",
  refuse: "reject",
  drop: "drop",
  lost: "drop",
};

function endsOf(hop: Hop | undefined): Staircase["ends"] {
  if (hop === undefined) return [];
  const last = new Map<string, number>();
  for (const { rule } of hop.steps) last.set(rule.chain, Math.max(last.get(rule.chain) ?? 0, rule.position));
  return [...last].map(([chain, position]) => ({ chain, position }));
}

/** The strands through the boxes: in the gaps the line moves over to the next box's own line. */
function lineOf(
  walk: Walk,
  leg: Leg,
  hops: readonly Hop[],
  boxes: readonly StairBox[],
  end: number,
): Pick<Staircase, "marks" | "ribbon" | "source" | "destination"> {
  const points: Point[] = [];
  const marks: StairMark[] = [];
  const at: { readonly u: number; readonly hop: Hop }[] = [];
  let u = 0;
  const to = (x: number, y: number): number => {
    const last = points.at(-1);
    if (last !== undefined) u += Math.abs(x - last.x) + Math.abs(y - last.y);
    points.push({ x, y });
    return u;
  };
  const first = boxes[0];
  to((first?.rect.x ?? LEFT) + LINE, 30);
  boxes.forEach((box, i) => {
    const x = box.rect.x + LINE;
    const before = boxes[i - 1];
    if (before !== undefined) {
      const middle = box.rect.y - GAP / 2;
      to(before.rect.x + LINE, middle);
      to(x, middle);
    }
    for (const row of box.rows) {
      if (row.kind !== "matched" && row.kind !== "plain") continue;
      const y = row.rect.y + Math.min(row.rect.h, ROW) / 2;
      const here = to(x, y);
      const kind = markOf(row, box);
      marks.push({ point: { x, y }, kind });
      const deciding = row.kind === "plain" || row === box.rows.findLast((r) => r.kind === "matched");
      if (deciding && boxes[i + 1]?.hop !== box.hop) at.push({ u: here, hop: box.hop });
    }
  });
  const last = hops.at(-1);
  const stopped = last !== undefined && ["drop", "reject", "refuse", "lost"].includes(last.verdict);
  const lastBox = boxes.at(-1);
  if (!stopped && lastBox !== undefined) {
    to(lastBox.rect.x + LINE, Math.max(end - 8, lastBox.rect.y + lastBox.rect.h + 10));
  }
  const ribbon = flatten(segmentsOf(points), [], points[0] ?? { x: 0, y: 0 });
  const before = tintsBefore(walk, leg, hops[0]);
  const source: TintChange[] = [{ s: 0, tint: before.source }];
  const destination: TintChange[] = [{ s: 0, tint: before.destination }];
  const plain: Tint = leg === "request" ? "request" : walk.outcome === "delivered" ? "reply" : "reject";
  for (const { hop, u: here } of at) {
    const changed = rewriteOf(hop);
    const s = arcAt(ribbon, here);
    if (changed.source) source.push({ s, tint: leg === "request" ? "snat" : plain });
    if (changed.destination) destination.push({ s, tint: leg === "request" ? "dnat" : plain });
  }
  return { marks, ribbon, source, destination };
}

function markOf(row: StairRow, box: StairBox): StairMark["kind"] {
  if (row.tone === "mark") return "mark";
  if (row.tone === "reject" || row.tone === "drop") return row.tone;
  const undone = box.hop.verdict.startsWith("undo-");
  if (row.tone === "snat") return undone ? "undo-snat" : "snat";
  if (row.tone === "dnat" && (row.kind === "plain" || /^(?:DNAT|REDIRECT)/.test(row.target)))
    return undone ? "undo-dnat" : "dnat";
  return "ring";
}

/** The colours with which the packet comes to this node. */
function tintsBefore(
  walk: Walk,
  leg: Leg,
  first: Hop | undefined,
): { readonly source: Tint; readonly destination: Tint } {
  let dnat = 0;
  let snat = 0;
  for (const hop of walk.hops) {
    if (leg === "request" && hop === first) break;
    const changed = rewriteOf(hop);
    if (changed.source) snat++;
    if (changed.destination) dnat++;
  }
  if (leg === "request") return { source: snat > 0 ? "snat" : "request", destination: dnat > 0 ? "dnat" : "request" };
  for (const hop of walk.reply) {
    if (hop === first) break;
    const changed = rewriteOf(hop);
    if (changed.source) dnat--;
    if (changed.destination) snat--;
  }
  const plain: Tint = walk.outcome === "delivered" ? "reply" : "reject";
  return { source: dnat > 0 ? "dnat" : plain, destination: snat > 0 ? "snat" : plain };
}
