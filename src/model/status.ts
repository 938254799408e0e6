/** The API server's answers to what it does not accept: metav1.Status in values, and the text that kubectl makes of it. */
import { qualifiedKind, qualifiedResource } from "./kinds.ts";

export type CauseReason =
  | "FieldValueRequired"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueForbidden"
  | "FieldValueDuplicate"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldValueTypeInvalid"
  | "FieldValueNotFound"
  | "InternalError";

/** One thing wrong with one field. `message` is `<error type>[: <bad value>][: <detail>]`. */
export interface Cause {
  readonly reason: CauseReason;
  /** As `spec.ports[0].name`. */
  readonly field: string;
  readonly message: string;
}

export type StatusReason =
  "Invalid" | "NotFound" | "AlreadyExists" | "Conflict" | "Forbidden" | "BadRequest" | "InternalError";

export interface Status {
  readonly reason: StatusReason;
  /** HTTP status. */
  readonly code: number;
  /** As client-go shows it. */
  readonly message: string;
  readonly causes: readonly Cause[];
  /** What it is about: the bare kind for Invalid, the qualified resource for the others. */
  readonly details: { readonly kind: string; readonly name: string } | null;
}

/** Go's %q for the characters that manifests hold. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A bad value as field.Error prints it: strings quoted, numbers and booleans bare, others as JSON (1.32 and later). */
export function formatValue(value: unknown): string {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return JSON.stringify(value);
}

const withDetail = (body: string, detail: string): string => (detail === "" ? body : `${body}: ${detail}`);

/** `field: Required value[: detail]`. */
export function required(field: string, detail = ""): Cause {
  return { reason: "FieldValueRequired", field, message: withDetail("Required value", detail) };
}

/** `field: Invalid value: "x"[: detail]`. */
export function invalid(field: string, value: unknown, detail = ""): Cause {
  return { reason: "FieldValueInvalid", field, message: withDetail(`Invalid value: ${formatValue(value)}`, detail) };
}

/** `field: Unsupported value: "x": supported values: "A", "B"`; the values are sorted. */
export function notSupported(field: string, value: unknown, supported: readonly string[]): Cause {
  const list = [...supported].sort().map(quote).join(", ");
  const detail = list === "" ? "" : `supported values: ${list}`;
  return {
    reason: "FieldValueNotSupported",
    field,
    message: withDetail(`Unsupported value: ${formatValue(value)}`, detail),
  };
}

/** `field: Forbidden: detail`. */
export function forbidden(field: string, detail: string): Cause {
  return { reason: "FieldValueForbidden", field, message: withDetail("Forbidden", detail) };
}

/** `field: Duplicate value: "x"`. */
export function duplicate(field: string, value: unknown): Cause {
  return { reason: "FieldValueDuplicate", field, message: `Duplicate value: ${formatValue(value)}` };
}

/** `field: Too long: may not be more than N bytes`. The value is left out: it is long. */
export function tooLong(field: string, max: number): Cause {
  return { reason: "FieldValueTooLong", field, message: `Too long: may not be more than ${max} bytes` };
}

/** `field: Too many: 3: must have at most 2 items`. */
export function tooMany(field: string, actual: number, max: number): Cause {
  const detail = `must have at most ${max} item${max === 1 ? "" : "s"}`;
  return { reason: "FieldValueTooMany", field, message: `Too many: ${actual}: ${detail}` };
}

const causeText = (cause: Cause): string => `${cause.field}: ${cause.message}`;

/** 422: the object breaks rules. `kind` is the bare kind, `Deployment`. */
export function invalidStatus(kind: string, name: string, causes: readonly Cause[]): Status {
  const texts = [...new Set(causes.map(causeText))];
  const aggregate = texts.length === 1 ? (texts[0] as string) : `[${texts.join(", ")}]`;
  return {
    reason: "Invalid",
    code: 422,
    message: `${qualifiedKind(kind)} ${quote(name)} is invalid${texts.length === 0 ? "" : `: ${aggregate}`}`,
    causes,
    details: { kind, name },
  };
}

/** 404: `services "web" not found`. */
export function notFound(kind: string, name: string): Status {
  const resource = qualifiedResource(kind);
  return about("NotFound", 404, resource, name, `${resource} ${quote(name)} not found`);
}

/** 409: `services "web" already exists`. */
export function alreadyExists(kind: string, name: string): Status {
  const resource = qualifiedResource(kind);
  return about("AlreadyExists", 409, resource, name, `${resource} ${quote(name)} already exists`);
}

/** What a write with a stale resourceVersion is told. */
export const MODIFIED = "the object has been modified; please apply your changes to the latest version and try again";

/** 409: `Operation cannot be fulfilled on services "web": ...`. */
export function conflict(kind: string, name: string, why: string = MODIFIED): Status {
  const resource = qualifiedResource(kind);
  return about("Conflict", 409, resource, name, `Operation cannot be fulfilled on ${resource} ${quote(name)}: ${why}`);
}

/** 403: `services "x" is forbidden: why`. */
export function forbiddenStatus(kind: string, name: string, why: string): Status {
  const resource = qualifiedResource(kind);
  return about("Forbidden", 403, resource, name, `${resource} ${quote(name)} is forbidden: ${why}`);
}

/** 403: new content in a namespace that is being deleted. */
export function namespaceTerminating(kind: string, name: string, namespace: string): Status {
  return forbiddenStatus(
    kind,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
}

/** 400: the message stands alone. */
export function badRequest(message: string): Status {
  return { reason: "BadRequest", code: 400, message, causes: [], details: null };
}

/** 500: `Internal error occurred: why`. */
export function internalError(why: string): Status {
  return {
    reason: "InternalError",
    code: 500,
    message: `Internal error occurred: ${why}`,
    causes: [{ reason: "InternalError", field: "", message: why }],
    details: null,
  };
}

function about(reason: StatusReason, code: number, kind: string, name: string, message: string): Status {
  return { reason, code, message, causes: [], details: { kind, name } };
}

/**
 * What kubectl prints on stderr, without a final newline. `source` is the file it read and what it was about to do
 * ("creating", "deleting", "applying patch"); Invalid answers ignore it. Source: kubectl/pkg/cmd/util/helpers.go.
 */
export function kubectlText(status: Status, source?: { readonly verb: string; readonly file: string }): string {
  if (status.reason !== "Invalid") {
    const prefix = source === undefined ? "" : `error when ${source.verb} ${quote(source.file)}: `;
    return `Error from server (${status.reason}): ${prefix}${status.message}`;
  }
  const subject =
    status.details === null
      ? "The request is invalid"
      : `The ${status.details.kind} ${quote(status.details.name)} is invalid`;
  const texts = [...new Set(status.causes.map(causeText))];
  if (texts.length === 0) return subject;
  if (texts.length === 1) return `${subject}: ${texts[0]}`;
  return `${subject}: \n${texts.map((text) => `* ${text}`).join("\n")}`;
}
