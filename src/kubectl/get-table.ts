/** The tables of `kubectl get`. */
import { err, ok, type Result } from "../base/result.ts";
import type { Micros } from "../base/time.ts";
import type { KindInfo } from "../model/kinds.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { isOn, listOf } from "./args.ts";
import { type Call, everywhere, resourceName } from "./call.ts";
import { columnsOf, labelsCell } from "./columns.ts";
import { jsonPathValues, printed } from "./jsonpath.ts";

export type Row = readonly string[];

export interface Table {
  readonly head: Row;
  readonly row: (object: KubeObject, now?: Micros) => Row;
}

/** Columns of one kind with what the flags add. `prefixed`: names as `service/web`, for tables of several kinds. */
export function tableFor(call: Call, info: KindInfo, prefixed: boolean): Table {
  const { args } = call;
  const wide = args.flags["--output"] === "wide";
  const columns = columnsOf(info.kind, wide);
  const spaced = everywhere(call) && info.namespaced;
  const labels = isOn(args, "--show-labels");
  const keys = listOf(args, "--label-columns");
  const events = isOn(args, "--output-watch-events");
  const head = [
    ...(events ? ["EVENT"] : []),
    ...(spaced ? ["NAMESPACE"] : []),
    ...columns.map((c) => c.name),
    ...keys.map((key) => (key.split("/").pop() ?? key).toUpperCase()),
    ...(labels ? ["LABELS"] : []),
  ];
  const named = columns.findIndex((c) => c.name === "NAME");
  const row = (object: KubeObject, now: Micros = call.world.now): Row => [
    ...(spaced ? [object.metadata.namespace ?? ""] : []),
    ...columns.map((column, i) => {
      const cell = firstLine(column.cell(object, { now, wide }));
      return (prefixed || isOn(args, "--show-kind")) && i === named ? `${resourceName(info)}/${cell}` : cell;
    }),
    ...keys.map((key) => object.metadata.labels?.[key] ?? ""),
    ...(labels ? [labelsCell(object)] : []),
  ];
  return { head, row };
}

/** A cell shows one line, and says when there are more. */
const firstLine = (cell: string): string => (cell.includes("\n") ? `${cell.slice(0, cell.indexOf("\n"))}...` : cell);

/** `-o custom-columns=NAME:.metadata.name,...`, and the form of `custom-columns-file`: two lines. */
export function customTable(spec: string): Result<Table, string> {
  if (spec === "") return err("error: custom-columns format specified but no custom columns given");
  const columns: (readonly [string, string])[] = [];
  for (const part of spec.split(",")) {
    const colon = part.indexOf(":");
    if (colon < 0) return err(`error: unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    columns.push([part.slice(0, colon), part.slice(colon + 1)]);
  }
  for (const [, path] of columns) {
    const tried = jsonPathValues(path, {});
    if (!tried.ok) return tried;
  }
  return ok({
    head: columns.map(([head]) => head),
    row: (object) =>
      columns.map(([, path]) => {
        const found = jsonPathValues(path, object);
        const values = found.ok ? found.value : [];
        return values.length === 0 ? "<none>" : values.map(customCell).join(",");
      }),
  });
}

/** Go prints maps and slices its own way in custom columns. */
function customCell(value: unknown): string {
  if (value === null) return "<nil>";
  if (Array.isArray(value)) return `[${(value as readonly unknown[]).map(customCell).join(" ")}]`;
  if (typeof value === "object") {
    const fields = value as Readonly<Record<string, unknown>>;
    return `map[${Object.keys(fields)
      .sort()
      .map((key) => `${key}:${customCell(fields[key])}`)
      .join(" ")}]`;
  }
  return printed(value);
}

/** `--sort-by`: numbers by value, everything else as text; objects without the field come first. */
export function sortedBy(
  objects: readonly KubeObject[],
  path: string | undefined,
): Result<readonly KubeObject[], string> {
  if (path === undefined || path === "") return ok(objects);
  const keyed: { readonly object: KubeObject; readonly key: unknown }[] = [];
  for (const object of objects) {
    const found = jsonPathValues(path, object);
    if (!found.ok) return found;
    keyed.push({ object, key: found.value[0] });
  }
  if (objects.length > 0 && keyed.every(({ key }) => key === undefined)) {
    return err(
      `error: couldn't find any field with path "${path.startsWith("{") ? path : `{${path.startsWith(".") ? path : `.${path}`}}`}" in the list of objects`,
    );
  }
  keyed.sort((a, b) => compareKeys(a.key, b.key));
  return ok(keyed.map(({ object }) => object));
}

function compareKeys(a: unknown, b: unknown): number {
  if (a === undefined || b === undefined) return (a === undefined ? 0 : 1) - (b === undefined ? 0 : 1);
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [x, y] = [printed(a), printed(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}
