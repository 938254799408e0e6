/** Source: pkg/apis/apps/validation/validation.go. */
import type { LabelSelector } from "../meta/types.ts";
import { amount, isZero, nonNegative, notOverAll } from "../amounts.ts";
import { immutableSelector, validateSelectorAndTemplate } from "../replicaset/validate.ts";
import { type Cause, forbidden, invalid, notSupported } from "../status.ts";
import type { Deployment } from "./types.ts";

function validateStrategy(strategy: Deployment["spec"]["strategy"]): readonly Cause[] {
  const causes: Cause[] = [];
  const type = strategy?.type as string | undefined;
  if (type !== undefined && type !== "Recreate" && type !== "RollingUpdate") {
    causes.push(notSupported("spec.strategy", { Type: type, RollingUpdate: null }, ["Recreate", "RollingUpdate"]));
  }
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
    causes.push(...notOverAll(rolling.maxUnavailable, `${field}.maxUnavailable`));
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
