import { splitKey, type ObjectKey } from "../../model/meta/types.ts";
import type { Origin } from "../../model/trace/types.ts";

/** A link of provenance: an object, the field that counts, and what it has to do with the rule. */
export interface Link {
  readonly object: ObjectKey;
  readonly kind: string;
  readonly name: string;
  readonly path: string;
  readonly why: string;
}

/** The objects behind a rule, nearest first; each object and field once. */
export function linksOf(origin: Origin | null): readonly Link[] {
  if (origin === null) return [];
  const own = origin.object === null ? [] : [{ object: origin.object, path: origin.path, why: origin.why }];
  const seen = new Set<string>();
  return [...own, ...(origin.because ?? [])].flatMap(({ object, path, why }) => {
    const id = `${object} ${path}`;
    if (seen.has(id)) return [];
    seen.add(id);
    const { kind, name } = splitKey(object);
    return [{ object, kind, name, path, why }];
  });
}

/** The line of a text, 1-based, without its indentation; empty when there is none. */
export function lineOf(text: string, line: number): string {
  return (text.split("\n", line)[line - 1] ?? "").trim();
}
