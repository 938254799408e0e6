/** Numbers and percentages of workloads. Source: pkg/apis/apps/validation/validation.go, ValidatePositiveIntOrPercent and friends. */
import { type Cause, invalid } from "./status.ts";

export function nonNegative(value: number | undefined, field: string): readonly Cause[] {
  return value !== undefined && value < 0 ? [invalid(field, value, "must be greater than or equal to 0")] : [];
}

const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

/** A number of pods, or a percentage. */
export function amount(value: number | string | undefined, field: string): readonly Cause[] {
  if (value === undefined) return [];
  if (typeof value === "number") return nonNegative(value, field);
  return /^\d+%$/.test(value) ? [] : [invalid(field, value, PERCENT)];
}

export const isZero = (value: number | string | undefined): boolean =>
  value === 0 || (typeof value === "string" && /^0+%$/.test(value));

export function notOverAll(value: number | string | undefined, field: string): readonly Cause[] {
  const over = typeof value === "string" && /^\d+%$/.test(value) && parseInt(value, 10) > 100;
  return over ? [invalid(field, value, "must not be greater than 100%")] : [];
}
