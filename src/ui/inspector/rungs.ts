/** The mirror ladder: rungs are places, the request goes down the left rail, the reply up the right. Pure. */
import { isRelayed } from "../../mirror/joined.ts";
import type { Hop, HostId, Walk } from "../../model/trace/types.ts";
import { destination, hostTitle, source } from "./wording.ts";
import { strandsOf, type Strands } from "./strands.ts";

/** A shape on a rail. Verdicts differ by shape, never by colour alone. */
export type Glyph =
  "start" | "ring" | "dnat" | "snat" | "undo-dnat" | "undo-snat" | "end" | "delivered" | "refused" | "dropped";

export type Tone = "plain" | "dnat" | "snat" | "reject" | "drop";

/** One half of a rung: what request or reply do at this place. */
export interface RungSide {
  /** The hop that the side stands for; the others are folded into it. */
  readonly lead: Hop;
  readonly hops: readonly Hop[];
  readonly title: string;
  readonly fact: string;
  readonly tone: Tone;
  readonly glyph: Glyph;
}

export interface Rung {
  readonly id: string;
  readonly place: HostId;
  readonly title: string;
  readonly request: RungSide | null;
  readonly reply: RungSide | null;
  /** The reply goes by without touching this place. */
  readonly passedBy: boolean;
  /** Strands on the left and right rail between this rung and the one below; null where no packet goes. */
  readonly below: { readonly request: Strands | null; readonly reply: Strands | null };
}

const REWRITES: ReadonlySet<string> = new Set(["dnat", "snat", "undo-dnat", "undo-snat"]);
const ENDINGS: ReadonlySet<string> = new Set(["drop", "reject", "refuse", "lost", "deliver"]);
const FAILURES: ReadonlySet<string> = new Set(["drop", "reject", "refuse", "lost"]);

const rewrites = (hop: Hop): boolean => REWRITES.has(hop.verdict);
const isKey = (hop: Hop): boolean =>
  rewrites(hop) || ENDINGS.has(hop.verdict) || hop.stage === "client" || hop.stage === "socket" || hop.stage === "lb";

/** Consecutive hops on one host. */
function visits(hops: readonly Hop[]): readonly (readonly Hop[])[] {
  const result: Hop[][] = [];
  for (const hop of hops) {
    const last = result.at(-1);
    if (last !== undefined && last[0]?.place === hop.place) last.push(hop);
    else result.push([hop]);
  }
  return result;
}

/**
 * Splits a visit into rungs. Hops that rewrite, end or begin the walk lead one each; what happens before them folds into them
 * and so does what follows, except that routing after a rewrite stands by itself. On a host that stops the packet
 * nothing folds away before the end: why it came to that is the story.
 */
function splitVisit(visit: readonly Hop[]): readonly { readonly lead: Hop; readonly hops: readonly Hop[] }[] {
  const stopped = visit.some((hop) => FAILURES.has(hop.verdict));
  const groups: { lead: Hop; hops: Hop[] }[] = [];
  let waiting: Hop[] = [];
  const open = (hop: Hop): void => {
    groups.push({ lead: hop, hops: [...waiting, hop] });
    waiting = [];
  };
  for (const hop of visit) {
    const current = groups.at(-1);
    const hasRules = hop.stage.startsWith("hook:") || hop.stage === "policy";
    const telling = hop.stage === "route" || (hasRules && hop.considered > 0);
    if (isKey(hop)) open(hop);
    else if (hop.stage === "route" && current !== undefined && rewrites(current.lead)) open(hop);
    else if (stopped && telling && (current === undefined || current.lead.stage !== "client")) open(hop);
    else if (current === undefined) waiting.push(hop);
    else current.hops.push(hop);
  }
  const first = visit[0];
  if (groups.length === 0 && first !== undefined)
    return [{ lead: visit.find((hop) => hop.stage === "route") ?? first, hops: visit }];
  return groups;
}

interface Draft {
  readonly place: HostId;
  request: { readonly lead: Hop; readonly hops: readonly Hop[] } | null;
  reply: Hop[];
}

/** A router that only routes is part of the way, not a place: its hops belong to whoever sent the packet there. */
const inPassing = (visit: readonly Hop[]): boolean =>
  visit[0]?.place.startsWith("router/") === true && !visit.some(isKey);

function requestDrafts(walk: Walk): Draft[] {
  const drafts: Draft[] = [];
  for (const visit of visits(walk.hops)) {
    const last = drafts.at(-1);
    if (last !== undefined && last.request !== null && inPassing(visit)) {
      last.request = { lead: last.request.lead, hops: [...last.request.hops, ...visit] };
      continue;
    }
    for (const group of splitVisit(visit)) drafts.push({ place: group.lead.place, request: group, reply: [] });
  }
  return drafts;
}

/** Puts every reply hop on the rung it mirrors, else on the nearest one of its host on the way up, else on one of its own. */
function placeReply(drafts: Draft[], walk: Walk): void {
  let current = drafts.length;
  for (const hop of walk.reply) {
    const passing = hop.place.startsWith("router/") && !isKey(hop) && current < drafts.length;
    // An answer begins where the request ended, be it a socket or the hook that refused.
    const turning = hop.index === 0 && drafts.at(-1)?.place === hop.place;
    const at = turning ? drafts.length - 1 : passing ? current : rungFor(drafts, hop, current);
    if (at >= 0) {
      drafts[at]?.reply.push(hop);
      current = at;
      continue;
    }
    drafts.splice(current, 0, { place: hop.place, request: null, reply: [hop] });
  }
}

function rungFor(drafts: readonly Draft[], hop: Hop, current: number): number {
  const upTo = Math.min(current, drafts.length - 1);
  if (hop.mirrors !== null) {
    // Links face each other across hosts; a rung belongs to one.
    const at = drafts.findIndex(
      (d) => d.request?.hops.some((h) => h.index === hop.mirrors && h.place === hop.place) === true,
    );
    if (at >= 0 && at <= upTo) return at;
  }
  const here = drafts[current];
  if (here?.place === hop.place && (hop.stage === "link" || here.request?.lead.stage === hop.stage)) return current;
  for (let i = upTo; i >= 0; i--) {
    const lead = drafts[i]?.request?.lead;
    if (drafts[i]?.place === hop.place && lead !== undefined && lead.stage === hop.stage && lead.label === hop.label)
      return i;
  }
  if (here?.place === hop.place) return current;
  for (let i = upTo; i >= 0; i--) if (drafts[i]?.place === hop.place) return i;
  return -1;
}

function requestGlyph(hop: Hop, first: boolean): Glyph {
  if (hop.verdict === "dnat" || hop.verdict === "snat" || hop.verdict === "undo-dnat" || hop.verdict === "undo-snat")
    return hop.verdict;
  if (hop.verdict === "reject" || hop.verdict === "refuse") return "refused";
  if (hop.verdict === "drop" || hop.verdict === "lost") return "dropped";
  if (hop.verdict === "deliver") return "end";
  return first ? "start" : "ring";
}

function replyGlyph(hop: Hop, hops: readonly Hop[], walk: Walk): Glyph {
  if (hop.verdict === "dnat" || hop.verdict === "snat" || hop.verdict === "undo-dnat" || hop.verdict === "undo-snat")
    return hop.verdict;
  const last = walk.reply.at(-1);
  if (last !== undefined && hops.includes(last)) {
    if (walk.outcome === "delivered") return "delivered";
    return last.verdict === "drop" || last.verdict === "lost" ? "dropped" : "refused";
  }
  return hops.some((h) => h.index === 0) ? "start" : "ring";
}

const TONES: Partial<Record<Hop["verdict"], Tone>> = {
  dnat: "dnat",
  "undo-dnat": "dnat",
  snat: "snat",
  "undo-snat": "snat",
  reject: "reject",
  refuse: "reject",
  drop: "drop",
  lost: "drop",
};

/** The interfaces a packet crosses on its way through a host: "eth0 to cni0". */
function crossing(hops: readonly Hop[]): string {
  const names = hops.flatMap((hop) => (hop.iface === null ? [] : [hop.iface]));
  const into = names[0];
  const out = names.at(-1);
  if (into === undefined || out === undefined) return "";
  return into === out ? `in and out of ${into}` : `${into} to ${out}`;
}

/** The gateway of a route hop, when its sentence names one. */
function gateway(hop: Hop): string | null {
  return /\bvia ([0-9a-f.:]*[0-9a-f])/i.exec(hop.note)?.[1] ?? null;
}

/** Where routing sends the packet: to a gateway, out of an interface, or up to a process of this host. */
function routeFact(lead: Hop, leg: readonly Hop[]): string {
  const via = gateway(lead);
  if (via !== null) return `via ${via}`;
  for (const hop of leg.slice(lead.index)) {
    if (hop.place !== lead.place || hop.stage === "socket") break;
    if (hop.stage === "link") return hop.iface === null ? "" : `out ${hop.iface}`;
  }
  return "for this host";
}

function requestFact(lead: Hop, hops: readonly Hop[], walk: Walk): string {
  switch (lead.verdict) {
    case "dnat":
    case "undo-snat":
      return `dst ${destination(lead.after)}`;
    case "snat":
    case "undo-dnat":
      return `src ${source(lead.after)}`;
    case "reject":
    case "drop":
    case "refuse":
    case "lost":
      return ending(lead);
    case "deliver":
      return `sees ${lead.after.src}`;
    default:
  }
  if (lead.stage === "client") return `dst ${destination(lead.after)}`;
  if (lead.stage === "lb") return sameEnds(lead) ? "header kept" : `dst ${destination(lead.after)}`;
  if (lead.stage.startsWith("hook:") || lead.stage === "policy")
    return lead.considered > 0 ? `${lead.considered} looked at, ${lead.matched} matched` : "no rule here";
  return lead.stage === "route" ? routeFact(lead, walk.hops) : crossing(hops);
}

const sameEnds = (hop: Hop): boolean =>
  source(hop.before) === source(hop.after) && destination(hop.before) === destination(hop.after);

function ending(hop: Hop): string {
  if (hop.verdict === "reject") return hop.rule?.target === "REJECT" ? `${hop.rule.chain}: REJECT` : "rejected";
  if (hop.verdict === "drop") return hop.rule?.target === "DROP" ? `${hop.rule.chain}: DROP` : "dropped";
  if (hop.verdict === "refuse") return `refused on ${destination(hop.after)}`;
  return "the line ends here";
}

function replyFact(lead: Hop, hops: readonly Hop[], walk: Walk, alone: boolean): string {
  switch (lead.verdict) {
    case "undo-dnat":
    case "snat":
      return `src ${source(lead.after)}`;
    case "undo-snat":
    case "dnat":
      return `dst ${destination(lead.after)}`;
    case "drop":
    case "lost":
      return ending(lead);
    default:
  }
  const last = walk.reply.at(-1);
  if (last !== undefined && hops.includes(last)) {
    const error = lead.after.protocol === "icmp" && walk.request.protocol !== "icmp";
    return `${error ? "ICMP error from" : "from"} ${source(lead.after)}`;
  }
  if (hops.some((hop) => hop.index === 0)) return `to ${destination(lead.after)}`;
  if (lead.stage === "lb") return sameEnds(lead) ? "header kept" : `src ${source(lead.after)}`;
  return lead.stage === "route" && !alone ? routeFact(lead, walk.reply) : crossing(hops);
}

/** Most telling first: what rewrote or ended, then the socket or client, then routing. */
function leadOf(hops: readonly Hop[]): Hop | undefined {
  return (
    hops.find((h) => rewrites(h) || ENDINGS.has(h.verdict)) ??
    hops.find(isKey) ??
    hops.find((h) => h.stage === "route") ??
    hops[0]
  );
}

function rungTitle(place: HostId, lead: Hop, alone: boolean): string {
  const host = hostTitle(place);
  if (lead.stage === "client" && isRelayed(lead))
    return place.startsWith("pod/") ? lead.label : `${host} · ${lead.label}`;
  if (lead.stage === "client" || lead.stage === "lb" || place.startsWith("pod/")) return host;
  if (lead.stage === "socket") return `${host} · socket`;
  return `${host} · ${alone ? "forwarded" : lead.label}`;
}

/** All rungs of a walk, top to bottom. Every hop of request and reply is in exactly one rung. */
export function rungsOf(walk: Walk): readonly Rung[] {
  const drafts = requestDrafts(walk);
  placeReply(drafts, walk);

  const strands = strandsOf(walk);
  const first = drafts.find((d) => d.request !== null)?.request?.lead.index;
  const lastRequest = drafts.findLastIndex((d) => d.request !== null);
  const replying = drafts.flatMap((d, i) => (d.reply.length > 0 ? [i] : []));
  const top = replying[0] ?? Infinity;
  const bottom = replying.at(-1) ?? -Infinity;

  let requestStrands: Strands | null = null;
  const sides = drafts.map((draft, i): Rung => {
    const { request, place } = draft;
    const requestEnd = request?.hops.at(-1);
    if (requestEnd !== undefined) requestStrands = strands.request[requestEnd.index] ?? requestStrands;
    // What runs above a rung on the right rail is what its own reply hops, or those of the next rung below, left.
    const under = drafts
      .slice(i + 1)
      .find((d) => d.reply.length > 0)
      ?.reply.at(-1);
    const replyLead = leadOf(draft.reply);
    const alone =
      request !== null &&
      request.lead.stage !== "client" &&
      !isKey(request.lead) &&
      drafts.filter((d) => d.place === place).length === 1;
    return {
      id: `${i}:${place}`,
      place,
      title:
        request !== null
          ? rungTitle(place, request.lead, alone)
          : replyLead === undefined
            ? hostTitle(place)
            : rungTitle(place, replyLead, false),
      request:
        request === null
          ? null
          : {
              lead: request.lead,
              hops: request.hops,
              title: rungTitle(place, request.lead, alone),
              fact: alone ? crossing(request.hops) : requestFact(request.lead, request.hops, walk),
              tone: TONES[request.lead.verdict] ?? "plain",
              glyph: requestGlyph(request.lead, request.lead.index === first),
            },
      reply:
        replyLead === undefined
          ? null
          : {
              lead: replyLead,
              hops: draft.reply,
              title: rewrites(replyLead) && replyLead.stage !== "lb" ? replyLead.label : "",
              fact: replyFact(replyLead, draft.reply, walk, alone),
              tone: TONES[replyLead.verdict] ?? "plain",
              glyph: replyGlyph(replyLead, draft.reply, walk),
            },
      passedBy: replyLead === undefined && i > top && i < bottom && walk.reply.every((hop) => hop.place !== place),
      below: {
        request: i < lastRequest ? requestStrands : null,
        reply: i >= top && i < bottom && under !== undefined ? (strands.reply[under.index] ?? null) : null,
      },
    };
  });
  return sides;
}

/** The rung a hop stands on; -1 when the walk does not have it. */
export function rungIndexOf(rungs: readonly Rung[], leg: "request" | "reply", index: number): number {
  return rungs.findIndex((rung) => rung[leg]?.hops.some((hop) => hop.index === index) === true);
}
