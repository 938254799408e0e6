/** The API server's refusals, at the places in the text that they are about. */
import { isRecord } from "../base/json.ts";
import type { Cause, Status } from "../model/status.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import { locate, locateMark } from "./locate.ts";
import { documentKey, type ManifestDocument } from "./document.ts";
import { resolvePlain } from "./scalars.ts";
import { nearest } from "./suggest.ts";

/** One diagnostic per cause, or one for the whole when the status has no causes. Messages are the server's: `spec.ports: Required value`. */
export function statusDiagnostics(
  document: ManifestDocument,
  status: Status,
  severity: Diagnostic["severity"] = "error",
): readonly Diagnostic[] {
  const base = { severity, source: "admission", document: document.index, object: documentKey(document) } as const;
  const causes = status.causes.filter((cause) => cause.field !== "");
  if (causes.length === 0) {
    return [{ ...base, message: status.message, range: locateMark(document, "metadata.name"), fixes: [] }];
  }
  return causes.map((cause) => ({
    ...base,
    message: `${cause.field}: ${cause.message}`,
    range: locateMark(document, cause.field),
    fixes: [...enumFixes(document, cause), ...labelFixes(document, cause)],
  }));
}

/** `Unsupported value: "Clusterip": supported values: "ClusterIP", ...` → the value that was meant. */
function enumFixes(document: ManifestDocument, cause: Cause): Diagnostic["fixes"] {
  if (cause.reason !== "FieldValueNotSupported") return [];
  const match = /^Unsupported value: (?:\{"Type":)?"(.*?)".*?: supported values: (.*)$/s.exec(cause.message);
  const range = locate(document, cause.message.includes('{"Type":') ? `${cause.field}.type` : cause.field);
  if (match === null || range === null) return [];
  const supported = [...(match[2] as string).matchAll(/"(.*?)"/g)].map((value) => value[1] as string);
  const near = nearest(match[1] as string, supported);
  return near === null ? [] : [{ title: `Change to "${near}"`, edits: [{ range, text: near }] }];
}

/** A Deployment whose template lacks what its selector asks for: one edit makes them agree. */
function labelFixes(document: ManifestDocument, cause: Cause): Diagnostic["fixes"] {
  if (!cause.message.endsWith("`selector` does not match template `labels`")) return [];
  const wanted = at(document.value, "spec", "selector", "matchLabels");
  const labels = at(document.value, "spec", "template", "metadata", "labels");
  if (!isRecord(wanted) || !isRecord(labels)) return [];
  return Object.entries(wanted).flatMap(([key, value]) => {
    const range = Object.hasOwn(labels, key) ? locate(document, ["spec", "template", "metadata", "labels", key]) : null;
    if (range === null || typeof value !== "string" || labels[key] === value) return [];
    const text = /^[A-Za-z][\w.-]*$/.test(value) && resolvePlain(value) === value ? value : JSON.stringify(value);
    return [{ title: `Change the pods' label ${key} to "${value}"`, edits: [{ range, text }] }];
  });
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((parent, key) => (isRecord(parent) ? parent[key] : undefined), value);
}
