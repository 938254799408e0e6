import {
  endpointText,
  headerOf,
  icmpError,
  kindText,
  replyTo,
  sourceText,
  destinationText,
  isIcmpError,
} from "./packet.ts";
import type { Header, HookName, Packet, TableName, Verdict } from "../model/trace/types.ts";
import { track, withEntry, withRoom } from "./conntrack.ts";
import { counted, NO_COUNTERS, packetLength } from "./counters.ts";
import { hostName, isLocal } from "./host.ts";
import { type Manip, bind, translate } from "./nat.ts";
import type { HookContext, RecentLists, TableResult } from "./netfilter.ts";
import { lookupRoute } from "./route.ts";
import { type Outcome, type Visit, note, relatedTo } from "./visit.ts";
import { passWorkloads } from "./workloads.ts";

const HOOKS: readonly HookName[] = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];

/** Interfaces and next hop in play at a hook. */
export interface Crossing {
  readonly inInterface: string | null;
  readonly outInterface: string | null;
  readonly nextHop: string | null;
}

function flowOf(visit: Visit): string {
  const t = visit.tracked?.entry.original ?? visit.packet;
  return `${visit.env.flow} ${visit.host.id} ${t.protocol} ${endpointText(t.src, t.sport)}>${endpointText(t.dst, t.dport)}`;
}

/** xt_recent over the visit's state: a set replaces the lists, so the state that came in stays as it was. */
function recentOf(visit: Visit): RecentLists {
  const now = visit.env.now;
  return {
    check(list, ip, seconds) {
      const seen = visit.state.recent[list]?.[ip];
      return seen !== undefined && now - seen <= seconds * 1_000_000;
    },
    set(list, ip) {
      const { recent } = visit.state;
      visit.state = { ...visit.state, recent: { ...recent, [list]: { ...recent[list], [ip]: now } } };
    },
  };
}

/** Runs one table at one hook, or null when nothing is hooked there. The packet keeps the mark that came out. */
function runTable(visit: Visit, table: TableName, hook: HookName, crossing: Crossing): TableResult | null {
  const { rules } = visit.host;
  if (rules === null || !rules.has(table, hook)) return null;
  const context: HookContext = {
    hook,
    packet: visit.packet,
    ctState: visit.ctState,
    ctDnat: visit.tracked?.entry.dnat ?? false,
    ctSnat: visit.tracked?.entry.snat ?? false,
    inInterface: crossing.inInterface,
    outInterface: crossing.outInterface,
    inPort: visit.inPort,
    virtual: visit.tracked?.entry.ipvs === true ? visit.tracked.entry.original : null,
    isLocal: (ip) => isLocal(visit.host, ip),
    flow: flowOf(visit),
    chooser: visit.env.chooser,
    recent: recentOf(visit),
  };
  const result = rules.run(table, context);
  const before = visit.state.counters ?? NO_COUNTERS;
  const counters = counted(before, table, result, packetLength(visit.packet));
  if (counters !== before) visit.state = { ...visit.state, counters };
  if (result.mark !== visit.packet.mark) visit.packet = { ...visit.packet, mark: result.mark };
  return result;
}

/**
 * The address an ICMP error comes from (icmp_send): the one that was dialled when it is this host's own, else that of the
 * interface towards the client.
 */
export function errorSource(visit: Visit, about: Packet): string | null {
  if (isLocal(visit.host, about.dst)) return about.dst;
  const back = lookupRoute(visit.host, about.src);
  return back.kind === "local" || back.kind === "unicast" ? back.source : null;
}

/** What REJECT sends back; an ICMP error is never answered. */
export function reject(
  visit: Visit,
  how: "icmp-port-unreachable" | "tcp-reset" | "icmp-admin-prohibited",
  why: string,
): Outcome {
  const about = visit.packet;
  if (isIcmpError(about)) return { kind: "lost", packet: about, why };
  if (how === "tcp-reset") {
    return { kind: "answer", packet: replyTo(about, { flags: "RST,ACK", icmp: null }), related: relatedTo(visit), why };
  }
  const from = errorSource(visit, about);
  if (from === null) return { kind: "lost", packet: about, why };
  return { kind: "answer", packet: icmpError(about, "port-unreachable", from), related: relatedTo(visit), why };
}

function stayText(visit: Visit): string {
  return visit.ctState === "INVALID"
    ? "conntrack knows no connection that this packet could belong to: INVALID"
    : `the connection is ${visit.ctState}`;
}

/** Why a rule stops the packet: in the words of the rule's origin, else the rule itself. */
function reason(visit: Visit, result: TableResult): string {
  const { rule } = result;
  if (rule === null) return "no rule lets it pass and the chain's policy is DROP.";
  if (visit.ctState === "INVALID") return `${stayText(visit)} (${rule.text}).`;
  return rule.origin === null || rule.origin.why === "" ? `${rule.text}.` : rule.origin.why;
}

/** A table that may only let pass, mark, drop or reject: raw, mangle and filter. */
function gate(visit: Visit, table: TableName, hook: HookName, crossing: Crossing): Outcome | null {
  const before = headerOf(visit.packet);
  const result = runTable(visit, table, hook, crossing);
  if (result === null || (table !== "filter" && result.considered === 0)) return null;
  const iface = crossing.inInterface ?? crossing.outInterface;
  const label =
    result.as?.label ?? (table === "filter" ? (hook === "OUTPUT" ? "OUTPUT filter" : hook) : `${hook} ${table}`);
  const where = result.as?.place ?? `${table} ${hook}`;
  const place = hostName(visit.host.id);
  const stage = `hook:${result.as?.table ?? table}/${hook}` as const;
  const base = { iface, stage, label, before, result };
  const verdict = result.verdict;
  if (verdict.kind === "drop") {
    const why = `${place} drops the packet in ${where}: ${reason(visit, result)}`;
    note(visit, { ...base, verdict: "drop", note: why });
    return { kind: "lost", packet: visit.packet, why };
  }
  if (verdict.kind === "reject") {
    const answer = verdict.with === "tcp-reset" ? "a TCP reset" : `an ICMP ${verdict.with.replace("icmp-", "")}`;
    const why = `${place} rejects the packet in ${where} and answers with ${answer}: ${reason(visit, result)}`;
    note(visit, { ...base, verdict: "reject", note: why });
    return reject(visit, verdict.with, why);
  }
  const because = result.rule?.origin?.why ?? "";
  const how =
    result.rule === null
      ? "no rule objects, so the chain's policy accepts it."
      : because === ""
        ? "a rule accepts it."
        : because;
  note(visit, {
    ...base,
    verdict: result.rule === null ? "continue" : "accept",
    note: `${place} lets the packet pass ${where}: ${how}`,
  });
  return null;
}

interface Rewrite {
  readonly verdict: Verdict;
  readonly words: string;
}

/** Names what changed between two headers at a hook. */
function rewrite(visit: Visit, before: Header, manip: Manip): Rewrite | null {
  const after = visit.packet;
  const undo = visit.tracked?.direction === "reply";
  if (manip === "dst") {
    if (before.dst === after.dst && before.dport === after.dport) return null;
    return undo
      ? { verdict: "undo-snat", words: `sets the destination back to ${destinationText(after)}` }
      : { verdict: "dnat", words: `rewrites the destination ${destinationText(before)} to ${destinationText(after)}` };
  }
  if (before.src === after.src && before.sport === after.sport) return null;
  return undo
    ? { verdict: "undo-dnat", words: `sets the source back to ${sourceText(after)}` }
    : { verdict: "snat", words: `rewrites the source ${sourceText(before)} to ${sourceText(after)}` };
}

/** The nat step of a hook: the rules for the first packet of a connection, the conntrack entry for every other one. */
function nat(visit: Visit, hook: HookName, crossing: Crossing): Outcome | null {
  if (!tracks(visit)) return null;
  const manip: Manip = hook === "PREROUTING" || hook === "OUTPUT" ? "dst" : "src";
  const place = hostName(visit.host.id);
  const before = headerOf(visit.packet);
  const iface =
    (manip === "dst" ? crossing.inInterface : crossing.outInterface) ?? crossing.outInterface ?? crossing.inInterface;
  const { tracked } = visit;
  if (tracked === null) {
    if (hook === "PREROUTING" || hook === "OUTPUT") {
      const text = `${place}: ${stayText(visit)}, so nothing is translated.`;
      note(visit, { iface, stage: "conntrack", label: hook, before, verdict: "continue", note: text });
    }
    return null;
  }
  const fresh = !(manip === "dst" ? tracked.dstDone : tracked.srcDone);
  if (!fresh) {
    visit.packet = translate(visit.packet, tracked, manip);
    const change = rewrite(visit, before, manip);
    if (change === null && hook === "INPUT") return null;
    const known = `${place}'s conntrack knows this connection`;
    const text =
      change !== null
        ? `${known} and ${change.words}; the nat rules are not asked.`
        : `${known}; the nat rules are not asked and there is nothing to translate here.`;
    note(visit, { iface, stage: "conntrack", label: hook, before, verdict: change?.verdict ?? "continue", note: text });
    return null;
  }
  const result = runTable(visit, "nat", hook, crossing);
  if (result !== null && result.verdict.kind === "drop") {
    const why = `${place} drops the packet in nat ${hook}.`;
    note(visit, { iface, stage: `hook:nat/${hook}`, label: hook, before, verdict: "drop", note: why, result });
    return { kind: "lost", packet: visit.packet, why };
  }
  visit.tracked = bind(tracked, manip, result?.verdict ?? { kind: "accept" }, {
    host: visit.host,
    state: visit.state,
    now: visit.env.now,
    chooser: visit.env.chooser,
    flow: flowOf(visit),
    outInterface: manip === "dst" ? crossing.inInterface : crossing.outInterface,
    nextHop: crossing.nextHop,
  });
  visit.packet = translate(visit.packet, visit.tracked, manip);
  if (result === null || (hook === "INPUT" && result.considered === 0)) return null;
  const change = rewrite(visit, before, manip);
  const start =
    manip === "dst"
      ? `First packet of a connection: ${place}'s nat rules are asked once`
      : `${place}'s nat rules are asked once`;
  const interfaceWords =
    result.verdict.kind === "masquerade" ? `, the address of ${crossing.outInterface ?? "the outgoing interface"}` : "";
  const text =
    change === null
      ? `${start}; none of them changes the ${manip === "dst" ? "destination" : "source"}.`
      : `${place} ${change.words}${interfaceWords}; conntrack keeps it for the rest of the connection.`;
  note(visit, {
    iface,
    stage: `hook:nat/${hook}`,
    label: hook,
    before,
    verdict: change?.verdict ?? "continue",
    note: text,
    result,
  });
  return null;
}

/**
 * Connection tracking is hooked in only where some rule needs it (nf_ct_netns_get); kube-proxy's always do. Without it nat is never
 * asked: its table is called for packets of connections (nf_nat_inet_fn).
 */
function tracks({ host: { rules, workloads } }: Visit): boolean {
  if (rules === null) return false;
  if (workloads !== undefined || rules.virtual !== undefined) return true;
  return (
    HOOKS.some((hook) => rules.has("nat", hook) || rules.has("filter", hook)) &&
    (rules.tracks === undefined || rules.tracks())
  );
}

/** Ties the packet to its connection; drops one that would open a connection when the table has no room for it. */
function conntrackIn(visit: Visit, iface: string | null): Outcome | null {
  if (!tracks(visit)) return null;
  const { state, tracked } = track(visit.state, visit.packet, visit.env.now);
  visit.state = state;
  const max = visit.host.sysctls.conntrackMax;
  if (max !== undefined && tracked?.confirmed === false) {
    const room = withRoom(state, max, visit.env.now);
    if (room === null) {
      const why = `${hostName(visit.host.id)} drops the packet, which is of no connection in its table, and the table has no room for another (nf_conntrack_max ${max}): "nf_conntrack: table full, dropping packet".`;
      const label = iface === null ? "OUTPUT" : "PREROUTING";
      note(visit, { iface, stage: "conntrack", label, before: headerOf(visit.packet), verdict: "drop", note: why });
      return { kind: "lost", packet: visit.packet, why };
    }
    visit.state = room;
  }
  visit.tracked = tracked;
  visit.ctState = tracked?.ctState ?? "INVALID";
  return null;
}

/** The packet has made it through the host: from now on its connection exists. */
function confirm(visit: Visit): void {
  const { tracked } = visit;
  if (tracked === null || tracked.confirmed) return;
  visit.state = withEntry(visit.state, tracked.entry, visit.env.now);
  visit.tracked = { ...tracked, confirmed: true };
}

/** raw → conntrack → mangle → nat → filter. A packet from lo is already tied to its connection and is not looked up again. */
export function prerouting(visit: Visit, inInterface: string): Outcome | null {
  const crossing: Crossing = { inInterface, outInterface: null, nextHop: null };
  const raw = gate(visit, "raw", "PREROUTING", crossing);
  if (raw !== null) return raw;
  return (
    (visit.tracked === null ? conntrackIn(visit, inInterface) : null) ??
    gate(visit, "mangle", "PREROUTING", crossing) ??
    nat(visit, "PREROUTING", crossing) ??
    // iptables has no such chain; nftables may hook one in behind nat.
    gate(visit, "filter", "PREROUTING", crossing)
  );
}

/** mangle → filter; IPVS, pods' policies and nat follow ({@link inputNat}). */
export function inputFilter(visit: Visit, inInterface: string): Outcome | null {
  const crossing: Crossing = { inInterface, outInterface: null, nextHop: null };
  return gate(visit, "mangle", "INPUT", crossing) ?? gate(visit, "filter", "INPUT", crossing);
}

/** nat (sources) → confirm: the last of INPUT. */
export function inputNat(visit: Visit, inInterface: string): Outcome | null {
  const crossing: Crossing = { inInterface, outInterface: null, nextHop: null };
  virtualReply(visit, inInterface, "INPUT");
  const end = passWorkloads(visit, inInterface, "in") ?? nat(visit, "INPUT", crossing);
  if (end === null) confirm(visit);
  return end;
}

/** What a real server answers gets the virtual server's address as its source again (ip_vs_out). */
function virtualReply(visit: Visit, iface: string | null, label: HookName): void {
  const { tracked } = visit;
  if (tracked === null || tracked.direction !== "reply" || tracked.entry.ipvs !== true) return;
  const before = headerOf(visit.packet);
  visit.packet = translate(visit.packet, { ...tracked, entry: { ...tracked.entry, dnat: true } }, "src");
  if (before.src === visit.packet.src && before.sport === visit.packet.sport) return;
  note(visit, {
    iface,
    stage: "conntrack",
    label,
    before,
    verdict: "undo-dnat",
    note: `${hostName(visit.host.id)}'s IPVS knows this connection and sets the source back to ${sourceText(visit.packet)}.`,
  });
}

/** mangle → pods' policies → filter; behind them IPVS sees the answers of its real servers. */
export function forward(visit: Visit, crossing: Crossing): Outcome | null {
  const end =
    gate(visit, "mangle", "FORWARD", crossing) ??
    passWorkloads(visit, crossing.inInterface, "through") ??
    gate(visit, "filter", "FORWARD", crossing);
  if (end === null) virtualReply(visit, crossing.outInterface, "FORWARD");
  return end;
}

/** OUTPUT again, for a packet that IPVS sends on: raw → mangle → pods' policies → filter. Its connection has been through nat. */
export function virtualOutput(visit: Visit, crossing: Crossing, arrived: string): Outcome | null {
  return (
    gate(visit, "raw", "OUTPUT", crossing) ??
    gate(visit, "mangle", "OUTPUT", crossing) ??
    passWorkloads(visit, arrived, "through") ??
    gate(visit, "filter", "OUTPUT", crossing)
  );
}

/** raw → conntrack → mangle → nat; filter follows after the packet has been routed again ({@link outputFilter}). */
export function output(visit: Visit, crossing: Crossing): Outcome | null {
  const raw = gate(visit, "raw", "OUTPUT", crossing);
  if (raw !== null) return raw;
  const full = visit.tracked === null ? conntrackIn(visit, null) : null;
  if (full !== null) return full;
  const end = gate(visit, "mangle", "OUTPUT", crossing) ?? nat(visit, "OUTPUT", crossing);
  if (end === null) virtualReply(visit, crossing.outInterface, "OUTPUT");
  return end;
}

export function outputFilter(visit: Visit, crossing: Crossing): Outcome | null {
  return passWorkloads(visit, null, "through") ?? gate(visit, "filter", "OUTPUT", crossing);
}

/** mangle → nat (sources) → filter → confirm. */
export function postrouting(visit: Visit, crossing: Crossing): Outcome | null {
  const end =
    gate(visit, "mangle", "POSTROUTING", crossing) ??
    nat(visit, "POSTROUTING", crossing) ??
    gate(visit, "filter", "POSTROUTING", crossing);
  if (end === null) confirm(visit);
  return end;
}

/** For notes: "SYN 10.0.0.1:4000 → 10.96.0.1:80". */
export function packetText(packet: Packet): string {
  return `${kindText(packet)} ${sourceText(packet)} → ${destinationText(packet)}`;
}
