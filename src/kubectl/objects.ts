/** What the API server serves: the stored objects, the IPAddresses and ServiceCIDR of its ClusterIP allocator, and kube-proxy's. */
import { defaultServiceCIDR, ipAddresses } from "../apiserver/derived.ts";
import type { ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey, splitKey } from "../model/meta/types.ts";
import { KUBE_PROXY_NAMESPACE, kubeProxyObjects } from "./kube-proxy-objects.ts";
import type { Pod } from "../model/pod/types.ts";
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

export type ServedReader = Pick<ObjectReader, "revision" | "get" | "list" | "ownedBy" | "podsOnNode">;

/** Reads what `kubectl get` can name. */
export function servedObjects(world: World): ServedReader {
  const { objects } = world;
  const ofKind = (kind: string, namespace: string | undefined): readonly KubeObject[] => {
    if (DERIVED.has(kind)) return derivedObjects(world).filter((object) => object.kind === kind);
    if ((kind !== "DaemonSet" && kind !== "Pod") || (namespace ?? KUBE_PROXY_NAMESPACE) !== KUBE_PROXY_NAMESPACE)
      return [];
    return kubeProxyObjects(world).filter((object) => object.kind === kind && objects.get(keyOf(object)) === undefined);
  };
  return {
    revision: objects.revision,
    ownedBy: (uid) => [
      ...objects.ownedBy(uid),
      ...kubeProxyObjects(world).filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    ],
    podsOnNode: (node) => [
      ...objects.podsOnNode(node),
      ...kubeProxyObjects(world).filter(
        (object): object is Pod => object.kind === "Pod" && object.spec.nodeName === node,
      ),
    ],
    get: <T extends KubeObject>(key: ObjectKey): T | undefined => {
      const { kind, namespace, name } = splitKey(key);
      const found = objects.get<T>(key) ?? ofKind(kind, namespace).find((object) => object.metadata.name === name);
      return found as T | undefined;
    },
    list: <T extends KubeObject>(kind: string, namespace?: string): readonly T[] => {
      const stored = objects.list<T>(kind, namespace);
      const derived = ofKind(kind, namespace) as readonly T[];
      if (derived.length === 0) return stored;
      return [...stored, ...derived].sort(
        (a, b) =>
          compareStrings(a.metadata.namespace ?? "", b.metadata.namespace ?? "") ||
          compareStrings(a.metadata.name, b.metadata.name),
      );
    },
  };
}
