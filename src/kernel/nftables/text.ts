import { cidrOf, formatIP, joinHostPort, parseIP } from "../../base/ip.ts";
import type { Field, Right, Rule, Statement, VerdictStatement } from "./types.ts";

/**
 * The two wordings of one rule. `proxy` is what kube-proxy sends to `nft`; `kernel` is how `nft -s list ruleset` (1.1) shows it.
 */
export type Wording = "proxy" | "kernel";

/** Marks have eight digits in both wordings. */
export function hex8(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
}

export function verdictText(verdict: VerdictStatement): string {
  return verdict.kind === "jump" || verdict.kind === "goto" ? `${verdict.kind} ${verdict.chain}` : verdict.kind;
}

function fieldsText(fields: readonly Field[]): string {
  return fields.join(" . ");
}

interface Range {
  readonly from: bigint;
  readonly to: bigint;
  readonly family: 4 | 6;
}

function rangeOf(text: string): Range | null {
  const dash = text.indexOf("-");
  if (dash > 0) {
    const from = parseIP(text.slice(0, dash));
    const to = parseIP(text.slice(dash + 1));
    return from === null || to === null ? null : { from: from.value, to: to.value, family: from.family };
  }
  const cidr = cidrOf(text);
  return cidr === null ? null : { from: cidr.base, to: cidr.base + cidr.size - 1n, family: cidr.family };
}

function rangeText({ from, to, family }: Range): string {
  const start = formatIP({ family, value: from });
  if (from === to) return start;
  const size = to - from + 1n;
  // A range that is a whole network is listed as one.
  if ((size & (size - 1n)) === 0n && from % size === 0n) {
    return `${start}/${(family === 4 ? 32 : 128) - (size.toString(2).length - 1)}`;
  }
  return `${start}-${formatIP({ family, value: to })}`;
}

const byStart = (a: Range, b: Range): number => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0);

/** Addresses as an anonymous set lists them: sorted, and as soon as one is a prefix or range, adjoining ones merged. */
function mergedValues(values: readonly string[]): readonly string[] {
  const ranges = values.map(rangeOf);
  if (ranges.includes(null)) return values;
  const sorted = (ranges as Range[]).toSorted(byStart);
  if (!values.some((value) => value.includes("/") || value.includes("-"))) return sorted.map(rangeText);
  const merged: Range[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || range.from > last.to + 1n) merged.push(range);
    else merged[merged.length - 1] = { ...last, to: range.to > last.to ? range.to : last.to };
  }
  return merged.map(rangeText);
}

const INTERFACES: ReadonlySet<Field> = new Set(["iifname", "oifname", "iif", "oif"]);

function valuesText(fields: readonly Field[], right: Right & { kind: "values" }, wording: Wording): string {
  const { values, braces, separator } = right;
  if (wording === "proxy") {
    return braces ? `{ ${values.join(separator ?? " , ")} }` : values.join(",");
  }
  let listed = separator === undefined ? values : mergedValues(values);
  if (separator !== undefined && fields.length === 1 && INTERFACES.has(fields[0] as Field)) {
    listed = listed.map((name) => `"${name}"`);
  }
  if (!braces) return listed.join(",");
  // A set of one is taken for the value itself; one that merging left alone stays a set.
  return separator !== undefined && values.length === 1 ? (listed[0] as string) : `{ ${listed.join(", ")} }`;
}

function rightText(fields: readonly Field[], right: Right, wording: Wording): string {
  return right.kind === "set" ? `@${right.name}` : valuesText(fields, right, wording);
}

function branchesText(texts: readonly string[], wording: Wording): string {
  const separator = wording === "proxy" ? " , " : ", ";
  return `{ ${texts.map((text, i) => `${i} : ${text}`).join(separator)} }`;
}

const OPERATORS = { or: "|", xor: "^", and: "&" } as const;

function markSetText(operation: "or" | "xor" | "and" | "set", value: number, wording: Wording): string {
  if (operation === "set") return wording === "proxy" ? `mark set ${hex8(value)}` : `meta mark set ${hex8(value)}`;
  return wording === "proxy"
    ? `mark set mark ${operation} ${hex8(value)}`
    : `meta mark set meta mark ${OPERATORS[operation]} ${hex8(value)}`;
}

/** How many leading bits a mask sets, when it sets no others. */
function leadingOnes(mask: number): number | null {
  const ones = Math.clz32(~mask);
  return ones > 0 && mask >>> 0 === (-1 << (32 - ones)) >>> 0 && ones < 32 ? ones : null;
}

function markMatchText(s: Statement & { kind: "mark-match" }, wording: Wording): string {
  if (s.mask === null) return `${wording === "proxy" ? "" : "meta "}mark ${s.invert ? "!= " : ""}${hex8(s.value)}`;
  const operator = s.invert ? "!=" : "==";
  const prefix = leadingOnes(s.mask);
  // nft takes a mask of leading ones for a prefix.
  if (wording === "kernel" && prefix !== null) return `meta mark ${s.invert ? "!= " : ""}${hex8(s.value)}/${prefix}`;
  return wording === "proxy"
    ? `mark and ${hex8(s.mask)} ${operator} ${s.value === 0 ? "0" : hex8(s.value)}`
    : `meta mark & ${hex8(s.mask)} ${operator} ${hex8(s.value)}`;
}

/** `10.0.0.1:80`, `[fd00::1]:80`, or a bare address. */
export function targetText(ip: string, port: number | null): string {
  return port === null ? ip : joinHostPort(ip, port);
}

const flagged = (text: string, flags: string): string => (flags === "" ? text : `${text} ${flags}`);

/** One statement of a rule as text. */
export function statementText(s: Statement, wording: Wording): string {
  switch (s.kind) {
    case "match":
      return `${fieldsText(s.fields)} ${s.invert ? "!= " : ""}${rightText(s.fields, s.right, wording)}`;
    case "mark-match":
      return markMatchText(s, wording);
    case "mark-set":
      return markSetText(s.operation, s.value, wording);
    case "vmap":
      return `${fieldsText(s.fields)} vmap @${s.map}`;
    case "vmap-values":
      return `${fieldsText(s.fields)} vmap { ${s.elements.map(([key, v]) => `${key} : ${verdictText(v)}`).join(", ")} }`;
    case "numgen-vmap": {
      const branches = s.branches.map((branch) => verdictText(branch.verdict));
      return `numgen random mod ${branches.length} vmap ${branchesText(branches, wording)}`;
    }
    case "numgen-dnat": {
      const targets = s.targets.map(({ ip, port }) => (port === null ? ip : `${ip} . ${port}`));
      const words = wording === "proxy" ? `dnat ${s.family} addr . port to` : `dnat ${s.family} to`;
      return `${words} numgen random mod ${targets.length} map ${branchesText(targets, wording)}`;
    }
    case "dnat":
    case "snat":
      return flagged(`${s.kind}${s.word === null ? "" : ` ${s.word}`} to ${targetText(s.ip, s.port)}`, s.flags);
    case "masquerade":
      return flagged("masquerade", s.flags);
    case "redirect":
      return flagged(s.port === null ? "redirect" : `redirect to :${s.port}`, s.flags);
    case "reject":
      return s.with === "" ? "reject" : `reject with ${s.with}`;
    case "update":
      return `${s.verb} @${s.set} { ${s.field} }`;
    case "passive":
    case "opaque":
      return s.text;
    default:
      return verdictText(s);
  }
}

/** A rule without its chain, comment last: as `nft list ruleset` shows it, or as kube-proxy writes it. */
export function ruleText(rule: Rule, wording: Wording = "kernel"): string {
  if (rule.written !== undefined) return rule.written;
  const text = rule.statements.map((s) => statementText(s, wording)).join(" ");
  return rule.comment === null ? text : `${text} comment "${rule.comment}"`;
}

/** What a rule leads to, in one word or two: `goto external-x`, `drop`, `dnat`, `vmap @service-ips`. */
export function targetName(rule: Rule): string {
  const last = rule.statements.findLast((s) => s.kind !== "passive");
  if (last === undefined) return "";
  switch (last.kind) {
    case "vmap":
      return `vmap @${last.map}`;
    case "vmap-values":
    case "numgen-vmap":
      return "vmap";
    case "numgen-dnat":
      return "dnat";
    case "mark-set":
      return "mark";
    case "update":
      return `update @${last.set}`;
    case "jump":
    case "goto":
      return last.chain;
    case "match":
    case "mark-match":
    case "opaque":
      return "";
    default:
      return last.kind;
  }
}
