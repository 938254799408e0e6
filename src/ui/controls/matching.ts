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

/** Choices of one group that a list shows; a cluster has ten thousands, and who looks for one of those types. */
const SHOWN = 100;

export interface Listed {
  readonly options: readonly Choice[];
  /** How many of a group are left out. */
  readonly left: ReadonlyMap<Choice["group"], number>;
  /** Values that are on the list for more than one protocol. */
  readonly twice: ReadonlySet<string>;
}

/** What a list of suggestions shows of what matches. */
export function listed(choices: readonly Choice[], typed: string): Listed {
  const counts = new Map<Choice["group"], number>();
  const options = matching(choices, typed).filter(({ group }) => {
    const count = (counts.get(group) ?? 0) + 1;
    counts.set(group, count);
    return count <= SHOWN;
  });
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const { value } of options) (seen.has(value) ? twice : seen).add(value);
  return {
    options,
    left: new Map([...counts].flatMap(([group, count]) => (count > SHOWN ? [[group, count - SHOWN] as const] : []))),
    twice,
  };
}
