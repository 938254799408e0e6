/** Mends for a Service whose selector picks no pod: the label that was probably meant. Pure. */
import type { KubeObject, Labels, ObjectKey } from "../../model/meta/types.ts";
import type { Service } from "../../model/service/types.ts";
import { count } from "./problems.ts";

export interface LabelMend {
  /** Field whose value it replaces, as `spec.selector.app`, or null: the key itself is wrong. */
  readonly key: string;
  /** What is written. */
  readonly was: string;
  readonly value: string;
  readonly title: string;
}

/** Labels of a selector, each changed alone, that would make pods of the namespace match; the nearest word first. */
export function labelMends(service: Service, objects: ReadonlyMap<ObjectKey, KubeObject>): readonly LabelMend[] {
  const selector = service.spec.selector ?? {};
  const pods = [...objects.values()].filter(
    ({ kind, metadata }) => kind === "Pod" && metadata.namespace === service.metadata.namespace,
  );
  const labels = pods.map(({ metadata }) => metadata.labels ?? {});
  const out: (LabelMend & { readonly far: number; readonly pods: number })[] = [];
  for (const [key, was] of Object.entries(selector)) {
    const others = Object.entries(selector).filter(([other]) => other !== key);
    const matching = labels.filter((own) => others.every(([other, value]) => own[other] === value));
    for (const [value, found] of tally(matching, key)) {
      out.push({
        key,
        was,
        value,
        title: `Change ${key}: ${was} to ${key}: ${value} (${count(found, "pod")})`,
        far: distance(was, value),
        pods: found,
      });
    }
  }
  return out
    .filter(({ was, value, far }) => value !== was && far <= Math.max(2, Math.ceil(was.length / 2)))
    .sort((a, b) => a.far - b.far || b.pods - a.pods)
    .slice(0, 3)
    .map(({ key, was, value, title }) => ({ key, was, value, title }));
}

function tally(all: readonly Labels[], key: string): ReadonlyMap<string, number> {
  const out = new Map<string, number>();
  for (const labels of all) {
    const value = labels[key];
    if (value !== undefined) out.set(value, (out.get(value) ?? 0) + 1);
  }
  return out;
}

/** Levenshtein's number of single-character edits. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(
        Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
