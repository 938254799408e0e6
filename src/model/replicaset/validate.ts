/** Source: pkg/apis/apps/validation/validation.go. */
import { deepEqual } from "../../base/json.ts";
import { nonNegative } from "../amounts.ts";
import { validateLabelSelector } from "../meta/validate.ts";
import type { LabelSelector } from "../meta/types.ts";
import { validateTemplate } from "../pod/validate.ts";
import type { PodTemplate } from "../pod/types.ts";
import { labelSelectorMatches } from "../selectors.ts";
import { type Cause, forbidden, invalid, required } from "../status.ts";
import type { ReplicaSet } from "./types.ts";

const isEmpty = (selector: LabelSelector): boolean =>
  Object.keys(selector.matchLabels ?? {}).length === 0 && (selector.matchExpressions?.length ?? 0) === 0;

/** Selector required, not empty, and matched by the template: a controller must find the pods that it makes. */
export function validateSelectorAndTemplate(
  kind: string,
  selector: LabelSelector | undefined,
  template: PodTemplate | undefined,
): readonly Cause[] {
  const causes: Cause[] = [];
  if (selector === undefined) causes.push(required("spec.selector"));
  else {
    causes.push(...validateLabelSelector(selector, "spec.selector"));
    if (isEmpty(selector)) causes.push(invalid("spec.selector", selector, `empty selector is invalid for ${kind}`));
  }
  if (template === undefined) causes.push(required("spec.template"));
  else if (selector !== undefined && causes.length === 0 && !isEmpty(selector)) {
    const labels = template.metadata?.labels ?? {};
    if (!labelSelectorMatches(selector, labels)) {
      causes.push(
        invalid(
          "spec.template.metadata.labels",
          template.metadata?.labels ?? null,
          "`selector` does not match template `labels`",
        ),
      );
    }
  }
  if (template !== undefined) causes.push(...validateTemplate(template, "spec.template"));
  return causes;
}

export function validateReplicaSet(set: ReplicaSet): readonly Cause[] {
  return [
    ...nonNegative(set.spec.replicas, "spec.replicas"),
    ...nonNegative(set.spec.minReadySeconds, "spec.minReadySeconds"),
    ...validateSelectorAndTemplate("replicaset", set.spec.selector as LabelSelector | undefined, set.spec.template),
  ];
}

export function validateReplicaSetUpdate(set: ReplicaSet, old: ReplicaSet): readonly Cause[] {
  return [...validateReplicaSet(set), ...immutableSelector(set.spec.selector, old.spec.selector)];
}

export function immutableSelector(selector: LabelSelector, old: LabelSelector): readonly Cause[] {
  return deepEqual(selector, old) ? [] : [invalid("spec.selector", selector ?? null, "field is immutable")];
}

/** Pods that are meant to run for ever have no deadline. */
export function noDeadline(kind: string, template: PodTemplate | undefined): readonly Cause[] {
  if (template?.spec?.activeDeadlineSeconds === undefined) return [];
  return [forbidden("spec.template.spec.activeDeadlineSeconds", `activeDeadlineSeconds in ${kind} is not Supported`)];
}
