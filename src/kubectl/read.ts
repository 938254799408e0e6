/** Reading members of objects whose kind need not be known: printers and selectors meet them all. */
import { isRecord } from "../base/json.ts";

/** The value at a path of member names, or undefined where the path ends early. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let here: unknown = value;
  for (const step of path) {
    if (!isRecord(here) || !Object.hasOwn(here, step)) return undefined;
    here = here[step];
  }
  return here;
}

/** The text at a path; "" when there is none. Numbers and booleans are written out. */
export function text(value: unknown, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === "string"
    ? found
    : typeof found === "number" || typeof found === "boolean"
      ? String(found)
      : "";
}

/** The number at a path; 0 when there is none. */
export function count(value: unknown, ...path: readonly string[]): number {
  const found = at(value, ...path);
  return typeof found === "number" ? found : 0;
}

/** The list at a path; empty when there is none. */
export function items(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? (found as readonly unknown[]) : [];
}

/** The map of strings at a path; empty when there is none. */
export function pairs(value: unknown, ...path: readonly string[]): Readonly<Record<string, string>> {
  const found = at(value, ...path);
  return isRecord(found) ? (found as Readonly<Record<string, string>>) : {};
}

/** A copy with one member changed, deep inside; undefined takes the member away. Lists are not entered. */
export function withValue<T extends object>(object: T, path: readonly string[], value: unknown): T {
  const [head, ...rest] = path;
  if (head === undefined) return object;
  const inner = (object as Readonly<Record<string, unknown>>)[head];
  if (rest.length > 0) return { ...object, [head]: withValue(isRecord(inner) ? inner : {}, rest, value) };
  if (value !== undefined) return { ...object, [head]: value };
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== head)) as T;
}
