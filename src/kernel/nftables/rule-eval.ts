import type { HookContext, TableVerdict } from "../netfilter.ts";
import { fieldWords, readField } from "./packet-fields.ts";
import { findElement, keyMatches } from "./lookup.ts";
import { targetText, verdictText } from "./text.ts";
import type { Field, Rule, Statement, Table, VerdictStatement } from "./types.ts";
import type { Origin } from "../../model/trace/types.ts";

/** What trying a rule came to. */
export interface RuleOutcome {
  /** Every part of the rule was passed. */
  readonly matched: boolean;
  readonly because: string;
  /** Mark afterwards; a rule that is left half-way keeps what it did before. */
  readonly mark: number;
  /** An end, a jump or goto, or null to go on with the next rule. */
  readonly verdict: TableVerdict | VerdictStatement | null;
  /** Of the element or branch that decided, else null. */
  readonly origin: Origin | null;
  readonly draw: string | null;
  readonly effect: string | null;
}

export interface RuleInput {
  readonly context: HookContext;
  readonly table: Table;
  /** Names the rule for draws. */
  readonly id: string;
  readonly mark: number;
}

interface Progress {
  mark: number;
  readonly words: string[];
  readonly effects: string[];
  origin: Origin | null;
  draw: string | null;
  verdict: TableVerdict | VerdictStatement | null;
}

/** A look-up's key: the packet's values, or the field that it lacks. */
function keyOf(
  fields: readonly Field[],
  context: HookContext,
): { readonly parts: readonly string[] } | { readonly lacks: Field } {
  const parts: string[] = [];
  for (const field of fields) {
    const [value] = readField(field, context);
    if (value === undefined) return { lacks: field };
    parts.push(value);
  }
  return { parts };
}

/** Says of a key that it is, or is not, somewhere: "dst 10.96.0.1", "10.96.0.1 . tcp . 80". */
function keyWords(fields: readonly Field[], parts: readonly string[]): string {
  const name = fields.length === 1 ? `${fieldName(fields[0] as Field)} ` : "";
  return `${name}${parts.join(" . ")}`;
}

function fieldName(field: Field): string {
  if (field.endsWith("saddr")) return "src";
  if (field.endsWith("daddr")) return "dst";
  return field.split(" ").at(-1) as string;
}

/** Tries a rule part by part, as the kernel does: at the first condition that does not hold it is left. */
export function tryRule(rule: Rule, input: RuleInput): RuleOutcome {
  const progress: Progress = { mark: input.mark, words: [], effects: [], origin: null, draw: null, verdict: null };
  for (const statement of rule.statements) {
    const failed = step(statement, input, progress);
    if (failed !== null) return outcome(false, failed, progress);
    if (progress.verdict !== null) break;
  }
  return outcome(true, progress.words.length === 0 ? "no condition" : progress.words.join(", "), progress);
}

function outcome(matched: boolean, because: string, p: Progress): RuleOutcome {
  return {
    matched,
    because,
    mark: p.mark,
    verdict: matched ? p.verdict : null,
    origin: p.origin,
    draw: p.draw,
    effect: p.effects.length === 0 ? null : p.effects.join(", "),
  };
}

/** Runs one statement; the words say why the rule is left, null that it goes on. */
function step(s: Statement, input: RuleInput, p: Progress): string | null {
  const { context } = input;
  switch (s.kind) {
    case "match":
      return match(s, input, p);
    case "mark-match": {
      const masked = s.mask === null ? p.mark : (p.mark & s.mask) >>> 0;
      const words = `mark is 0x${p.mark.toString(16)}`;
      if ((masked === s.value >>> 0) === s.invert) return words;
      p.words.push(words);
      return null;
    }
    case "mark-set":
      p.mark = marked(p.mark, s.operation, s.value);
      p.effects.push(`mark 0x${p.mark.toString(16)}`);
      return null;
    case "vmap":
      return lookUp(s, input, p);
    case "vmap-values":
      return lookUpValues(s, input, p);
    case "numgen-vmap": {
      const i = pick(s.branches.length, input, p);
      const branch = s.branches[i];
      if (branch === undefined) return "no branch for this number";
      p.origin = branch.origin;
      p.words.push(verdictText(branch.verdict));
      p.verdict = branch.verdict;
      return null;
    }
    case "numgen-dnat": {
      const i = pick(s.targets.length, input, p);
      const target = s.targets[i];
      if (target === undefined) return "no target for this number";
      p.origin = target.origin;
      readdress(p, "dnat", target);
      return null;
    }
    case "dnat":
    case "snat":
      readdress(p, s.kind, s);
      return null;
    case "masquerade":
      p.effects.push("src becomes the address of the interface it leaves by");
      p.verdict = { kind: "masquerade", randomFully: s.flags.includes("fully-random") };
      return null;
    case "redirect":
      p.effects.push(s.port === null ? "dst becomes this host" : `dst becomes this host, port ${s.port}`);
      p.verdict = { kind: "redirect", port: s.port };
      return null;
    case "reject":
      p.verdict = { kind: "reject", with: rejectKind(s.with) };
      return null;
    case "update": {
      const [value] = readField(s.field, context);
      if (value === undefined) return fieldWords(s.field, context);
      context.recent?.set(s.set, value);
      p.effects.push(`${value} is remembered in @${s.set}`);
      return null;
    }
    case "passive":
    case "continue":
      return null;
    case "opaque":
      return s.condition ? `not evaluated here: ${s.text}` : null;
    default:
      p.verdict = s;
      return null;
  }
}

function marked(mark: number, operation: "or" | "xor" | "and" | "set", value: number): number {
  if (operation === "set") return value >>> 0;
  return (operation === "or" ? mark | value : operation === "xor" ? mark ^ value : mark & value) >>> 0;
}

function rejectKind(written: string): "icmp-port-unreachable" | "tcp-reset" | "icmp-admin-prohibited" {
  if (written === "tcp reset") return "tcp-reset";
  return written.endsWith("prohibited") ? "icmp-admin-prohibited" : "icmp-port-unreachable";
}

function readdress(
  p: Progress,
  kind: "dnat" | "snat",
  to: { readonly ip: string; readonly port: number | null },
): void {
  p.effects.push(`${kind === "dnat" ? "dst" : "src"} ${targetText(to.ip, to.port)}`);
  p.verdict = { kind, to: { ip: to.ip, port: to.port } };
}

/** `numgen random mod n`: a number below n, each equally likely. */
function pick(n: number, { context, id }: RuleInput, p: Progress): number {
  if (n === 1) return 0;
  const i = context.chooser.pick(n, `${context.flow} ${id}`);
  p.draw = `${i} of 0–${n - 1}`;
  p.words.push(`numgen drew ${p.draw}`);
  return i;
}

function match(s: Statement & { kind: "match" }, input: RuleInput, p: Progress): string | null {
  const { context, table } = input;
  const single = s.fields.length === 1 ? (s.fields[0] as Field) : null;
  if (s.right.kind === "values") {
    const { values } = s.right;
    let found: boolean;
    if (single !== null) {
      const actual = readField(single, context);
      if (actual.length === 0) return fieldWords(single, context);
      found = values.some((value) => actual.some((a) => valueHolds(value, a)));
    } else {
      const key = keyOf(s.fields, context);
      if ("lacks" in key) return fieldWords(key.lacks, context);
      found = values.some((value) => keyMatches(value, key.parts));
    }
    const shown =
      single === null ? s.fields.map((f) => fieldWords(f, context)).join(", ") : fieldWords(single, context);
    if (found !== s.invert) {
      p.words.push(shown + aside(s, values));
      return null;
    }
    return shown + contrast(s, values);
  }
  const key = keyOf(s.fields, context);
  if ("lacks" in key) return fieldWords(key.lacks, context);
  const { name } = s.right;
  const set = table.sets.get(name);
  if (set === undefined) return `there is no set ${name}`;
  const element = findElement(set, key.parts);
  if (set.timeoutSeconds !== null && set.flags.includes("dynamic")) {
    const value = key.parts.join(" . ");
    const seen = element !== undefined || (context.recent?.check(name, value, set.timeoutSeconds) ?? false);
    const words = `${value} ${seen ? "" : "not "}seen in the last ${set.timeoutSeconds} s`;
    if (seen === s.invert) return words;
    p.words.push(words);
    return null;
  }
  const found = element !== undefined;
  const where = `${keyWords(s.fields, key.parts)} is ${found ? "" : "not "}in @${name}`;
  if (found === s.invert) return where;
  p.words.push(where);
  p.origin ??= element?.origin ?? null;
  return null;
}

/** Flags come joined by commas: any of them will do. */
function valueHolds(written: string, actual: string): boolean {
  return written.includes(",") ? written.split(",").some((w) => w === actual) : keyMatches(written, [actual]);
}

const PLAIN: ReadonlySet<string> = new Set(["local", "unicast", "new", "dnat", "snat"]);

function aside(s: Statement & { kind: "match" }, values: readonly string[]): string {
  return s.invert && !values.every((v) => PLAIN.has(v)) ? `, outside ${values.join(", ")}` : "";
}

function contrast(s: Statement & { kind: "match" }, values: readonly string[]): string {
  if (values.every((v) => PLAIN.has(v)) && s.fields[0]?.startsWith("fib")) return "";
  if (s.invert) return `, which is in ${values.join(", ")}`;
  return `, not ${values.join(" or ").toUpperCase() === "NEW" ? "NEW" : values.join(" or ")}`;
}

function lookUp(s: Statement & { kind: "vmap" }, input: RuleInput, p: Progress): string | null {
  const key = keyOf(s.fields, input.context);
  if ("lacks" in key) return fieldWords(key.lacks, input.context);
  const map = input.table.sets.get(s.map);
  if (map === undefined) return `there is no map ${s.map}`;
  const element = findElement(map, key.parts);
  const words = keyWords(s.fields, key.parts);
  if (element === undefined || element.value === null || typeof element.value === "string") {
    return `${words} is not in @${s.map}`;
  }
  p.words.push(`${words} is in @${s.map}: ${verdictText(element.value)}`);
  p.origin = element.origin;
  p.verdict = element.value;
  return null;
}

function lookUpValues(s: Statement & { kind: "vmap-values" }, input: RuleInput, p: Progress): string | null {
  const key = keyOf(s.fields, input.context);
  if ("lacks" in key) return fieldWords(key.lacks, input.context);
  const found = s.elements.find(([written]) => keyMatches(written, key.parts));
  const words = keyWords(s.fields, key.parts);
  if (found === undefined) return `${words} is none of ${s.elements.map(([written]) => written).join(", ")}`;
  p.words.push(`${words}: ${verdictText(found[1])}`);
  p.verdict = found[1];
  return null;
}
