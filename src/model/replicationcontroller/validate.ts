/** Source: pkg/apis/core/validation/validation.go, ValidateReplicationControllerSpec. */
import { nonNegative } from "../amounts.ts";
import { validateTemplate } from "../pod/validate.ts";
import { type Cause, invalid, required } from "../status.ts";
import type { ReplicationController } from "./types.ts";

export function validateReplicationController({ spec }: ReplicationController): readonly Cause[] {
  const causes: Cause[] = [...nonNegative(spec.minReadySeconds, "spec.minReadySeconds")];
  const selector = Object.entries((spec.selector as ReplicationController["spec"]["selector"] | undefined) ?? {});
  if (selector.length === 0) causes.push(required("spec.selector"));
  causes.push(...nonNegative(spec.replicas, "spec.replicas"));
  const { template } = spec;
  if (template === undefined) return [...causes, required("spec.template")];
  const labels = template.metadata?.labels ?? {};
  if (selector.some(([key, value]) => labels[key] !== value)) {
    const why = "`selector` does not match template `labels`";
    causes.push(invalid("spec.template.metadata.labels", template.metadata?.labels ?? null, why));
  }
  return [...causes, ...validateTemplate(template, "spec.template")];
}
