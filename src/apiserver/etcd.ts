/** The store as etcd would show it: `etcdctl get /registry --prefix --keys-only -w fields`. */
import { compareStrings } from "../base/compare.ts";
import { kindNamed } from "../model/kinds.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Store } from "./types.ts";

export interface EtcdEntry {
  /** `/registry/services/specs/default/web`. */
  readonly key: string;
  readonly object: ObjectKey;
  /** Revision that made it, and the last that changed it. */
  readonly createRevision: number;
  readonly modRevision: number;
  /** Writes since it was made, that one included. */
  readonly version: number;
}

/** Resources that are stored under another name than their own. Source: registry/core/rest/storage_core.go and pkg/kubeapiserver/default_storage_factory_builder.go. */
const PREFIXES: Readonly<Record<string, string>> = {
  Service: "services/specs",
  Endpoints: "services/endpoints",
  Node: "minions",
  ReplicationController: "controllers",
  Ingress: "ingress",
  CustomResourceDefinition: "apiextensions.k8s.io/customresourcedefinitions",
};

/** Custom resources stand under their group; those of Kubernetes itself do not. */
const isCustom = (group: string): boolean => group === "metallb.io" || group === "kubehop.dev";

export function etcdKey(object: KubeObject): string {
  const { kind, metadata } = object;
  const info = kindNamed(kind);
  const plural = info?.plural ?? `${kind.toLowerCase()}s`;
  const prefix = PREFIXES[kind] ?? (info !== undefined && isCustom(info.group) ? `${info.group}/${plural}` : plural);
  return ["/registry", prefix, ...(metadata.namespace === undefined ? [] : [metadata.namespace]), metadata.name].join(
    "/",
  );
}

/** All keys in order, with their revisions. Walks the whole journal: for a view, not for a loop. */
export function etcdEntries(store: Pick<Store, "journal" | "revision">): readonly EtcdEntry[] {
  const entries = new Map<ObjectKey, EtcdEntry>();
  for (const { revision, added, updated, removed } of store.journal.slice(0, store.revision)) {
    for (const object of removed) entries.delete(keyOf(object));
    for (const object of added) {
      const key = keyOf(object);
      const entry = { key: etcdKey(object), object: key, createRevision: revision, modRevision: revision, version: 1 };
      entries.set(key, entry);
    }
    for (const [, object] of updated) {
      const key = keyOf(object);
      const before = entries.get(key);
      if (before !== undefined) entries.set(key, { ...before, modRevision: revision, version: before.version + 1 });
    }
  }
  return [...entries.values()].sort((a, b) => compareStrings(a.key, b.key));
}
