import type { Choice } from "../../wire/protocol.ts";

const GROUPS: readonly Choice["group"][] = ["outside", "load balancers", "services", "nodes", "pods", "names"];

/** Choices that hold every word of what was typed, anywhere and in either case, in the order of their groups. */
export function matching(choices: readonly Choice[], typed: string): readonly Choice[] {
  const words = typed
    .toLowerCase()
    .split(/[\s/]+/)
    .filter((word) => word !== "");
  return choices
    .filter(({ value, label }) => words.every((word) => `${value} ${label}`.toLowerCase().includes(word)))
    .map((choice, at) => ({ choice, at }))
    .sort((a, b) => GROUPS.indexOf(a.choice.group) - GROUPS.indexOf(b.choice.group) || a.at - b.at)
    .map(({ choice }) => choice);
}
