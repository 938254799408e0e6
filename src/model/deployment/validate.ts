/** Source: pkg/apis/apps/validation/validation.go. */
import type { LabelSelector } from "../meta/types.ts";
import { oneOf } from "../meta/validate.ts";
import { immutableSelector, nonNegative, validateSelectorAndTemplate } from "../replicaset/validate.ts";
import { type Cause, forbidden, invalid } from "../status.ts";
import type { Deployment } from "./types.ts";

function amount(value: number | string | undefined, field: string): readonly Cause[] {
  if (value === undefined) return [];
  if (typeof value === "number") return nonNegative(value, field);
  return /^\d+%$/.test(value)
    ? []
    : [
        invalid(
          field,
          value,
          "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
      ];
}

const isZero = (value: number | string | undefined): boolean =>
  value === 0 || (typeof value === "string" && /^0+%$/.test(value));

function validateStrategy(strategy: Deployment["spec"]["strategy"]): readonly Cause[] {
  const causes: Cause[] = [...oneOf(strategy?.type, ["Recreate", "RollingUpdate"], "spec.strategy")];
  const rolling = strategy?.rollingUpdate;
  if (strategy?.type === "Recreate" && rolling !== undefined) {
    causes.push(forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'"));
  }
  if (strategy?.type === "RollingUpdate" && rolling !== undefined) {
    const field = "spec.strategy.rollingUpdate";
    causes.push(
      ...amount(rolling.maxUnavailable, `${field}.maxUnavailable`),
      ...amount(rolling.maxSurge, `${field}.maxSurge`),
    );
    if (isZero(rolling.maxUnavailable) && isZero(rolling.maxSurge)) {
      causes.push(invalid(`${field}.maxUnavailable`, rolling.maxUnavailable, "may not be 0 when `maxSurge` is 0"));
    }
    if (
      typeof rolling.maxUnavailable === "string" &&
      /^\d+%$/.test(rolling.maxUnavailable) &&
      parseInt(rolling.maxUnavailable, 10) > 100
    ) {
      causes.push(invalid(`${field}.maxUnavailable`, rolling.maxUnavailable, "must not be greater than 100%"));
    }
  }
  return causes;
}

export function validateDeployment(deployment: Deployment): readonly Cause[] {
  const spec = deployment.spec;
  const minReady = spec.minReadySeconds ?? 0;
  const deadline = spec.progressDeadlineSeconds;
  return [
    ...nonNegative(spec.replicas, "spec.replicas"),
    ...validateSelectorAndTemplate("deployment", spec.selector as LabelSelector | undefined, spec.template),
    ...validateStrategy(spec.strategy),
    ...nonNegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...nonNegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit"),
    ...nonNegative(deadline, "spec.progressDeadlineSeconds"),
    ...(deadline !== undefined && deadline <= minReady
      ? [invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")]
      : []),
  ];
}

export function validateDeploymentUpdate(deployment: Deployment, old: Deployment): readonly Cause[] {
  return [...validateDeployment(deployment), ...immutableSelector(deployment.spec.selector, old.spec.selector)];
}
