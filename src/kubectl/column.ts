/** What a column of a table is, and the two that every kind has. */
import type { Micros } from "../base/time.ts";
import { fromTimestamp, SECOND } from "../base/time.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { humanDuration } from "./age.ts";

export interface Column {
  readonly name: string;
  /** Only with `-o wide`. */
  readonly wide?: boolean;
  readonly cell: (object: KubeObject, context: CellContext) => string;
}

export interface CellContext {
  readonly now: Micros;
  readonly wide: boolean;
}

function age(object: KubeObject, { now }: CellContext): string {
  const created = object.metadata.creationTimestamp;
  return created === undefined ? "<unknown>" : humanDuration((now - fromTimestamp(created)) / SECOND);
}

/** At most three, then how many more there are. */
export function few(items: readonly string[]): string {
  const shown = items.slice(0, 3).join(",");
  return items.length > 3 ? `${shown} + ${items.length - 3} more...` : shown;
}

export const NAME: Column = { name: "NAME", cell: (o) => o.metadata.name };
export const AGE: Column = { name: "AGE", cell: age };
