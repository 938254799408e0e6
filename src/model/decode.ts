/**
 * Strict decoding, in the real server's words. Source: sigs.k8s.io/json (UnmarshalStrict) and
 * apimachinery/pkg/runtime/serializer/json.
 */
import { isRecord } from "../base/json.ts";
import { type Field, goType, type Struct } from "./fields.ts";
import type { KindInfo } from "./kinds.ts";
import type { KubeObject } from "./meta/types.ts";
import { tableOf } from "./tables.ts";

/** A path into a document: keys and list positions. */
export type FieldPath = readonly (string | number)[];

export interface DecodeProblem {
  /** `spec.ports[0].foo`, for people. */
  readonly path: string;
  /** The same as steps: keys may contain dots. */
  readonly steps: FieldPath;
  readonly problem: "unknown" | "type";
  /** `unknown field "spec.selectr"`, or the whole type error. */
  readonly message: string;
  /** Names that would have been known at this place. */
  readonly known: readonly string[];
}

export interface Decoded {
  /** null when the server would refuse it. */
  readonly object: KubeObject | null;
  readonly problems: readonly DecodeProblem[];
}

/** `spec.ports[0].name`; the form of API messages. Map keys that are no plain words stand in brackets. */
export function formatPath(steps: FieldPath): string {
  let out = "";
  for (const step of steps) {
    if (typeof step === "number") out += `[${step}]`;
    else if (/^[A-Za-z0-9_$-]+$/.test(step) || out === "") out += out === "" ? step : `.${step}`;
    else out += `[${step}]`;
  }
  return out;
}

/** Real servers stop counting here too. */
const MAX_PROBLEMS = 100;

interface Context {
  readonly steps: (string | number)[];
  readonly problems: DecodeProblem[];
}

function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (isRecord(value)) return "object";
  return typeof value === "boolean" ? "bool" : typeof value;
}

function mismatch(context: Context, value: unknown, field: Field, owner: Struct, element: boolean): undefined {
  // Go names the field by its keys only, without list positions, and map values by their map.
  const keys = context.steps.filter((step) => typeof step === "string");
  const path = (element ? keys.slice(0, -1) : keys).join(".");
  const what = typeof value === "number" && isInteger(field) ? `number ${goNumber(value)}` : jsonKind(value);
  report(
    context,
    "type",
    `json: cannot unmarshal ${what} into Go struct field ${owner.name}.${path} of type ${goType(field)}`,
  );
  return undefined;
}

const isInteger = (field: Field): boolean =>
  field.type === "int32" || field.type === "int64" || field.type === "intOrString";

function goNumber(value: number): string {
  return Number.isInteger(value) && Math.abs(value) >= 1e21 ? value.toExponential().replace("e+", "e+") : String(value);
}

function report(
  context: Context,
  problem: DecodeProblem["problem"],
  message: string,
  known: readonly string[] = [],
): void {
  if (context.problems.length >= MAX_PROBLEMS) return;
  const steps = context.steps.slice();
  context.problems.push({ path: formatPath(steps), steps, problem, message, known });
}

const QUANTITY = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;
const QUANTITY_WRONG = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Decodes one value; undefined when it is absent, null or mistyped. `element`: a value of a map. */
function decodeField(value: unknown, field: Field, owner: Struct, context: Context, element = false): unknown {
  if (value === null || value === undefined) return undefined;
  switch (field.type) {
    case "string":
      return typeof value === "string" ? value : mismatch(context, value, field, owner, element);
    case "time":
      if (typeof value !== "string") return mismatch(context, value, field, owner, element);
      if (value === "" || /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) return value;
      report(
        context,
        "type",
        `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
      );
      return undefined;
    case "bool":
      return typeof value === "boolean" ? value : mismatch(context, value, field, owner, element);
    case "int32":
    case "int64": {
      const limit = field.type === "int32" ? 2 ** 31 : 2 ** 63;
      const fits = typeof value === "number" && Number.isInteger(value) && value >= -limit && value < limit;
      return fits ? value : mismatch(context, value, field, owner, element);
    }
    case "intOrString": {
      if (typeof value === "string") return value;
      const fits = typeof value === "number" && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
      return fits ? value : mismatch(context, value, field, owner, element);
    }
    case "quantity":
      if (typeof value === "number" || (typeof value === "string" && QUANTITY.test(value))) return String(value);
      report(context, "type", QUANTITY_WRONG);
      return undefined;
    case "any":
      return value;
    case "object":
      if (!isRecord(value)) return mismatch(context, value, field, owner, element);
      return field.struct === undefined ? value : decodeStruct(value, field.struct, context);
    case "list": {
      if (!Array.isArray(value)) return mismatch(context, value, field, owner, element);
      const of = field.of;
      if (of === undefined) return value;
      return value.map((item, i) => {
        context.steps.push(i);
        const out = decodeField(item, of, owner, context) ?? zeroOf(of);
        context.steps.pop();
        return out;
      });
    }
    case "map": {
      if (!isRecord(value)) return mismatch(context, value, field, owner, element);
      const of = field.of;
      if (of === undefined) return value;
      return Object.fromEntries(
        Object.keys(value)
          .sort()
          .map((key) => {
            context.steps.push(key);
            const out = decodeField(value[key], of, owner, context, true) ?? zeroOf(of);
            context.steps.pop();
            return [key, out];
          }),
      );
    }
  }
}

/** What Go puts where a list or map holds null. */
function zeroOf(field: Field): unknown {
  switch (field.type) {
    case "string":
    case "time":
      return "";
    case "quantity":
      return "0";
    case "bool":
      return false;
    case "object":
    case "map":
      return {};
    case "list":
      return [];
    case "any":
      return null;
    default:
      return 0;
  }
}

/** Zero values without `keep` do not survive storage, as with Go's omitempty; neither do empty lists and maps. */
function vanishes(value: unknown, field: Field): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.length === 0 && field.keep !== true;
  if (field.type === "map") return Object.keys(value as object).length === 0;
  if (field.keep === true || field.type === "object" || field.type === "any") return false;
  return value === "" || value === 0 || value === false;
}

function decodeStruct(value: Readonly<Record<string, unknown>>, of: Struct, context: Context): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  // kubectl sends JSON with sorted keys: problems come in that order.
  for (const key of Object.keys(value).sort()) {
    context.steps.push(key);
    const field = Object.hasOwn(of.fields, key) ? of.fields[key] : undefined;
    if (field === undefined) {
      const path = formatPath(context.steps);
      report(context, "unknown", `unknown field "${path}"`, Object.keys(of.fields));
    } else {
      const decoded = decodeField(value[key], field, of, context);
      if (!vanishes(decoded, field)) out[key] = decoded;
    }
    context.steps.pop();
  }
  return out;
}

/**
 * A parsed document as an object of its kind. Unknown fields and mistyped values are problems, and then there is no object.
 * Null members vanish, as do empty values that the API does not store. Kept kinds are taken as they are. metadata is always
 * present; its name is "" when absent.
 */
export function decode(value: unknown, info: KindInfo): Decoded {
  const context: Context = { steps: [], problems: [] };
  const root = isRecord(value) ? value : {};
  const table = tableOf(info);
  const decoded: Record<string, unknown> = table === undefined ? { ...root } : decodeStruct(root, table, context);
  if (context.problems.length > 0) return { object: null, problems: context.problems };
  const metadata = isRecord(decoded["metadata"]) ? decoded["metadata"] : {};
  const object = {
    ...decoded,
    apiVersion: info.apiVersion,
    kind: info.kind,
    metadata: { ...metadata, name: typeof metadata["name"] === "string" ? metadata["name"] : "" },
  };
  return { object, problems: [] };
}

/**
 * The one line that the API server answers: the first type error, or all unknown fields.
 * `Service in version "v1" cannot be handled as a Service: strict decoding error: unknown field "spec.selectr"`.
 */
export function refusalText(info: KindInfo, problems: readonly DecodeProblem[]): string {
  const typed = problems.find((problem) => problem.problem === "type");
  const what = typed?.message ?? `strict decoding error: ${problems.map((problem) => problem.message).join(", ")}`;
  return `${info.kind} in version "${info.version}" cannot be handled as a ${info.kind}: ${what}`;
}
