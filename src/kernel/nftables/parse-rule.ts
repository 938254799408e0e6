import { splitHostPort } from "./addresses.ts";
import {
  FIELDS,
  type Branch,
  type Field,
  type NatTarget,
  type Right,
  type Statement,
  type VerdictStatement,
} from "./types.ts";

/** Words of a line; quoted strings keep their quotes, commas stay with the word before them. */
export function splitTokens(line: string): readonly string[] {
  return line.match(/"[^"]*"\S*|\S+/g) ?? [];
}

export interface ParsedRule {
  readonly statements: readonly Statement[];
  readonly comment: string | null;
  /** What is kept but not evaluated. */
  readonly unknown: readonly string[];
}

const FIELD_WORDS: readonly (readonly [field: Field, words: readonly string[]])[] = FIELDS.map((field) => [
  field,
  field.split(" "),
]);

const VERDICTS: ReadonlySet<string> = new Set(["accept", "drop", "continue", "return"]);

/** Reads a rule as `nft list ruleset` words it. Never throws: from what it does not understand on, it keeps the text. */
export function parseRule(line: string): ParsedRule {
  const reader = new Reader(splitTokens(line));
  const statements: Statement[] = [];
  const unknown: string[] = [];
  while (!reader.done()) {
    const at = reader.position;
    const statement = reader.statement();
    if (statement !== null) {
      statements.push(statement);
      continue;
    }
    reader.position = at;
    const text = reader.upToVerdict();
    unknown.push(text);
    // With a verdict behind it the text is a condition, and letting everything pass would be worse than nothing.
    statements.push({ kind: "opaque", text, condition: !reader.done() });
  }
  return { statements, comment: reader.comment, unknown };
}

/** Goes through the words of a rule. Methods that fail to understand return null and may have moved on. */
class Reader {
  position = 0;
  readonly comment: string | null;
  private readonly tokens: readonly string[];

  constructor(tokens: readonly string[]) {
    const at = tokens.length - 2;
    const said = tokens.lastIndexOf("comment");
    const commented = said >= 0 && said === at;
    this.comment = commented ? unquote(tokens[at + 1] as string) : null;
    this.tokens = commented ? tokens.slice(0, at) : tokens;
  }

  done(): boolean {
    return this.position >= this.tokens.length;
  }

  private peek(ahead = 0): string | undefined {
    return this.tokens[this.position + ahead];
  }

  private next(): string | undefined {
    return this.tokens[this.position++];
  }

  private take(...words: readonly string[]): boolean {
    if (!words.every((word, i) => this.peek(i) === word)) return false;
    this.position += words.length;
    return true;
  }

  /** The text from here to a verdict at the end of the rule, or to its end. */
  upToVerdict(): string {
    const end = this.tokens.length;
    const last = this.tokens[end - 1] ?? "";
    const before = this.tokens[end - 2] ?? "";
    let stop = end;
    if (VERDICTS.has(last)) stop = end - 1;
    else if (before === "jump" || before === "goto") stop = end - 2;
    else {
      const reject = this.tokens.lastIndexOf("reject");
      if (reject > this.position) stop = reject;
    }
    if (stop <= this.position) stop = end;
    const text = this.tokens.slice(this.position, stop).join(" ");
    this.position = stop;
    return text;
  }

  statement(): Statement | null {
    const word = this.peek();
    if (word === undefined) return null;
    if (VERDICTS.has(word) || word === "jump" || word === "goto") return this.verdict();
    switch (word) {
      case "meta":
        if (this.peek(1) === "mark") return this.mark();
        break;
      case "numgen":
        return this.numgenVmap();
      case "dnat":
      case "snat":
        return this.nat(word);
      case "masquerade":
        this.next();
        return { kind: "masquerade", flags: this.flags() };
      case "redirect":
        return this.redirect();
      case "reject":
        return this.reject();
      case "update":
      case "add":
        return this.update(word);
      case "counter":
      case "log":
      case "limit":
        return this.passive(word);
    }
    return this.match();
  }

  private verdict(): VerdictStatement | null {
    const word = this.next();
    if (word === "jump" || word === "goto") {
      const chain = this.next();
      return chain === undefined ? null : { kind: word, chain };
    }
    return word === "accept" || word === "drop" || word === "continue" || word === "return" ? { kind: word } : null;
  }

  private fields(): readonly Field[] | null {
    const fields: Field[] = [];
    do {
      const found = FIELD_WORDS.find(([, words]) => words.every((word, i) => this.peek(i) === word));
      if (found === undefined) return null;
      this.position += found[1].length;
      fields.push(found[0]);
    } while (this.take("."));
    return fields;
  }

  private match(): Statement | null {
    const fields = this.fields();
    if (fields === null) return null;
    if (this.take("vmap")) return this.vmap(fields);
    const invert = this.take("!=");
    if (!invert) this.take("==");
    const right = this.right();
    return right === null ? null : { kind: "match", fields, invert, right };
  }

  private vmap(fields: readonly Field[]): Statement | null {
    const name = this.peek();
    if (name?.startsWith("@")) {
      this.next();
      return { kind: "vmap", fields, map: name.slice(1) };
    }
    const items = this.braced();
    if (items === null) return null;
    const elements: (readonly [string, VerdictStatement])[] = [];
    for (const item of items) {
      const [key, verdict] = splitPair(item);
      const parsed = verdict === null ? null : parseVerdict(verdict);
      if (parsed === null) return null;
      elements.push([key, parsed]);
    }
    return { kind: "vmap-values", fields, elements };
  }

  private right(): Right | null {
    const word = this.peek();
    if (word === undefined) return null;
    if (word.startsWith("@")) {
      this.next();
      return { kind: "set", name: word.slice(1) };
    }
    if (word === "{") {
      const values = this.braced();
      return values === null ? null : { kind: "values", values, braces: true };
    }
    if (/^[&|^<>=]/.test(word)) return null;
    const parts = [word];
    this.next();
    while (this.peek() === ".") {
      const part = this.peek(1);
      if (part === undefined) return null;
      parts.push(part);
      this.position += 2;
    }
    return { kind: "values", values: [parts.join(" . ")], braces: false };
  }

  /** `{ a, b . c, d : e }` as its items, or null when it does not end. */
  private braced(): readonly string[] | null {
    if (!this.take("{")) return null;
    const words: string[] = [];
    for (;;) {
      const word = this.next();
      if (word === undefined) return null;
      if (word === "}") break;
      words.push(word);
    }
    return splitItems(words.join(" "));
  }

  private mark(): Statement | null {
    this.position += 2;
    if (this.take("set")) {
      if (this.take("meta", "mark")) {
        const operation = { "|": "or", "^": "xor", "&": "and" }[this.next() ?? ""] as "or" | "xor" | "and" | undefined;
        const value = this.number();
        return operation === undefined || value === null ? null : { kind: "mark-set", operation, value };
      }
      const value = this.number();
      return value === null ? null : { kind: "mark-set", operation: "set", value };
    }
    let mask: number | null = null;
    if (this.take("&")) {
      mask = this.number();
      if (mask === null || (this.peek() !== "==" && this.peek() !== "!=")) return null;
    }
    const invert = this.take("!=");
    if (!invert) this.take("==");
    const prefixed = /^(0x[0-9a-f]+)\/(\d+)$/.exec(this.peek() ?? "");
    if (prefixed !== null && mask === null) {
      this.next();
      return { kind: "mark-match", mask: (-1 << (32 - Number(prefixed[2]))) >>> 0, value: Number(prefixed[1]), invert };
    }
    const value = this.number();
    return value === null ? null : { kind: "mark-match", mask, value, invert };
  }

  private number(): number | null {
    const word = this.next() ?? "";
    return /^(0x[0-9a-f]+|\d+)$/.test(word) ? Number(word) : null;
  }

  /** The items of `numgen random mod N (map|vmap) { 0 : a, 1 : b }` in the order of their numbers, if they are complete. */
  private numgen(word: "map" | "vmap"): readonly string[] | null {
    if (!this.take("numgen", "random", "mod")) return null;
    const n = this.number();
    if (n === null || !this.take(word)) return null;
    const items = this.braced();
    if (items === null || items.length !== n) return null;
    const values: string[] = [];
    for (const [i, item] of items.entries()) {
      const [key, value] = splitPair(item);
      if (key !== String(i) || value === null) return null;
      values.push(value);
    }
    return values;
  }

  private numgenVmap(): Statement | null {
    const branches: Branch[] = [];
    for (const item of this.numgen("vmap") ?? []) {
      const verdict = parseVerdict(item);
      if (verdict === null) return null;
      branches.push({ verdict, origin: null });
    }
    return branches.length === 0 ? null : { kind: "numgen-vmap", branches };
  }

  private nat(kind: "dnat" | "snat"): Statement | null {
    this.next();
    const word = this.take("ip") ? "ip" : this.take("ip6") ? "ip6" : null;
    if (!this.take("to")) return null;
    if (this.peek() === "numgen") {
      if (kind === "snat" || word === null) return null;
      const targets: NatTarget[] = [];
      for (const item of this.numgen("map") ?? []) {
        const [ip, port] = item.split(" . ");
        if (ip === undefined) return null;
        targets.push({ ip, port: port === undefined ? null : Number(port), origin: null });
      }
      return targets.length === 0 ? null : { kind: "numgen-dnat", family: word, targets };
    }
    const to = splitHostPort(this.next() ?? "");
    return to === null ? null : { kind, ...to, word, flags: this.flags() };
  }

  private redirect(): Statement | null {
    this.next();
    if (!this.take("to")) return { kind: "redirect", port: null, flags: this.flags() };
    const port = /^:(\d+)$/.exec(this.next() ?? "");
    return port === null ? null : { kind: "redirect", port: Number(port[1]), flags: this.flags() };
  }

  private flags(): string {
    const word = this.peek();
    if (word === undefined || !/^(fully-random|random|persistent)(,(fully-random|random|persistent))*$/.test(word)) {
      return "";
    }
    this.next();
    return word;
  }

  private reject(): Statement | null {
    this.next();
    if (!this.take("with")) return { kind: "reject", with: "" };
    const [family, type] = [this.next(), this.next()];
    return family === undefined || type === undefined ? null : { kind: "reject", with: `${family} ${type}` };
  }

  private update(verb: "update" | "add"): Statement | null {
    this.next();
    const set = this.next();
    if (!set?.startsWith("@") || !this.take("{")) return null;
    const fields = this.fields();
    const [field] = fields ?? [];
    if (field === undefined || fields?.length !== 1 || !this.take("}")) return null;
    return { kind: "update", verb, set: set.slice(1), field };
  }

  private passive(word: "counter" | "log" | "limit"): Statement | null {
    const from = this.position;
    this.next();
    if (word === "counter") {
      if (this.peek() === "packets" && this.peek(2) === "bytes") this.position += 4;
      else if (this.peek() === "name") return null;
    } else if (word === "log") {
      while (["prefix", "level", "group", "snaplen", "queue-threshold", "flags"].includes(this.peek() ?? "")) {
        this.position += 2;
      }
    } else {
      // One packet never exceeds a rate: `limit rate` lets it pass, `limit rate over` would not hold.
      if (!this.take("rate") || this.take("over")) return null;
      this.next();
      if (this.take("burst")) this.position += 2;
    }
    return { kind: "passive", text: this.tokens.slice(from, this.position).join(" ") };
  }
}

function unquote(text: string): string {
  return text.replace(/^"(.*)"$/, "$1");
}

/** `goto x`, `drop`; null when it is something else. */
export function parseVerdict(text: string): VerdictStatement | null {
  const [word, chain, ...rest] = text.split(" ");
  if (rest.length > 0) return null;
  if (chain !== undefined) return word === "jump" || word === "goto" ? { kind: word, chain } : null;
  return word === "accept" || word === "drop" || word === "continue" || word === "return" ? { kind: word } : null;
}

/** Items of a list, parted by commas outside quotes. */
export function splitItems(text: string): readonly string[] {
  const items: string[] = [];
  for (const part of text.match(/(?:"[^"]*"|[^",])+/g) ?? []) {
    const item = part.trim();
    if (item !== "") items.push(item);
  }
  return items;
}

/** `key : value`, parted at the first colon with blanks around it that is not quoted. */
export function splitPair(item: string): readonly [key: string, value: string | null] {
  const found = /^((?:"[^"]*"|[^"])*?) : (.*)$/.exec(item);
  return found === null ? [item, null] : [found[1] as string, found[2] as string];
}
