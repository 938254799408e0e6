import { type Micros, timestamp } from "../base/time.ts";
import type { Condition } from "../model/meta/types.ts";

/**
 * The conditions with this one set. lastTransitionTime moves only when the status flips; a condition that says the same in
 * all its fields leaves the list as it is. Order: old ones stay in place, a new one goes last.
 */
export function withCondition(
  conditions: readonly Condition[] | undefined,
  condition: {
    readonly type: string;
    readonly status: Condition["status"];
    readonly reason?: string;
    readonly message?: string;
  },
  now: Micros,
): readonly Condition[] {
  const list = conditions ?? [];
  const old = list.find((c) => c.type === condition.type);
  if (
    old !== undefined &&
    old.status === condition.status &&
    old.reason === condition.reason &&
    old.message === condition.message &&
    old.lastTransitionTime !== undefined
  ) {
    return list;
  }
  const flipped = old === undefined || old.status !== condition.status || old.lastTransitionTime === undefined;
  const next: Condition = {
    ...condition,
    lastTransitionTime: flipped ? timestamp(now) : (old.lastTransitionTime ?? timestamp(now)),
  };
  return old === undefined ? [...list, next] : list.map((c) => (c === old ? next : c));
}

export function conditionOf(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((c) => c.type === type);
}
