/** Source: apimachinery/pkg/api/validation/objectmeta.go and pkg/apis/meta/v1/validation. */
import { onceEach } from "../../base/share.ts";
import { label1123Problems, labelKeyProblems, labelValueProblems, subdomain1123Problems } from "../names.ts";
import { type Cause, forbidden, invalid, notSupported, required, tooLong } from "../status.ts";
import type { LabelSelector, Labels, ObjectMeta } from "./types.ts";

export type NameRule = (name: string) => readonly string[];

/** Keys and values together. */
const MAX_ANNOTATION_BYTES = 256 * 1024;

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** Labels of an object or the plain selector of a Service. */
export function validateLabels(labels: Labels | undefined, field: string): readonly Cause[] {
  return labels === undefined || areGood(labels) ? NONE : labelCauses(labels, field);
}

const NONE: readonly Cause[] = [];

/** All pods of a template have the same labels. */
const areGood = onceEach((labels: Labels) => labelCauses(labels, "").length === 0);

function labelCauses(labels: Labels, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  for (const [key, value] of Object.entries(labels)) {
    for (const problem of labelKeyProblems(key)) causes.push(invalid(field, key, problem));
    for (const problem of labelValueProblems(text(value))) causes.push(invalid(field, value, problem));
  }
  return causes;
}

export function validateAnnotations(annotations: Labels | undefined, field: string): readonly Cause[] {
  const causes: Cause[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations ?? {})) {
    for (const problem of labelKeyProblems(key.toLowerCase())) causes.push(invalid(field, key, problem));
    size += key.length + text(value).length;
  }
  if (size > MAX_ANNOTATION_BYTES) causes.push(tooLong(field, MAX_ANNOTATION_BYTES));
  return causes;
}

export function validateMeta(meta: ObjectMeta, namespaced: boolean, rule: NameRule): readonly Cause[] {
  const causes: Cause[] = [];
  if (text(meta.generateName) !== "") {
    // The five random characters that will follow make an ending dash good.
    const prefix = (meta.generateName ?? "").replace(/-$/, "a");
    for (const problem of rule(prefix)) causes.push(invalid("metadata.generateName", meta.generateName, problem));
  }
  if (text(meta.name) === "") {
    if (text(meta.generateName) === "") causes.push(required("metadata.name", "name or generateName is required"));
  } else {
    for (const problem of rule(meta.name)) causes.push(invalid("metadata.name", meta.name, problem));
  }
  if (namespaced) {
    if (text(meta.namespace) === "") causes.push(required("metadata.namespace"));
    else {
      for (const problem of label1123Problems(meta.namespace ?? "")) {
        causes.push(invalid("metadata.namespace", meta.namespace, problem));
      }
    }
  } else if (text(meta.namespace) !== "") {
    causes.push(forbidden("metadata.namespace", "not allowed on this type"));
  }
  return [...causes, ...validateMetaParts(meta)];
}

function validateMetaParts(meta: ObjectMeta): readonly Cause[] {
  const causes: Cause[] = [
    ...validateLabels(meta.labels, "metadata.labels"),
    ...validateAnnotations(meta.annotations, "metadata.annotations"),
  ];
  const controllers: string[] = [];
  for (const [i, owner] of (meta.ownerReferences ?? []).entries()) {
    const at = `metadata.ownerReferences[${i}]`;
    if (text(owner.apiVersion) === "")
      causes.push(invalid(`${at}.apiVersion`, text(owner.apiVersion), "version must not be empty"));
    for (const part of ["kind", "name", "uid"] as const) {
      if (text(owner[part]) === "")
        causes.push(invalid(`${at}.${part}`, text(owner[part]), `${part} must not be empty`));
    }
    if (owner.controller === true) controllers.push(text(owner.name));
  }
  if (controllers.length > 1) {
    causes.push(
      invalid(
        "metadata.ownerReferences",
        meta.ownerReferences,
        `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]} and ${controllers[1]}`,
      ),
    );
  }
  for (const finalizer of meta.finalizers ?? []) {
    for (const problem of labelKeyProblems(finalizer)) causes.push(invalid("metadata.finalizers", finalizer, problem));
  }
  return causes;
}

export function validateMetaUpdate(meta: ObjectMeta, old: ObjectMeta): readonly Cause[] {
  const causes: Cause[] = [];
  for (const part of ["name", "namespace", "uid", "creationTimestamp"] as const) {
    if (meta[part] !== old[part] && !(part !== "name" && meta[part] === undefined)) {
      causes.push(invalid(`metadata.${part}`, meta[part] ?? "", "field is immutable"));
    }
  }
  return [...causes, ...validateMetaParts(meta)];
}

/** metav1.LabelSelector; `emptyRefused` is what Deployments and ReplicaSets demand. */
export function validateLabelSelector(selector: LabelSelector, field: string): readonly Cause[] {
  const causes: Cause[] = [...validateLabels(selector.matchLabels, `${field}.matchLabels`)];
  for (const [i, expression] of (selector.matchExpressions ?? []).entries()) {
    const at = `${field}.matchExpressions[${i}]`;
    const count = expression.values?.length ?? 0;
    switch (expression.operator) {
      case "In":
      case "NotIn":
        if (count === 0) {
          causes.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        break;
      case "Exists":
      case "DoesNotExist":
        if (count > 0) {
          causes.push(forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
        }
        break;
      default:
        causes.push(invalid(`${at}.operator`, expression.operator ?? "", "not a valid selector operator"));
    }
    for (const problem of labelKeyProblems(text(expression.key)))
      causes.push(invalid(`${at}.key`, text(expression.key), problem));
    for (const [j, value] of (expression.values ?? []).entries()) {
      for (const problem of labelValueProblems(value)) causes.push(invalid(`${at}.values[${j}]`, value, problem));
    }
  }
  return causes;
}

/** `field: Unsupported value` when a value is set to none of those allowed. */
export function oneOf(value: string | undefined, allowed: readonly string[], field: string): readonly Cause[] {
  return value === undefined || value === "" || allowed.includes(value) ? [] : [notSupported(field, value, allowed)];
}

export function validateSubdomain(value: string, field: string): readonly Cause[] {
  return subdomain1123Problems(value).map((problem) => invalid(field, value, problem));
}
