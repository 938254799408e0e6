import { fnv1a32 } from "../../base/hash.ts";
import type { TableName } from "../../model/trace/types.ts";
import type { IpSet } from "../ipvs/ipset.ts";
import { PORT_OPTIONS, parseModule, parsePort, type Option } from "./parse-match.ts";
import { parseTarget } from "./parse-target.ts";
import {
  isBuiltin,
  type Chain,
  type ChainPolicy,
  type Match,
  type Rule,
  type Ruleset,
  type Table,
  type Target,
} from "./types.ts";
import { splitWords, type Word } from "./words.ts";

/** Something in the text that will not take effect: where, and what. */
export interface ParseNote {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedSave {
  readonly ruleset: Ruleset;
  /** Lines that are no part of a save, and matches and targets that are kept and printed back but not evaluated. */
  readonly notes: readonly ParseNote[];
}

const TABLES: readonly TableName[] = ["raw", "mangle", "nat", "filter"];

/**
 * Reads what `iptables-save` (or kube-proxy's restore input) says. Never throws: what is not understood is kept to the letter as
 * an opaque match, which never matches, or an opaque target, which lets the packet go on, and is reported. Counters of rules are kept.
 * `sets` are the host's ip sets: a match on a set that is not among them is not understood. Chains and tables keep the order of the text.
 */
export function parseSave(text: string, family: 4 | 6 = 4, sets?: ReadonlyMap<string, IpSet>): ParsedSave {
  const tables: Partial<Record<TableName, Table>> = {};
  const notes: ParseNote[] = [];
  let name: TableName | null = null;
  let chains = new Map<string, { policy: ChainPolicy | null; rules: Rule[]; counters?: readonly [number, number] }>();
  const opaque: string[][] = [];
  let unknown: string[] | null = null;
  const hashes = new Map<string, number>();
  for (const [i, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    const note = (message: string): void => void notes.push({ line: i + 1, message });
    if (line === "" || line.startsWith("#")) continue;
    if (line.startsWith("*")) {
      const wanted = line.slice(1);
      name = TABLES.find((table) => table === wanted) ?? null;
      unknown = name === null ? [line] : null;
      if (unknown !== null) {
        opaque.push(unknown);
        note(`table ${wanted} is not evaluated`);
      }
      chains = new Map();
      if (name !== null) tables[name] = { chains };
    } else if (line === "COMMIT") {
      unknown?.push(line);
      unknown = null;
      name = null;
    } else if (unknown !== null) unknown.push(line);
    else if (name === null) note(`outside any table: ${line}`);
    else if (line.startsWith(":")) {
      const [chain = "", policy = "-", counts = ""] = line.slice(1).split(/\s+/);
      const count = /^\[(\d+):(\d+)\]$/.exec(counts);
      chains.set(chain, {
        ...(count === null ? {} : { counters: [Number(count[1]), Number(count[2])] as const }),
        policy: policy === "ACCEPT" || policy === "DROP" ? policy : builtinPolicy(name, chain),
        rules: [],
      });
    } else {
      const count = /^\[(\d+):(\d+)\]\s*/.exec(line);
      const body = count === null ? line : line.slice(count[0].length);
      const words = splitWords(body);
      const chain = words[1]?.text;
      if (words[0]?.text !== "-A" || chain === undefined) {
        note(`not a rule: ${line}`);
        continue;
      }
      let own = chains.get(chain);
      if (own === undefined) chains.set(chain, (own = { policy: builtinPolicy(name, chain), rules: [] }));
      const parsed = parseRule(body, words.slice(2), family, (target) => chains.has(target), sets);
      for (const unknown of parsed.unknown) note(`not evaluated: ${unknown}`);
      own.rules.push({
        role: roleOf(hashes, name, chain, body),
        matches: parsed.matches,
        target: parsed.target,
        origin: null,
        ...(count === null ? {} : { counters: [Number(count[1]), Number(count[2])] as const }),
      });
    }
  }
  const known = sets === undefined ? {} : { sets };
  const kept = opaque.length === 0 ? {} : { opaque: opaque.map((lines) => lines.join("\n")) };
  return { ruleset: { family, tables: tables as Ruleset["tables"], ...known, ...kept }, notes };
}

function builtinPolicy(table: TableName, chain: string): Chain["policy"] {
  return isBuiltin(table, chain) ? "ACCEPT" : null;
}

/** From the rule's own text, so that other rules coming and going do not rename it; equal rules are numbered. */
function roleOf(seenBefore: Map<string, number>, table: TableName, chain: string, text: string): string {
  const hash = fnv1a32(text).toString(16).padStart(8, "0");
  const key = `${table}/${chain}/${hash}`;
  const seen = (seenBefore.get(key) ?? 0) + 1;
  seenBefore.set(key, seen);
  return seen === 1 ? hash : `${hash}-${seen}`;
}

interface ParsedRule {
  readonly matches: readonly Match[];
  readonly target: Target;
  readonly unknown: readonly string[];
}

const ENTRY_OPTIONS: Readonly<Record<string, "src" | "dst" | "in" | "out" | "protocol">> = {
  "-s": "src",
  "--source": "src",
  "--src": "src",
  "-d": "dst",
  "--destination": "dst",
  "--dst": "dst",
  "-i": "in",
  "--in-interface": "in",
  "-o": "out",
  "--out-interface": "out",
  "-p": "protocol",
  "--protocol": "protocol",
};

const STARTERS: ReadonlySet<string> = new Set([
  ...Object.keys(ENTRY_OPTIONS),
  "-m",
  "--match",
  "-j",
  "--jump",
  "-g",
  "--goto",
]);

function starts(words: readonly Word[], i: number): boolean {
  const word = words[i];
  if (word === undefined) return true;
  if (word.quoted) return false;
  if (word.text === "!") return starts(words, i + 1) && words[i + 1] !== undefined;
  return STARTERS.has(word.text);
}

/** Groups words into options: `--name` with the values that follow it, and the `!` before it. */
function optionsOf(words: readonly Word[]): readonly Option[] {
  const options: { name: string; values: string[]; invert: boolean }[] = [];
  let invert = false;
  for (const word of words) {
    if (!word.quoted && word.text === "!") invert = true;
    else if (!word.quoted && word.text.startsWith("--")) {
      options.push({ name: word.text, values: [], invert });
      invert = false;
    } else if (options.length === 0) options.push({ name: "", values: [word.text], invert: false });
    else options.at(-1)?.values.push(word.text);
  }
  return options;
}

function entryMatch(kind: "src" | "dst" | "in" | "out" | "protocol", value: string, invert: boolean): Match {
  const not = invert ? ({ invert: true } as const) : {};
  switch (kind) {
    case "src":
    case "dst":
      return { kind, cidr: value, ...not };
    case "in":
    case "out":
      return { kind, iface: value, ...not };
    case "protocol":
      return { kind, protocol: value, ...not };
  }
}

function parseRule(
  line: string,
  words: readonly Word[],
  family: 4 | 6,
  isChain: (name: string) => boolean,
  sets: ReadonlyMap<string, IpSet> | undefined,
): ParsedRule {
  const matches: Match[] = [];
  const unknown: string[] = [];
  let target: Target = { kind: "none" };
  const slice = (from: number, to: number): string =>
    line.slice(words[from]?.start ?? 0, words[to - 1]?.end ?? line.length);
  const opaque = (text: string): void => {
    matches.push({ kind: "opaque", text });
    unknown.push(text);
  };
  let i = 0;
  while (i < words.length) {
    const from = i;
    const invert = words[i]?.text === "!" && !words[i]?.quoted;
    if (invert) i += 1;
    const option = words[i]?.text ?? "";
    const value = words[i + 1]?.text;
    const entry = ENTRY_OPTIONS[option];
    const side = PORT_OPTIONS[option];
    if (entry !== undefined && value !== undefined) {
      matches.push(entryMatch(entry, value, invert));
      i += 2;
    } else if (side !== undefined && value !== undefined) {
      // kube-proxy writes the address between `-m tcp` and its `--dport`.
      const match = parsePort(side, { name: option, values: [value], invert });
      i += 2;
      if (match === null) opaque(slice(from, i));
      else matches.push(match);
    } else if ((option === "-m" || option === "--match") && value !== undefined && !invert) {
      let end = i + 2;
      while (!starts(words, end)) end += 1;
      const known = parseModule(value, optionsOf(words.slice(i + 2, end)), family, sets);
      if (known === null) opaque(slice(from, end));
      else matches.push(...known);
      i = end;
    } else if (
      (option === "-j" || option === "--jump" || option === "-g" || option === "--goto") &&
      value !== undefined
    ) {
      const options = words.slice(i + 2);
      const goto = option.startsWith("-g") || option === "--goto";
      const known = options.length === 0 && isChain(value) ? null : parseTarget(value, optionsOf(options));
      if (options.length === 0 && isChain(value)) target = { kind: goto ? "goto" : "jump", chain: value };
      else if (known !== null && !goto) target = known;
      else {
        target = { kind: "opaque", text: slice(from, words.length) };
        unknown.push(target.text);
      }
      i = words.length;
    } else {
      let end = i + 1;
      while (!starts(words, end)) end += 1;
      opaque(slice(from, end));
      i = end;
    }
  }
  return { matches, target, unknown };
}
