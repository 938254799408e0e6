/** Source: pkg/apis/core/validation/validation.go, ValidateConfigMap and ValidateConfigMapUpdate. */
import { deepEqual } from "../../base/json.ts";
import { type Cause, forbidden, invalid, tooLong } from "../status.ts";
import type { ConfigMap } from "./types.ts";

const MAX_BYTES = 1024 * 1024;
const KEY =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

function keyProblems(key: string): readonly string[] {
  const problems: string[] = [];
  if (key.length > 253) problems.push("must be no more than 253 characters");
  if (!/^[-._a-zA-Z0-9]+$/.test(key)) problems.push(KEY);
  if (key === ".") problems.push("must not be '.'");
  else if (key === "..") problems.push("must not be '..'");
  else if (key.startsWith("..")) problems.push("must not start with '..'");
  return problems;
}

export function validateConfigMap(map: ConfigMap): readonly Cause[] {
  const causes: Cause[] = [];
  const data = map.data ?? {};
  let size = 0;
  for (const [key, value] of Object.entries(data)) {
    for (const problem of keyProblems(key)) causes.push(invalid(`data[${key}]`, key, problem));
    if (Object.hasOwn(map.binaryData ?? {}, key)) {
      causes.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    }
    size += value.length;
  }
  for (const [key, value] of Object.entries(map.binaryData ?? {})) {
    for (const problem of keyProblems(key)) causes.push(invalid(`binaryData[${key}]`, key, problem));
    size += Math.floor((value.length * 3) / 4);
  }
  // The field without a name is the server's own.
  if (size > MAX_BYTES) causes.push(tooLong("[]", MAX_BYTES));
  return causes;
}

export function validateConfigMapUpdate(map: ConfigMap, old: ConfigMap): readonly Cause[] {
  const causes: Cause[] = [];
  if (old.immutable === true) {
    const why = "field is immutable when `immutable` is set";
    if (map.immutable !== true) causes.push(forbidden("immutable", why));
    if (!deepEqual(map.data, old.data)) causes.push(forbidden("data", why));
    if (!deepEqual(map.binaryData, old.binaryData)) causes.push(forbidden("binaryData", why));
  }
  return [...causes, ...validateConfigMap(map)];
}
