/** The three patches of the API. Sources: apimachinery strategicpatch, RFC 7396, RFC 6902. */
import { mergeKey } from "../apiserver/merge.ts";
import { deepEqual, isRecord } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";

type Fields = Readonly<Record<string, unknown>>;

/** A strategic merge patch: maps merge, lists with a merge key merge item by item, null deletes, `$patch` directs. */
export function strategicMerge(current: unknown, patch: unknown, path = ""): unknown {
  if (Array.isArray(patch)) return mergeList(current, patch as readonly unknown[], path);
  if (!isRecord(patch)) return patch;
  if (patch["$patch"] === "replace") return withoutDirectives(patch);
  const out: Record<string, unknown> = isRecord(current) ? { ...current } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$")) continue;
    const inner = path === "" ? key : `${path}.${key}`;
    if (value === null) delete out[key];
    else out[key] = strategicMerge(out[key], value, inner);
  }
  return out;
}

function mergeList(current: unknown, patch: readonly unknown[], path: string): unknown {
  const now: readonly unknown[] = Array.isArray(current) ? current : [];
  const key = mergeKey(path);
  const directed = patch.some(
    (item) => isRecord(item) && item["$patch"] === "replace" && Object.keys(item).length === 1,
  );
  if (key === undefined || directed) return patch.filter((item) => !isDirective(item)).map(plain);
  if (key === "set") return [...now, ...patch.filter((item) => !now.includes(item))];
  let out = [...now];
  for (const item of patch) {
    if (!isRecord(item)) continue;
    const same = (other: unknown): boolean => isRecord(other) && deepEqual(other[key], item[key]);
    if (item["$patch"] === "delete") {
      out = out.filter((other) => !same(other));
      continue;
    }
    const index = out.findIndex(same);
    if (index < 0) out.push(plain(item));
    else out[index] = strategicMerge(out[index], item, path);
  }
  return out;
}

const isDirective = (item: unknown): boolean => isRecord(item) && typeof item["$patch"] === "string";
const plain = (item: unknown): unknown => (isRecord(item) ? strategicMerge({}, item) : item);
const withoutDirectives = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([key]) => !key.startsWith("$")));

/** A JSON merge patch: maps merge, null deletes, everything else is replaced. */
export function jsonMerge(current: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const out: Record<string, unknown> = isRecord(current) ? { ...current } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete out[key];
    else out[key] = jsonMerge(out[key], value);
  }
  return out;
}

/** A JSON patch: a list of operations with pointers. The error is what the server answers. */
export function jsonPatch(current: unknown, patch: readonly unknown[]): Result<unknown, string> {
  let value = current;
  for (const operation of patch) {
    if (!isRecord(operation) || typeof operation["path"] !== "string" || typeof operation["op"] !== "string") {
      return err("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Operation");
    }
    const { op, path } = operation as { op: string; path: string };
    const steps = pointer(path);
    const from = typeof operation["from"] === "string" ? pointer(operation["from"]) : [];
    const done = ((): Result<unknown, string> => {
      switch (op) {
        case "add":
          return edit(value, steps, "add", operation["value"]);
        case "replace":
          return edit(value, steps, "replace", operation["value"]);
        case "remove":
          return edit(value, steps, "remove", undefined);
        case "test":
          return deepEqual(lookUp(value, steps), operation["value"])
            ? ok(value)
            : err(`the server rejected our request due to an error in our request`);
        case "copy":
          return edit(value, steps, "add", lookUp(value, from));
        case "move": {
          const moved = lookUp(value, from);
          const removed = edit(value, from, "remove", undefined);
          return removed.ok ? edit(removed.value, steps, "add", moved) : removed;
        }
        default:
          return err(`Unexpected kind: ${op}`);
      }
    })();
    if (!done.ok) return done;
    value = done.value;
  }
  return ok(value);
}

const pointer = (path: string): readonly string[] =>
  path === ""
    ? []
    : path
        .split("/")
        .slice(1)
        .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));

function lookUp(value: unknown, steps: readonly string[]): unknown {
  return steps.reduce<unknown>(
    (here, step) =>
      Array.isArray(here) ? (here as readonly unknown[])[Number(step)] : isRecord(here) ? here[step] : undefined,
    value,
  );
}

const MISSING = "the server rejected our request due to an error in our request";

function edit(
  value: unknown,
  steps: readonly string[],
  how: "add" | "replace" | "remove",
  put: unknown,
): Result<unknown, string> {
  const [step, ...rest] = steps;
  if (step === undefined) return how === "remove" ? err(MISSING) : ok(put);
  if (Array.isArray(value)) {
    const list: unknown[] = [...(value as readonly unknown[])];
    const index = step === "-" && how === "add" ? list.length : Number(step);
    const inside =
      Number.isInteger(index) && index >= 0 && index < list.length + (how === "add" && rest.length === 0 ? 1 : 0);
    if (!inside) return err(MISSING);
    if (rest.length > 0) {
      const inner = edit(list[index], rest, how, put);
      if (!inner.ok) return inner;
      list[index] = inner.value;
    } else list.splice(index, how === "add" ? 0 : 1, ...(how === "remove" ? [] : [put]));
    return ok(list);
  }
  if (!isRecord(value)) return err(MISSING);
  const fields: Record<string, unknown> = { ...value };
  if (rest.length > 0) {
    if (!(step in fields)) return err(MISSING);
    const inner = edit(fields[step], rest, how, put);
    if (!inner.ok) return inner;
    fields[step] = inner.value;
    return ok(fields);
  }
  if (how !== "add" && !(step in fields)) return err(MISSING);
  if (how === "remove") delete fields[step];
  else fields[step] = put;
  return ok(fields);
}
