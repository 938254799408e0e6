import { probabilityValue } from "../../base/choose.ts";
import { cidrContains, joinHostPort } from "../../base/ip.ts";
import { setContains, type IpSet } from "../ipvs/ipset.ts";
import type { HookContext } from "../netfilter.ts";
import { inKernelOrder, probabilityWords } from "./text.ts";
import type { Match, Rule, Target } from "./types.ts";

/** The draw that a statistic match made; see RuleStep.draw. */
export interface Draw {
  readonly value: number;
  readonly threshold: number;
  readonly of: number | null;
  /** "0.41 < 1/2". */
  readonly words: string;
}

export interface RuleOutcome {
  readonly matched: boolean;
  readonly because: string;
  readonly draw: Draw | null;
}

/** What a match looks at: the hook's context with the mark as it stands now. */
export interface MatchInput {
  readonly context: HookContext;
  readonly mark: number;
  /** `table/CHAIN`: what makes a rule's role an id. */
  readonly chainId: string;
  readonly sets?: ReadonlyMap<string, IpSet>;
}

function isEntry(m: Match): boolean {
  return m.kind === "src" || m.kind === "dst" || m.kind === "protocol" || m.kind === "in" || m.kind === "out";
}

function interfaceMatches(pattern: string, iface: string | null): boolean {
  if (pattern.endsWith("+")) return iface !== null && iface.startsWith(pattern.slice(0, -1));
  return iface === pattern;
}

function protocolMatches(wanted: string, actual: string): boolean {
  if (wanted === "all") return true;
  if (wanted === "ipv6-icmp" || wanted === "icmpv6") return actual === "icmp";
  return wanted === actual;
}

/** Does this condition hold, leaving `invert` aside? Draws and `recent` are not decided here. */
function holds(m: Match, input: MatchInput): boolean {
  const { context, mark } = input;
  const packet = context.packet;
  switch (m.kind) {
    case "comment":
    case "nfacct":
      return true;
    case "src":
      return m.cidr === packet.src || cidrContains(m.cidr, packet.src);
    case "dst":
      return m.cidr === packet.dst || cidrContains(m.cidr, packet.dst);
    case "protocol":
      return protocolMatches(m.protocol, packet.protocol);
    case "module":
      return packet.protocol === m.protocol;
    case "sport":
      return packet.sport >= m.from && packet.sport <= m.to;
    case "dport":
      return packet.dport >= m.from && packet.dport <= m.to;
    case "in":
      return interfaceMatches(m.iface, context.inInterface);
    case "out":
      return interfaceMatches(m.iface, context.outInterface);
    case "addrtype":
      return context.isLocal(m.side === "src" ? packet.src : packet.dst);
    case "mark":
      return (mark & m.mask) >>> 0 === m.value >>> 0;
    case "conntrack":
      return (
        (m.states as readonly string[]).includes(context.ctState) ||
        (context.ctDnat && m.states.includes("DNAT")) ||
        (context.ctSnat && m.states.includes("SNAT"))
      );
    case "recent-check":
      return context.recent?.check(m.list, packet.src, m.seconds) ?? false;
    case "recent-set":
      context.recent?.set(m.list, packet.src);
      return true;
    case "set": {
      const set = input.sets?.get(m.set);
      return set !== undefined && setContains(set, packet, m.sides);
    }
    case "ipvs": {
      const virtual = context.virtual;
      return virtual?.dst === m.ip && virtual.dport === m.port && virtual.protocol === m.protocol;
    }
    case "physdev-is-in":
      return (context.inPort ?? null) !== null;
    case "statistic":
    case "opaque":
      return false;
  }
}

function inverted(m: Match): boolean {
  return "invert" in m && m.invert === true;
}

function makeDraw(m: Match & { kind: "statistic" }, id: string, context: HookContext): { taken: boolean; draw: Draw } {
  const { taken, draw } = context.chooser.chance(m.probability, `${context.flow} ${id}`);
  const threshold = probabilityValue(m.probability);
  return {
    taken,
    draw: {
      value: draw,
      threshold,
      of: "of" in m.probability ? m.probability.of : null,
      words: `${drawWords(draw, threshold, taken)} ${taken ? "<" : "≥"} ${probabilityWords(m.probability)}`,
    },
  };
}

/** Two decimals, or as many as it takes for the comparison to be plain to see. */
function drawWords(draw: number, threshold: number, taken: boolean): string {
  for (let digits = 2; digits < 12; digits++) {
    const text = draw.toFixed(digits);
    if (Number(text) < threshold === taken) return text;
  }
  return String(draw);
}

/**
 * Tries one rule: entry conditions first, then modules in their order, as the kernel does. `recent --set` takes effect when it is
 * reached. A statistic match draws through the context's chooser, keyed by flow and rule id.
 */
export function tryRule(rule: Rule, input: MatchInput): RuleOutcome {
  for (const m of rule.matches) {
    if (isEntry(m) && fails(m, input)) return { matched: false, because: whyNot(rule, input), draw: null };
  }
  let draw: Draw | null = null;
  for (const m of rule.matches) {
    if (isEntry(m)) continue;
    if (m.kind === "statistic") {
      const made = makeDraw(m, `${input.chainId}/${rule.role}`, input.context);
      draw = made.draw;
      if (!made.taken) return { matched: false, because: draw.words, draw };
    } else if (fails(m, input)) {
      return { matched: false, because: mismatchWords(m, input), draw };
    }
  }
  return { matched: true, because: matchWords(rule.matches, input, draw), draw };
}

function fails(m: Match, input: MatchInput): boolean {
  return holds(m, input) === inverted(m);
}

/** Why a rule does not match that its addresses, interfaces, protocol or ports rule out: the first of them that fails. */
export function whyNot(rule: Rule, input: MatchInput): string {
  const first = inKernelOrder(rule.matches).find(
    (m) => (isEntry(m) || m.kind === "module" || m.kind === "dport" || m.kind === "sport") && fails(m, input),
  );
  return first === undefined ? "another condition does not hold" : mismatchWords(first, input);
}

function ports(m: { readonly from: number; readonly to: number }): string {
  return m.from === m.to ? String(m.from) : `${m.from}–${m.to}`;
}

/** A single address without its mask, as a reader would say it. */
function cidrWords(cidr: string): string {
  return cidr.replace(/\/(32|128)$/, "");
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

function mismatchWords(m: Match, input: MatchInput): string {
  const { packet, ctState, inInterface, outInterface } = input.context;
  const not = inverted(m);
  switch (m.kind) {
    case "src":
      return not ? `src ${packet.src} is in ${cidrWords(m.cidr)}` : `src is ${packet.src}, not ${cidrWords(m.cidr)}`;
    case "dst":
      return not ? `dst ${packet.dst} is in ${cidrWords(m.cidr)}` : `dst is ${packet.dst}, not ${cidrWords(m.cidr)}`;
    case "protocol":
    case "module":
      return not ? `protocol is ${packet.protocol}` : `protocol is ${packet.protocol}, not ${m.protocol}`;
    case "sport":
      return not ? `sport is ${packet.sport}` : `sport is ${packet.sport}, not ${ports(m)}`;
    case "dport":
      return not ? `dport is ${packet.dport}` : `dport is ${packet.dport}, not ${ports(m)}`;
    case "in":
      return not ? `came in by ${inInterface}` : `came in by ${inInterface ?? "no interface"}, not ${m.iface}`;
    case "out":
      return not ? `leaves by ${outInterface}` : `leaves by ${outInterface ?? "no interface"}, not ${m.iface}`;
    case "addrtype":
      return `${m.side} ${m.side === "src" ? packet.src : packet.dst} is ${not ? "" : "not "}local to this host`;
    case "mark":
      return `mark is ${hex(input.mark)}`;
    case "conntrack":
      return not ? `connection is ${stateWords(input)}` : `connection is ${ctState}, not ${m.states.join(" or ")}`;
    case "recent-check":
      return `${packet.src} not seen in the last ${m.seconds} s`;
    case "set":
      return not ? `${tupleWords(m, input)} is in ${m.set}` : `${tupleWords(m, input)} is not in ${m.set}`;
    case "ipvs":
      return `no connection to virtual server ${joinHostPort(m.ip, m.port)}`;
    case "physdev-is-in":
      return not ? `came in by a port of a bridge` : `did not come in by a port of a bridge`;
    case "opaque":
      return `not evaluated here: ${m.text}`;
    default:
      return "does not match";
  }
}

/** The part of the packet that a set is asked for: "10.96.0.50 tcp:80". */
function tupleWords(m: Match & { kind: "set" }, input: MatchInput): string {
  const { packet } = input.context;
  const port = input.sets?.get(m.set)?.type === "bitmap:port" ? 0 : 1;
  const parts = m.sides.map((side, i) => {
    if (i !== port) return side === "src" ? packet.src : packet.dst;
    return packet.protocol === "icmp" ? "icmp" : `${packet.protocol}:${side === "src" ? packet.sport : packet.dport}`;
  });
  return parts.join(" ");
}

function stateWords(input: MatchInput): string {
  const { ctState, ctDnat, ctSnat } = input.context;
  return [ctState, ...(ctDnat ? ["DNAT"] : []), ...(ctSnat ? ["SNAT"] : [])].join(", ");
}

function matchedWords(m: Match, input: MatchInput): string | null {
  const { packet, inInterface, outInterface } = input.context;
  const not = inverted(m);
  switch (m.kind) {
    case "src":
      return not ? `src ${packet.src} is outside ${cidrWords(m.cidr)}` : `src is ${packet.src}`;
    case "dst":
      return not ? `dst ${packet.dst} is outside ${cidrWords(m.cidr)}` : `dst is ${packet.dst}`;
    case "sport":
      return `sport is ${packet.sport}`;
    case "dport":
      return `dport is ${packet.dport}`;
    case "in":
      return `came in by ${inInterface ?? "no interface"}`;
    case "out":
      return `leaves by ${outInterface ?? "no interface"}`;
    case "addrtype":
      return `${m.side} ${m.side === "src" ? packet.src : packet.dst} is ${not ? "not " : ""}local to this host`;
    case "mark":
      return `mark is ${hex(input.mark)}`;
    case "conntrack":
      return `connection is ${stateWords(input)}`;
    case "recent-check":
      return `${packet.src} seen in the last ${m.seconds} s`;
    case "set":
      return `${tupleWords(m, input)} is ${not ? "not " : ""}in ${m.set}`;
    case "ipvs":
      return `IPVS took it for ${joinHostPort(m.ip, m.port)}`;
    case "physdev-is-in":
      return not ? "did not come in by a port of a bridge" : "came in by a port of a bridge";
    default:
      return null;
  }
}

function matchWords(matches: readonly Match[], input: MatchInput, draw: Draw | null): string {
  const words = inKernelOrder(matches)
    .map((m) => matchedWords(m, input))
    .filter((w) => w !== null);
  if (draw !== null) words.push(draw.words);
  if (words.length === 0) {
    const protocol = matches.find((m) => m.kind === "protocol" || m.kind === "module");
    return protocol ? `protocol is ${input.context.packet.protocol}` : "no condition";
  }
  return words.join(", ");
}

/** What the target does to the packet, in words, or null when it only steers. `mark` is the mark afterwards. */
export function effectWords(target: Target, mark: number): string | null {
  switch (target.kind) {
    case "mark":
      return `mark ${hex(mark)}`;
    case "dnat":
      return `dst ${target.port === null ? target.ip : joinHostPort(target.ip, target.port)}`;
    case "snat":
      return `src ${target.port === null ? target.ip : joinHostPort(target.ip, target.port)}`;
    case "masquerade":
      return "src becomes the address of the interface it leaves by";
    case "redirect":
      return target.port === null ? "dst becomes this host" : `dst becomes this host, port ${target.port}`;
    case "opaque":
      return `not evaluated here: ${target.text}`;
    default:
      return null;
  }
}
