import { stringify } from "yaml";
import { isRecord } from "../base/json.ts";
import type { KubeObject } from "../model/meta/types.ts";

/** A copy with keys sorted at every level and undefined members dropped, as Go's encoders write maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => [key, sorted(value[key])]),
  );
}

/** Several objects as kubectl wraps them: what -o yaml, json and jsonpath see. */
export const listPayload = (items: readonly KubeObject[]): unknown =>
  sorted({ apiVersion: "v1", items, kind: "List", metadata: { resourceVersion: "" } });

/** One object with its keys in order. */
export const objectPayload = (object: KubeObject): unknown => sorted(object);

const payload = (objects: readonly KubeObject[], single: boolean): unknown =>
  single && objects[0] !== undefined ? objectPayload(objects[0]) : listPayload(objects);

/** `-o yaml`: sigs.k8s.io/yaml's style: sorted keys, sequences not indented, YAML 1.1 quoting (timestamps, "yes", "80"). */
export function printYaml(objects: readonly KubeObject[], single: boolean): string {
  return yamlText(payload(objects, single));
}

/** Any value as `-o yaml` writes it. */
export function yamlText(value: unknown): string {
  return stringify(value, {
    version: "1.1",
    indentSeq: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
    defaultStringType: "PLAIN",
    defaultKeyType: "PLAIN",
  });
}

/** `-o json`: 4 blanks of indentation. */
export function printJson(objects: readonly KubeObject[], single: boolean): string {
  return `${JSON.stringify(payload(objects, single), null, 4)}\n`;
}
