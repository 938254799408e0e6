/** Source: pkg/apis/apps/validation/validation.go, ValidateStatefulSetSpec and ValidateStatefulSetUpdate. */
import { deepEqual } from "../../base/json.ts";
import { amount, isZero, nonNegative, notOverAll } from "../amounts.ts";
import type { LabelSelector } from "../meta/types.ts";
import { noDeadline, validateSelectorAndTemplate } from "../replicaset/validate.ts";
import { type Cause, forbidden, invalid, notSupported } from "../status.ts";
import type { StatefulSet } from "./types.ts";

const RETENTIONS = ["Retain", "Delete"];

export function validateStatefulSet(set: StatefulSet): readonly Cause[] {
  const { spec } = set;
  const causes: Cause[] = [];
  const management = spec.podManagementPolicy as string | undefined;
  if (management !== undefined && management !== "OrderedReady" && management !== "Parallel") {
    causes.push(invalid("spec.podManagementPolicy", management, "must be 'OrderedReady' or 'Parallel'"));
  }
  const strategy = spec.updateStrategy;
  const rolling = strategy?.rollingUpdate;
  const at = "spec.updateStrategy.rollingUpdate";
  switch (strategy?.type as string | undefined) {
    case "OnDelete":
      if (rolling !== undefined) {
        // Printed as Go's struct without JSON tags has it.
        const value = { Partition: rolling.partition ?? 0, MaxUnavailable: rolling.maxUnavailable ?? null };
        causes.push(invalid(at, value, "only allowed for updateStrategy 'RollingUpdate'"));
      }
      break;
    case "RollingUpdate":
    case undefined:
      causes.push(...nonNegative(rolling?.partition, `${at}.partition`));
      causes.push(...amount(rolling?.maxUnavailable, `${at}.maxUnavailable`));
      if (isZero(rolling?.maxUnavailable)) {
        causes.push(invalid(`${at}.maxUnavailable`, rolling?.maxUnavailable, "cannot be 0"));
      }
      causes.push(...notOverAll(rolling?.maxUnavailable, `${at}.maxUnavailable`));
      break;
    default: {
      const value = { Type: strategy?.type, RollingUpdate: null };
      causes.push(invalid("spec.updateStrategy", value, "must be 'RollingUpdate' or 'OnDelete'"));
    }
  }
  for (const when of ["whenDeleted", "whenScaled"] as const) {
    const policy = spec.persistentVolumeClaimRetentionPolicy?.[when];
    if (policy !== undefined && !RETENTIONS.includes(policy)) {
      causes.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${when}`, policy, RETENTIONS));
    }
  }
  return [
    ...causes,
    ...nonNegative(spec.replicas, "spec.replicas"),
    ...nonNegative(spec.minReadySeconds, "spec.minReadySeconds"),
    ...nonNegative(spec.ordinals?.start, "spec.ordinals.start"),
    ...validateSelectorAndTemplate("statefulset", spec.selector as LabelSelector | undefined, spec.template),
    ...noDeadline("StatefulSet", spec.template),
  ];
}

/** What an update may change; all else of the spec is as it was made. */
type Changeable =
  | "replicas"
  | "ordinals"
  | "template"
  | "updateStrategy"
  | "revisionHistoryLimit"
  | "persistentVolumeClaimRetentionPolicy"
  | "minReadySeconds";

function fixedPart(spec: StatefulSet["spec"]): Omit<StatefulSet["spec"], Changeable> {
  const {
    replicas: _replicas,
    ordinals: _ordinals,
    template: _template,
    updateStrategy: _strategy,
    revisionHistoryLimit: _limit,
    persistentVolumeClaimRetentionPolicy: _retention,
    minReadySeconds: _seconds,
    ...rest
  } = spec;
  return rest;
}

const FIXED =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export function validateStatefulSetUpdate(set: StatefulSet, old: StatefulSet): readonly Cause[] {
  const fixed = deepEqual(fixedPart(set.spec), fixedPart(old.spec)) ? [] : [forbidden("spec", FIXED)];
  return [...validateStatefulSet(set), ...fixed];
}
