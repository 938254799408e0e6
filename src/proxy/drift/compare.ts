/** Two sets of lists, rule by rule. */
import { align } from "./align.ts";
import type { Group, Item } from "./groups.ts";

/** A rule of the dump, of kube-proxy, or the two that belong together. */
export interface Compared {
  readonly table: string;
  readonly chain: string;
  readonly dump: Item | null;
  readonly expected: Item | null;
  /** In both to the letter, at a place where it does something else. */
  readonly moved: boolean;
}

/** Chain by chain: the dump's in its order, then those that only kube-proxy would have. */
export function compareGroups(dump: readonly Group[], expected: readonly Group[]): readonly Compared[] {
  const id = ({ table, chain }: Group): string => `${table}/${chain}`;
  const wanted = new Map(expected.map((group) => [id(group), group]));
  const rows: Compared[] = [];
  for (const group of dump) {
    const other = wanted.get(id(group));
    wanted.delete(id(group));
    rows.push(...compareChain(group, other ?? null));
  }
  for (const group of wanted.values()) rows.push(...compareChain(null, group));
  return rows;
}

/** A chain that exists without rules is only told where the other side has no such chain. */
const isEmpty = (group: Group): boolean => group.items.length === 1 && group.items[0]?.key.startsWith(":") === true;

function compareChain(dump: Group | null, expected: Group | null): readonly Compared[] {
  const { table, chain, ordered } = (dump ?? expected) as Group;
  const both = dump !== null && expected !== null;
  const a = dump === null || (both && isEmpty(dump)) ? [] : dump.items;
  const b = expected === null || (both && isEmpty(expected)) ? [] : expected.items;
  const partner = new Map<number, number>();
  const anchored = new Set<number>();
  const keys = (items: readonly Item[]): readonly string[] => items.map(({ key }) => key);
  if (ordered) {
    for (const [i, j] of align(keys(a), keys(b))) {
      partner.set(i, j);
      anchored.add(i);
    }
  }
  const taken = new Set(partner.values());
  const equal = pairBy(a, b, partner, taken, ({ key }) => key);
  const moved = new Set(ordered ? equal : misplacedTails(a));
  for (let tier = 0; tier < 3; tier++) pairBy(a, b, partner, taken, ({ kin }) => kin[tier]);
  pairAlike(a, b, partner, taken);
  const rows: Compared[] = [];
  let next = 0;
  const missingUpTo = (end: number): void => {
    for (; next < end; next++) {
      if (!taken.has(next)) rows.push({ table, chain, dump: null, expected: b[next] as Item, moved: false });
    }
  };
  for (const [i, item] of a.entries()) {
    const j = partner.get(i);
    if (j !== undefined && anchored.has(i)) missingUpTo(j);
    rows.push({ table, chain, dump: item, expected: j === undefined ? null : (b[j] as Item), moved: moved.has(i) });
  }
  missingUpTo(b.length);
  return rows;
}

/** Pairs what has no partner yet by a name that both have, first come first served; says which of `a` found one. */
function pairBy(
  a: readonly Item[],
  b: readonly Item[],
  partner: Map<number, number>,
  taken: Set<number>,
  nameOf: (item: Item) => string | undefined,
): readonly number[] {
  const waiting = new Map<string, number[]>();
  for (const [j, item] of b.entries()) {
    const name = nameOf(item);
    if (taken.has(j) || name === undefined) continue;
    const known = waiting.get(name);
    if (known === undefined) waiting.set(name, [j]);
    else known.push(j);
  }
  for (const queue of waiting.values()) queue.reverse();
  const found: number[] = [];
  for (const [i, item] of a.entries()) {
    if (partner.has(i)) continue;
    const j = waiting.get(nameOf(item) ?? "")?.pop();
    if (j === undefined) continue;
    partner.set(i, j);
    taken.add(j);
    found.push(i);
  }
  return found;
}

/** Pairs rules without a name that do the same on conditions of which one has all that the other has, or that ask the same things. */
function pairAlike(a: readonly Item[], b: readonly Item[], partner: Map<number, number>, taken: Set<number>): void {
  const left = b.flatMap((item, j) => (taken.has(j) || item.shape === undefined ? [] : [j]));
  for (const [i, { shape }] of a.entries()) {
    if (shape === undefined || partner.has(i)) continue;
    const at = left.findIndex((j) => isAlike(shape, b[j]?.shape ?? shape));
    const [j] = at < 0 ? [] : left.splice(at, 1);
    if (j === undefined) continue;
    partner.set(i, j);
    taken.add(j);
  }
}

type Shape = NonNullable<Item["shape"]>;

function isAlike(a: Shape, b: Shape): boolean {
  if (a.target !== b.target) return false;
  const [fewer, more] = a.conditions.length <= b.conditions.length ? [a, b] : [b, a];
  if (fewer.conditions.every((condition) => more.conditions.includes(condition))) return true;
  const asked = ({ conditions }: Shape): string =>
    conditions.map((text) => text.match(/--?[a-z-]+/g)?.join(" ")).join(" ");
  return asked(a) === asked(b);
}

/** "NOTE: this must be the last rule in this chain". */
const TAIL = "this must be the last rule in this chain";

/** In a chain whose order says nothing the rules for node ports still have to be the last ones. */
function misplacedTails(items: readonly Item[]): readonly number[] {
  const last = items.findLastIndex(({ text }) => !text.includes(TAIL));
  return items.flatMap(({ text }, i) => (text.includes(TAIL) && i < last ? [i] : []));
}
