import { fnv1a32 } from "../../base/hash.ts";
import { setLines } from "./print.ts";
import { hookText, parsePriority } from "./priority.ts";
import { parseRule, parseVerdict, splitItems, splitPair } from "./parse-rule.ts";
import { ruleText } from "./text.ts";
import type { BaseHook, Chain, Element, NftFamily, NftHook, NftSet, Rule, Ruleset, Table } from "./types.ts";

/** Something in the text that will not take effect: where, and what. */
export interface NftNote {
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedNft {
  readonly ruleset: Ruleset;
  readonly notes: readonly NftNote[];
}

interface Line {
  readonly number: number;
  readonly raw: string;
  /** Without blanks around it and without `# handle 7`. */
  readonly text: string;
}

const FAMILIES: readonly NftFamily[] = ["ip", "ip6", "inet", "arp", "bridge", "netdev"];
const HOOKS: readonly NftHook[] = ["ingress", "egress", "prerouting", "input", "forward", "output", "postrouting"];
const TYPES: readonly BaseHook["type"][] = ["filter", "nat", "route"];

/**
 * Reads what `nft list ruleset` says. Never throws: what is not understood is kept to the letter (a condition never holds, an action
 * lets the packet go on) and reported. Everything keeps the order of the text, so that printing with `keepOrder` gives it back.
 */
export function parseRuleset(text: string): ParsedNft {
  return new RulesetParser(text).parse();
}

class RulesetParser {
  private readonly lines: readonly Line[];
  private readonly notes: NftNote[] = [];
  /** How often each rule has been met in its chain. */
  private readonly seen = new Map<string, number>();
  private at = 0;

  constructor(text: string) {
    this.lines = text.split("\n").map((raw, i) => ({
      number: i + 1,
      raw,
      text: raw
        .trim()
        .replace(/\s*# handle \d+$/, "")
        .replace(/^#.*/, ""),
    }));
  }

  parse(): ParsedNft {
    const tables: Table[] = [];
    for (let line = this.next(); line !== null; line = this.next()) {
      if (line.text === "") continue;
      const head = /^table (?:(\S+) )?(\S+) \{$/.exec(line.text);
      const family = FAMILIES.find((known) => known === (head?.[1] ?? "ip"));
      if (head === null || family === undefined) {
        this.note(line, `not a table: ${line.text}`);
        continue;
      }
      tables.push(this.table(family, head[2] as string));
    }
    return { ruleset: { tables }, notes: this.notes };
  }

  private next(): Line | null {
    return this.lines[this.at++] ?? null;
  }

  private note(line: Line, message: string): void {
    this.notes.push({ line: line.number, message });
  }

  private table(family: NftFamily, name: string): Table {
    const sets = new Map<string, NftSet>();
    const chains = new Map<string, Chain>();
    const opaque: Table["opaque"][number][] = [];
    let comment: string | null = null;
    for (let line = this.next(); line !== null && line.text !== "}"; line = this.next()) {
      const [word, thing] = line.text.split(" ");
      if (line.text === "") continue;
      if (word === "comment") comment = quoted(line.text);
      else if ((word === "set" || word === "map") && line.text.endsWith("{")) {
        sets.set(thing ?? "", this.set(line, thing ?? ""));
      } else if (word === "chain" && line.text.endsWith("{")) {
        const chain = this.chain(`${family} ${name}/${thing ?? ""}`);
        const known = chains.get(thing ?? "");
        // nft adds to a chain that is there already.
        chains.set(thing ?? "", known === undefined ? chain : { ...known, rules: [...known.rules, ...chain.rules] });
      } else {
        const place = chains.size > 0 ? "last" : sets.size > 0 ? "after-sets" : "first";
        opaque.push({ text: this.kept(line), place });
      }
    }
    return { family, name, comment, opaque, sets, chains };
  }

  /** A line, or the block that it opens, as it stands. */
  private kept(first: Line): string {
    this.note(first, `not evaluated: ${first.text}`);
    const block = [first.raw];
    let depth = first.text.endsWith("{") ? 1 : 0;
    while (depth > 0) {
      const line = this.next();
      if (line === null) break;
      block.push(line.raw);
      if (line.text.endsWith("{")) depth += 1;
      if (line.text.startsWith("}") || (line.text.endsWith("}") && !line.text.includes("{"))) depth -= 1;
    }
    return block.join("\n");
  }

  private set(head: Line, name: string): NftSet {
    const raw = [head.raw];
    let set: NftSet = {
      type: "",
      valueType: null,
      comment: null,
      size: null,
      flags: [],
      timeoutSeconds: null,
      opaque: [],
      elements: new Map(),
    };
    for (let line = this.next(); line !== null; line = this.next()) {
      raw.push(line.raw);
      if (line.text === "}") break;
      const [word] = line.text.split(" ", 1);
      const value = line.text.slice((word ?? "").length + 1);
      if (word === "type") {
        const [type = "", valueType] = value.split(" : ");
        set = { ...set, type, valueType: valueType ?? null };
      } else if (word === "size") set = { ...set, size: Number(value) };
      else if (word === "flags") set = { ...set, flags: value.split(",") };
      else if (word === "timeout") set = { ...set, timeoutSeconds: parseDuration(value) };
      else if (word === "comment") set = { ...set, comment: quoted(line.text) };
      else if (word === "elements") {
        let text = value.replace(/^= \{/, "");
        let more: Line | null = line;
        while (more !== null && !more.text.endsWith("}")) {
          more = this.next();
          if (more === null) break;
          raw.push(more.raw);
          text += ` ${more.text}`;
        }
        set = { ...set, elements: parseElements(text.replace(/\}$/, "")) };
      } else if (line.text !== "") {
        set = { ...set, opaque: [...set.opaque, line.text] };
        if (word !== "auto-merge") this.note(line, `not evaluated: ${line.text}`);
      }
    }
    const map = head.text.startsWith("map");
    if (map && set.valueType === null) set = { ...set, valueType: "" };
    return setLines(name, set, { keepOrder: true }).join("\n") === raw.join("\n") ? set : { ...set, written: raw };
  }

  private chain(id: string): Chain {
    const rules: Rule[] = [];
    let base: BaseHook | null = null;
    let comment: string | null = null;
    for (let line = this.next(); line !== null && line.text !== "}"; line = this.next()) {
      if (line.text === "") continue;
      const hook: BaseHook | null = base === null && line.text.startsWith("type ") ? parseHook(line.text) : null;
      if (hook !== null) base = hook;
      else if (rules.length === 0 && /^comment "[^"]*"$/.test(line.text)) comment = quoted(line.text);
      else rules.push(this.rule(line, id));
    }
    return { base, comment, rules };
  }

  private rule(line: Line, chain: string): Rule {
    const parsed = parseRule(line.text);
    for (const unknown of parsed.unknown) this.note(line, `not evaluated: ${unknown}`);
    // From the rule's own text, so that other rules coming and going do not rename it; equal rules are numbered.
    const hash = fnv1a32(`${chain} ${line.text}`).toString(16).padStart(8, "0");
    const key = `${chain} ${hash}`;
    const seen = (this.seen.get(key) ?? 0) + 1;
    this.seen.set(key, seen);
    const rule: Rule = {
      role: seen === 1 ? hash : `${hash}-${seen}`,
      statements: parsed.statements,
      comment: parsed.comment,
      origin: null,
    };
    return ruleText(rule) === line.text ? rule : { ...rule, written: line.text };
  }
}

function quoted(text: string): string {
  return text.slice(text.indexOf('"') + 1, text.lastIndexOf('"'));
}

function parseHook(text: string): BaseHook | null {
  const found = /^type (\S+) hook (\S+)(?: device \S+)? priority ([^;]+);(?: policy (\S+);)?/.exec(text);
  const type = TYPES.find((known) => known === found?.[1]);
  const hook = HOOKS.find((known) => known === found?.[2]);
  const priority = parsePriority(found?.[3] ?? "");
  if (type === undefined || hook === undefined || priority === null) return null;
  const base: BaseHook = { type, hook, priority, policy: found?.[4] === "drop" ? "drop" : "accept" };
  return hookText(base) === text ? base : { ...base, written: text };
}

/** Seconds of `1d2h3m4s`. */
export function parseDuration(text: string): number {
  let seconds = 0;
  for (const [, n, unit] of text.matchAll(/(\d+)(ms|[dhms])/g)) {
    const factor = { d: 86_400, h: 3_600, m: 60, s: 1, ms: 0 }[unit as "d" | "h" | "m" | "s" | "ms"];
    seconds += Number(n) * factor;
  }
  return seconds;
}

function parseElements(text: string): ReadonlyMap<string, Element> {
  const elements = new Map<string, Element>();
  for (const item of splitItems(text)) {
    const [left, right] = splitPair(item);
    const comment = / comment "([^"]*)"$/.exec(left);
    const rest = comment === null ? left : left.slice(0, comment.index);
    const option = / (?:timeout|expires|counter) /.exec(rest);
    const key = option === null ? rest : rest.slice(0, option.index);
    elements.set(key, {
      key,
      value: right === null ? null : (parseVerdict(right) ?? right),
      comment: comment === null ? null : (comment[1] as string),
      options: option === null ? "" : rest.slice(option.index + 1),
      origin: null,
    });
  }
  return elements;
}
