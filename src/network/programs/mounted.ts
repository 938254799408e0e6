/** Files that a container gets from ConfigMaps. */
import { isRecord } from "../../base/json.ts";
import type { ConfigMap } from "../../model/configmap/types.ts";
import { objectKey } from "../../model/meta/types.ts";
import type { Container, Pod } from "../../model/pod/types.ts";
import type { ApiReader } from "./endpoints.ts";

const records = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter((item) => isRecord(item)) : [];

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** A file at its path as a mounted ConfigMap has it now; or, in one line, why there is none. */
export function mountedFile(
  reader: Pick<ApiReader, "get">,
  pod: Pod,
  container: Container,
  path: string,
): { readonly text: string } | { readonly missing: string } {
  const volumes = records((pod.spec as { readonly volumes?: unknown }).volumes);
  for (const mount of records((container as { readonly volumeMounts?: unknown }).volumeMounts)) {
    const at = text(mount["mountPath"]).replace(/\/+$/, "");
    const subPath = text(mount["subPath"]);
    const inside =
      subPath === "" ? (path.startsWith(`${at}/`) ? path.slice(at.length + 1) : null) : path === at ? subPath : null;
    if (inside === null) continue;
    const volume = volumes.find((v) => v["name"] === mount["name"]);
    const source = volume?.["configMap"];
    if (!isRecord(source)) return { missing: `${path} is on volume ${text(mount["name"])}, which is no ConfigMap` };
    const name = text(source["name"]);
    const map = reader.get<ConfigMap>(objectKey("ConfigMap", pod.metadata.namespace, name));
    if (map === undefined) return { missing: `ConfigMap ${name} does not exist` };
    const items = records(source["items"]);
    const key = items.length === 0 ? inside : text(items.find((item) => item["path"] === inside)?.["key"]);
    const found = map.data?.[key];
    return found === undefined ? { missing: `ConfigMap ${name} has no ${inside}` } : { text: found };
  }
  return { missing: `no ConfigMap is mounted at ${path}` };
}
