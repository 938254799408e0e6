import { compareStrings } from "../../base/compare.ts";
import { parseIP } from "../../base/ip.ts";
import { hookText } from "./priority.ts";
import { ruleText, verdictText } from "./text.ts";
import type { Chain, Element, NftSet, Ruleset, Table } from "./types.ts";

export interface PrintOptions {
  /** Keep the order in which things stand; otherwise tables, chains, sets and elements are sorted as the kernel's listing does. */
  readonly keepOrder?: boolean;
}

/** Numbers by which Linux sorts protocols. */
const PROTOCOLS: Readonly<Record<string, number>> = { icmp: 1, tcp: 6, udp: 17, "ipv6-icmp": 58, sctp: 132 };

const V4 = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/;

function sortValue(part: string): number | bigint {
  const v4 = V4.exec(part);
  if (v4 !== null) return ((Number(v4[1]) * 256 + Number(v4[2])) * 256 + Number(v4[3])) * 256 + Number(v4[4]);
  const number = Number(part);
  if (!Number.isNaN(number)) return number;
  return PROTOCOLS[part] ?? parseIP(part)?.value ?? 0;
}

/** Elements by the value of their keys, part by part. */
export function sortedElements(set: NftSet): readonly Element[] {
  const keyed = Array.from(set.elements.values(), (element) => ({
    element,
    parts: element.key.split(" . ").map(sortValue),
  }));
  keyed.sort((a, b) => {
    for (let i = 0; i < a.parts.length; i++) {
      const x = a.parts[i] ?? 0;
      const y = b.parts[i] ?? 0;
      if (x !== y) return x < y ? -1 : 1;
    }
    return 0;
  });
  return keyed.map(({ element }) => element);
}

export function elementText(element: Element): string {
  const { key, value, comment, options } = element;
  const text = `${key}${options === "" ? "" : ` ${options}`}${comment === null ? "" : ` comment "${comment}"`}`;
  return value === null ? text : `${text} : ${typeof value === "string" ? value : verdictText(value)}`;
}

/** How many elements of a key type nft puts on one line (calculate_delim in nftables' src/expression.c). */
const PER_LINE: Readonly<Record<string, number>> = {
  inet_service: 5,
  inet_proto: 5,
  mark: 5,
  ifindex: 5,
  uid: 5,
  gid: 5,
  nf_proto: 5,
  ipv4_addr: 2,
  icmp_type: 2,
  icmpv6_type: 2,
  ct_state: 2,
  ct_status: 2,
  pkt_type: 2,
};

/** `3h`, `1d2h3m4s`. */
export function durationText(seconds: number): string {
  const parts: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3_600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "m"],
    [seconds % 60, "s"],
  ];
  const text = parts.map(([n, unit]) => (n === 0 ? "" : `${n}${unit}`)).join("");
  return text === "" ? "0s" : text;
}

function elementLines(set: NftSet, options: PrintOptions): readonly string[] {
  if (set.elements.size === 0) return [];
  const elements = options.keepOrder ? [...set.elements.values()] : sortedElements(set);
  const perLine = PER_LINE[set.type] ?? 1;
  const lines: string[] = [];
  for (let i = 0; i < elements.length; i += perLine) {
    lines.push(
      elements
        .slice(i, i + perLine)
        .map(elementText)
        .join(", "),
    );
  }
  return lines.map((line, i) => {
    const start = i === 0 ? "\t\telements = { " : "\t\t\t     ";
    return `${start}${line}${i === lines.length - 1 ? " }" : ","}`;
  });
}

/** The block of one set or map. */
export function setLines(name: string, set: NftSet, options: PrintOptions): readonly string[] {
  if (set.written !== undefined) return set.written;
  return [
    `\t${set.valueType === null ? "set" : "map"} ${name} {`,
    `\t\ttype ${set.type}${set.valueType === null ? "" : ` : ${set.valueType}`}`,
    // A set without a size that rules may add to gets one from the kernel.
    ...(set.size !== null ? [`\t\tsize ${set.size}`] : set.flags.includes("dynamic") ? ["\t\tsize 65535"] : []),
    ...(set.flags.length > 0 ? [`\t\tflags ${set.flags.join(",")}`] : []),
    ...(set.timeoutSeconds === null ? [] : [`\t\ttimeout ${durationText(set.timeoutSeconds)}`]),
    ...set.opaque.map((line) => `\t\t${line}`),
    ...(set.comment === null ? [] : [`\t\tcomment "${set.comment}"`]),
    ...elementLines(set, options),
    "\t}",
  ];
}

function chainLines(name: string, chain: Chain): readonly string[] {
  const lines = [`\tchain ${name} {`];
  if (chain.comment !== null) lines.push(`\t\tcomment "${chain.comment}"`);
  if (chain.base !== null) lines.push(`\t\t${hookText(chain.base)}`);
  for (const rule of chain.rules) lines.push(`\t\t${ruleText(rule)}`);
  lines.push("\t}");
  return lines;
}

function tableLines(table: Table, options: PrintOptions): readonly string[] {
  const order = <T>(map: ReadonlyMap<string, T>): (readonly [string, T])[] =>
    options.keepOrder ? [...map] : [...map].sort(([a], [b]) => compareStrings(a, b));
  const sets = order(table.sets);
  // The listing has sets and maps in one row; a fresh dump of kube-proxy's table creates sets first.
  const sorted = options.keepOrder
    ? sets
    : [...sets.filter(([, s]) => s.valueType === null), ...sets.filter(([, s]) => s.valueType !== null)];
  const opaque = (at: string): readonly (readonly string[])[] =>
    table.opaque.filter(({ place }) => place === at).map(({ text }) => text.split("\n"));
  const blocks = [
    ...opaque("first"),
    ...sorted.map(([name, set]) => setLines(name, set, options)),
    ...opaque("after-sets"),
    ...order(table.chains).map(([name, chain]) => chainLines(name, chain)),
    ...opaque("last"),
  ];
  return [
    `table ${table.family} ${table.name} {`,
    ...(table.comment === null ? [] : [`\tcomment "${table.comment}"`]),
    ...blocks.flatMap((lines, i) => (i === 0 ? lines : ["", ...lines])),
    "}",
  ];
}

/** The ruleset as `nft -s list ruleset` prints it, ending on a newline; empty without tables. */
export function printRuleset(ruleset: Ruleset, options: PrintOptions = {}): string {
  const lines = ruleset.tables.flatMap((table) => tableLines(table, options));
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
