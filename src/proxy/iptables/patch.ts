import type { Rule } from "../../kernel/iptables/types.ts";
import type { EntryChange } from "../changes.ts";
import type { Block } from "./block.ts";

/** What a Service port adds to chains that it shares with others. */
export type SharedPart = Exclude<keyof Block, "natChains">;

/** Where the rules of the block at `to` begin, if those before it stand already: after the last rule of a block to the left. */
function placeFor(rules: readonly Rule[], blocks: readonly Block[], to: number, part: SharedPart): number {
  for (let i = to - 1; i >= 0; i--) {
    const last = blocks[i]?.[part].at(-1);
    if (last !== undefined) return rules.indexOf(last) + 1;
  }
  return 0;
}

/**
 * A shared chain's rules after some blocks changed: rules of theirs are taken out and put in where they belong, all others stay. The
 * same array when nothing changes. `own` counts the rules that were put in.
 */
export function patchedRules(
  rules: readonly Rule[],
  before: readonly Block[],
  after: readonly Block[],
  changes: readonly EntryChange[],
  part: SharedPart,
): readonly Rule[] {
  let patched: Rule[] | null = null;
  for (const change of changes) {
    const gone = change.before === null ? [] : (before[change.from]?.[part] ?? []);
    const come = change.after === null ? [] : (after[change.to]?.[part] ?? []);
    if (gone === come || (gone.length === 0 && come.length === 0)) continue;
    patched ??= [...rules];
    const [first] = gone;
    const at = first === undefined ? placeFor(patched, after, change.to, part) : patched.indexOf(first);
    patched.splice(at, gone.length, ...come);
  }
  return patched ?? rules;
}
