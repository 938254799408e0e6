/** Source: pkg/apis/apps/validation/validation.go, ValidateDaemonSetSpec; the selector's immutability from registry/apps/daemonset/strategy.go. */
import { amount, isZero, nonNegative, notOverAll } from "../amounts.ts";
import type { LabelSelector } from "../meta/types.ts";
import { immutableSelector, noDeadline, validateSelectorAndTemplate } from "../replicaset/validate.ts";
import { type Cause, invalid, notSupported, required } from "../status.ts";
import type { DaemonSet } from "./types.ts";

function validateStrategy(strategy: DaemonSet["spec"]["updateStrategy"]): readonly Cause[] {
  const type = strategy?.type as string | undefined;
  if (type === undefined || type === "OnDelete") return [];
  if (type !== "RollingUpdate") {
    const value = { Type: type, RollingUpdate: null };
    return [notSupported("spec.updateStrategy", value, ["RollingUpdate", "OnDelete"])];
  }
  const at = "spec.updateStrategy.rollingUpdate";
  const rolling = strategy?.rollingUpdate;
  if (rolling === undefined) return [required(at)];
  const { maxUnavailable, maxSurge } = rolling;
  const causes: Cause[] = [
    ...amount(maxUnavailable, `${at}.maxUnavailable`),
    ...amount(maxSurge, `${at}.maxSurge`),
    ...notOverAll(maxUnavailable, `${at}.maxUnavailable`),
    ...notOverAll(maxSurge, `${at}.maxSurge`),
  ];
  if (!isZero(maxUnavailable) && !isZero(maxSurge)) {
    causes.push(invalid(`${at}.maxSurge`, maxSurge, "may not be set when maxUnavailable is non-zero"));
  } else if (isZero(maxUnavailable) && isZero(maxSurge)) {
    causes.push(required(`${at}.maxUnavailable`, "cannot be 0 when maxSurge is 0"));
  }
  return causes;
}

export function validateDaemonSet(set: DaemonSet): readonly Cause[] {
  const { spec } = set;
  return [
    ...validateSelectorAndTemplate("daemonset", spec.selector as LabelSelector | undefined, spec.template),
    ...noDeadline("DaemonSet", spec.template),
    ...nonNegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...validateStrategy(spec.updateStrategy),
    ...nonNegative(spec.revisionHistoryLimit, "spec.revisionHistoryLimit"),
  ];
}

export function validateDaemonSetUpdate(set: DaemonSet, old: DaemonSet): readonly Cause[] {
  return [...validateDaemonSet(set), ...immutableSelector(set.spec.selector, old.spec.selector)];
}
