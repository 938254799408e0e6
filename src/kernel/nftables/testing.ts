/** A ruleset from text for tests; fails on anything that is not understood. */
import { parseRuleset } from "./parse.ts";
import type { Ruleset } from "./types.ts";

export function rulesetOf(text: string): Ruleset {
  const { ruleset, notes } = parseRuleset(text);
  if (notes.length > 0) throw new Error(notes.map((note) => `line ${note.line}: ${note.message}`).join("\n"));
  return ruleset;
}

/** One table `ip t` whose only chain `c` holds the rules, at a hook if one is given. */
export function chainText(rules: readonly string[], head = ""): string {
  return `table ip t {\n\tchain c {\n${[head, ...rules]
    .filter((line) => line !== "")
    .map((line) => `\t\t${line}\n`)
    .join("")}\t}\n}\n`;
}
