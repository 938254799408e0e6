/** What the API server serves: the stored objects, and the IPAddresses and ServiceCIDR that its ClusterIP allocator keeps. */
import { defaultServiceCIDR, ipAddresses } from "../apiserver/derived.ts";
import type { ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import { type KubeObject, objectKey, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { World } from "../world/types.ts";

/** Objects of the kinds that are views of others; a stored one of the same name goes first. */
export function derivedObjects(world: World): readonly KubeObject[] {
  const { objects } = world;
  const since = objects.get(objectKey("Namespace", undefined, "kube-system"))?.metadata.creationTimestamp;
  const cidr = defaultServiceCIDR(world.config.cluster);
  const dated = { ...cidr.metadata, ...(since !== undefined && { creationTimestamp: since }) };
  return [...ipAddresses(objects), { ...cidr, metadata: dated }].filter(
    ({ kind, metadata }) => objects.get(objectKey(kind, undefined, metadata.name)) === undefined,
  );
}

const DERIVED: ReadonlySet<string> = new Set(["IPAddress", "ServiceCIDR"]);

/** Reads what `kubectl get` can name. */
export function servedObjects(world: World): Pick<ObjectReader, "revision" | "get" | "list"> {
  const { objects } = world;
  const ofKind = (kind: string): readonly KubeObject[] =>
    DERIVED.has(kind) ? derivedObjects(world).filter((object) => object.kind === kind) : [];
  return {
    revision: objects.revision,
    get: <T extends KubeObject>(key: ObjectKey): T | undefined => {
      const { kind, name } = splitKey(key);
      const found = objects.get<T>(key) ?? ofKind(kind).find((object) => object.metadata.name === name);
      return found as T | undefined;
    },
    list: <T extends KubeObject>(kind: string, namespace?: string): readonly T[] => {
      const stored = objects.list<T>(kind, namespace);
      const derived = ofKind(kind) as readonly T[];
      if (derived.length === 0) return stored;
      return [...stored, ...derived].sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
    },
  };
}
