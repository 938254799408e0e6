/** Several walks of one request laid side by side, place by place: what stands in one row happens at the same place. */
import { isRelayed } from "../../mirror/joined.ts";
import type { Header, Hop, Walk } from "../../model/trace/types.ts";
import { outcomeGlyph } from "../inspector/glyphs.tsx";
import type { Glyph } from "../inspector/rungs.ts";
import { strandsOf, type Ink, type Strands } from "../inspector/strands.ts";
import { destination, endpoint, hostTitle, mark, OUTCOMES, source } from "../inspector/wording.ts";
import type { HopSelection } from "../state.ts";

export type Leg = HopSelection["leg"];

/** What one walk does at one place. */
export interface Cell {
  readonly hops: readonly Hop[];
  /** One line of what happens here. */
  readonly text: string;
  readonly tone: Ink | "drop" | "plain";
  readonly glyph: Glyph | "process";
  /** The strands with which it comes and goes; null before the first hop and after the last. */
  readonly above: Strands | null;
  readonly below: Strands | null;
}

export interface Row {
  readonly key: string;
  /** As a heading: a host, or a hook of a host. */
  readonly title: string;
  /** The node whose hook this is; null for a row that is a host of its own. */
  readonly node: string | null;
  /** The first hook of its node. */
  readonly opens: boolean;
  /** Per walk; null: it does not come by here. */
  readonly cells: readonly (Cell | null)[];
  /** Strands that run past where a walk does not come by. */
  readonly past: readonly (Strands | null)[];
  readonly differs: boolean;
}

interface Stay {
  readonly key: string;
  readonly place: Hop["place"];
  readonly hops: readonly Hop[];
}

const CHANGES: ReadonlySet<Hop["verdict"]> = new Set(["dnat", "snat", "undo-dnat", "undo-snat", "drop", "reject"]);

/** The order of places within a host; a second routing comes after what was delivered to the host went out of it again. */
const ORDER = [
  "client",
  "PREROUTING",
  "routing",
  "INPUT",
  "kube-proxy process",
  "routing again",
  "OUTPUT",
  "FORWARD",
  "POSTROUTING",
  "link",
] as const;

type Slot = (typeof ORDER)[number];

/** Stays on hosts, in order. The host that answers is one place in every walk, whichever pod it is. */
function staysOf(walk: Walk, leg: Leg): readonly Stay[] {
  const hops = leg === "request" ? walk.hops : walk.reply;
  const stays: { place: Hop["place"]; hops: Hop[] }[] = [];
  for (const hop of hops) {
    const last = stays.at(-1);
    if (last?.place === hop.place) last.hops.push(hop);
    else stays.push({ place: hop.place, hops: [hop] });
  }
  const server =
    leg === "request" ? (walk.outcome === "delivered" ? walk.hops.at(-1)?.place : undefined) : hops[0]?.place;
  const seen = new Map<string, number>();
  return stays.map(({ place, hops: own }) => {
    const count = (seen.get(place) ?? 0) + 1;
    seen.set(place, count);
    const isServer = place === server && place.startsWith("pod/");
    return { key: isServer ? "server" : `${place} ${String(count)}`, place, hops: own };
  });
}

function slotOf(hop: Hop, before: readonly Slot[]): Slot {
  if (isRelayed(hop)) return "kube-proxy process";
  const hook = /^hook:\w+\/(\w+)$/.exec(hop.stage)?.[1] ?? (hop.stage === "conntrack" ? hop.label : undefined);
  if (hook !== undefined && (ORDER as readonly string[]).includes(hook)) return hook as Slot;
  if (hop.stage === "socket") return "kube-proxy process";
  if (hop.stage === "route") return before.includes("INPUT") || before.includes("OUTPUT") ? "routing again" : "routing";
  if (hop.stage === "link" || hop.stage === "tunnel") return "link";
  return before.at(-1) ?? "client";
}

/** All keys in one order: each list keeps its own, and what only one has comes after what it follows there. */
function merged<T>(lists: readonly (readonly T[])[]): readonly T[] {
  const all: T[] = [];
  for (const list of lists) {
    let at = 0;
    for (const one of list) {
      const known = all.indexOf(one);
      if (known >= 0) at = known + 1;
      else all.splice(at++, 0, one);
    }
  }
  return all;
}

/** The walks of one request, one leg of each, in rows. Walks through a relay come {@link joined}. */
export function rowsOf(walks: readonly Walk[], leg: Leg): readonly Row[] {
  const all = walks.map((walk) => staysOf(walk, leg));
  const strands = walks.map((walk) => strandsOf(walk)[leg]);
  const hopsOf = (i: number): readonly Hop[] => (leg === "request" ? walks[i]?.hops : walks[i]?.reply) ?? [];
  const after = (i: number, hop: Hop | undefined): Strands | null =>
    hop === undefined ? null : (strands[i]?.[hop.index] ?? null);
  const rows: Row[] = [];
  /** The last hop that each walk has come to. */
  const come: (Hop | undefined)[] = walks.map(() => undefined);

  const add = (row: Pick<Row, "key" | "title" | "node" | "opens">, found: readonly (readonly Hop[])[]): void => {
    const before = [...come];
    const cells = found.map((hops, i): Cell | null => {
      const [first] = hops;
      const last = hops.at(-1);
      const walk = walks[i];
      if (first === undefined || last === undefined || walk === undefined) return null;
      come[i] = last;
      const ends = last === hopsOf(i).at(-1);
      return {
        hops,
        ...said(walk, leg, hops, ends),
        above: after(i, before[i]),
        below: ends ? null : after(i, last),
      };
    });
    const past = walks.map((_, i) => {
      const hop = before[i];
      return hop === undefined || hop === hopsOf(i).at(-1) ? null : after(i, hop);
    });
    const differs = new Set(cells.map((cell) => cell?.text ?? "")).size > 1;
    rows.push({ ...row, cells, past, differs });
  };

  for (const key of merged(all.map((stays) => stays.map((stay) => stay.key)))) {
    const stays = all.map((list) => list.find((stay) => stay.key === key));
    const place = stays.find((stay) => stay !== undefined)?.place ?? "router/underlay";
    const hops = stays.map((stay) => stay?.hops ?? []);
    const zoomed =
      place.startsWith("node/") && hops.some((own) => own.some((hop) => CHANGES.has(hop.verdict) || isRelayed(hop)));
    if (!zoomed) {
      add({ key, title: key === "server" ? serverTitle(stays) : hostTitle(place), node: null, opens: false }, hops);
      continue;
    }
    const slots = hops.map((own) => {
      const list: Slot[] = [];
      return own.map((hop) => {
        const slot = slotOf(hop, list);
        list.push(slot);
        return slot;
      });
    });
    let opens = true;
    for (const slot of ORDER) {
      const found = hops.map((own, i) => own.filter((_, k) => slots[i]?.[k] === slot));
      // The wire is told by the next host, unless the packet ends on it.
      if (found.every((own) => own.length === 0)) continue;
      if (slot === "link" && found.every((own) => own.every((hop) => hop.verdict === "continue"))) {
        found.forEach((own, i) => (come[i] = own.at(-1) ?? come[i]));
        continue;
      }
      const title = slot === "client" ? hostTitle(place) : slot;
      add({ key: `${key} ${slot}`, title, node: place.slice("node/".length), opens }, found);
      opens = false;
    }
  }
  return rows;
}

function serverTitle(stays: readonly (Stay | undefined)[]): string {
  const places = new Set(stays.flatMap((stay) => stay?.place ?? []));
  const [first] = places;
  return places.size === 1 && first !== undefined ? hostTitle(first) : "pod";
}

const short = (header: Header): string => `${header.src} → ${destination(header)}`;

/** What happens at a place, in one line; the most telling of its hops gives tone and shape. */
function said(walk: Walk, leg: Leg, hops: readonly Hop[], ends: boolean): Pick<Cell, "text" | "tone" | "glyph"> {
  const [first] = hops;
  const plain: Ink = leg === "request" ? "request" : walk.outcome === "delivered" ? "reply" : "reject";
  if (first === undefined) return { text: "", tone: "plain", glyph: "ring" };
  const relayed = hops.find(isRelayed);
  if (relayed !== undefined) {
    const text = leg === "request" ? "accepts, dials a second time" : "passes the answer on";
    return { text, tone: leg === "request" ? "snat" : plain, glyph: "process" };
  }
  const last = hops.at(-1) ?? first;
  const telling = hops.findLast((hop) => CHANGES.has(hop.verdict));
  if (telling !== undefined) {
    switch (telling.verdict) {
      case "dnat":
        return {
          text: `${/REDIRECT/.test(telling.rule?.text ?? "") ? "REDIRECT" : "dst"} ${destination(telling.after)}`,
          tone: "dnat",
          glyph: "dnat",
        };
      case "snat":
        return { text: `src ${telling.after.src}`, tone: "snat", glyph: "snat" };
      case "undo-dnat":
        return { text: `src ${source(telling.after)} again`, tone: "dnat", glyph: "undo-dnat" };
      case "undo-snat":
        return { text: `dst ${telling.after.dst} again`, tone: "snat", glyph: "undo-snat" };
      case "drop":
        return { text: "drops it without a word", tone: "drop", glyph: "dropped" };
      default:
        return { text: "REJECT, and says so", tone: "reject", glyph: "refused" };
    }
  }
  if (ends && leg === "request") {
    if (last.verdict === "deliver") return { text: `sees ${last.before.src}`, tone: "reply", glyph: "delivered" };
    if (last.verdict === "lost") return { text: "no answer", tone: "drop", glyph: "dropped" };
    if (last.verdict === "refuse") return { text: "refuses: nothing listens", tone: "reject", glyph: "refused" };
  }
  if (ends) {
    return { text: OUTCOMES[walk.outcome], tone: plain, glyph: outcomeGlyph(walk.outcome) };
  }
  if (first.stage === "client") return { text: short(first.after), tone: plain, glyph: "start" };
  if (leg === "reply" && first.index === 0) {
    return { text: `answers ${endpoint(first.after.dst, 0)}`, tone: plain, glyph: "start" };
  }
  return { text: passing(hops), tone: "plain", glyph: "ring" };
}

function passing(hops: readonly Hop[]): string {
  const marked = hops.find((hop) => hop.before.mark !== hop.after.mark && hop.after.mark !== 0);
  const set = hops
    .flatMap((hop) => hop.steps)
    .findLast((step) => step.matched && step.rule.text.includes("--match-set"));
  const name = /--match-set (\S+)/.exec(set?.rule.text ?? "")?.[1];
  const parts = [
    ...(marked === undefined ? [] : [`mark ${mark(marked.after.mark)}`]),
    ...(name === undefined ? [] : [`in set ${name}`]),
  ];
  if (parts.length > 0) return parts.join(", ");
  const route = hops.find((hop) => hop.stage === "route");
  const hooks = hops.filter((hop) => hop.stage.startsWith("hook:"));
  if (hooks.length > 0) {
    if (hooks.some((hop) => hop.verdict === "accept")) return "ACCEPT";
    return hooks.some((hop) => hop.stage === "hook:nat/POSTROUTING") ? "passes, no SNAT" : "passes";
  }
  if (route === undefined) return hops[0]?.stage === "conntrack" ? "known connection, passes" : "passes";
  const via = /via (\S+?)\.?$/.exec(route.note)?.[1];
  if (via !== undefined) return `via ${via}`;
  const out = /straight out of (\S+?)[\s.,]/.exec(route.note)?.[1];
  if (out !== undefined) return `out of ${out}`;
  return route.note.endsWith("itself.") ? "local" : "passes";
}
