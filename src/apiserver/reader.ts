import type { EndpointSlice } from "../model/endpointslice/types.ts";
import type { KubeObject, Labels, ObjectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { matchLabels } from "../model/selectors.ts";
import type { Service } from "../model/service/types.ts";
import { compareObjects, entry } from "./indexes.ts";
import type { ObjectReader } from "./types.ts";

/** What a reader stands on: look-up by key, and lists by index entry. */
export interface Source {
  revision(): number;
  get(key: ObjectKey): KubeObject | undefined;
  /** Objects under an index entry; `kind` is the kind of all of them, or null when they may differ. */
  list(name: string, kind: string | null): readonly KubeObject[];
  /** At most how many there are: enough to choose the shorter list. */
  count(name: string, kind: string | null): number;
  /** Exactly how many there are. */
  length(name: string, kind: string | null): number;
  /** Objects that a query returned or had to look at: what the benchmark watches instead of a clock. */
  scan(objects: number): void;
}

/** The queries of {@link ObjectReader} over a source; the present and past revisions answer by the same code. */
export function readerOver(source: Source): ObjectReader {
  const listed = <T extends KubeObject>(name: string, kind: string | null): readonly T[] => {
    const objects = source.list(name, kind);
    source.scan(objects.length);
    return objects as readonly T[];
  };
  /** The shortest of the lists that hold all pods with these labels; `other`: one more such list. */
  const rarest = (
    namespace: string,
    wanted: readonly (readonly [string, string])[],
    other: string | null,
  ): readonly Pod[] => {
    let shortest = other ?? entry.kindIn("Pod", namespace);
    let fewest = other === null ? Infinity : source.count(other, "Pod");
    for (const [label, value] of wanted) {
      const name = entry.podLabel(namespace, label, value);
      const count = source.count(name, "Pod");
      if (count < fewest) [shortest, fewest] = [name, count];
    }
    return listed<Pod>(shortest, "Pod");
  };
  return {
    get revision() {
      return source.revision();
    },
    get<T extends KubeObject = KubeObject>(key: ObjectKey): T | undefined {
      source.scan(1);
      return source.get(key) as T | undefined;
    },
    list: (kind, namespace) => listed(namespace === undefined ? entry.kind(kind) : entry.kindIn(kind, namespace), kind),
    podsMatching(namespace: string, selector: Labels): readonly Pod[] {
      const wanted = Object.entries(selector);
      const candidates = rarest(namespace, wanted, null);
      if (wanted.length < 2) return candidates;
      return candidates.filter((pod) => wanted.every(([label, value]) => pod.metadata.labels?.[label] === value));
    },
    servicesSelecting(namespace: string, labels: Labels): readonly Service[] {
      const found: Service[] = [];
      for (const [label, value] of Object.entries(labels)) {
        for (const service of listed<Service>(entry.selecting(namespace, label, value), "Service")) {
          if (matchLabels(service.spec.selector ?? {}, labels)) found.push(service);
        }
      }
      return found;
    },
    podsOnNode: (node) => listed<Pod>(entry.podsOnNode(node), "Pod"),
    podCountOnNode: (node) => source.length(entry.podsOnNode(node), "Pod"),
    podsKeepingAway: (node) => listed<Pod>(entry.podsKeepingAway(node), "Pod"),
    podByIP: (ip) => listed<Pod>(entry.podIP(ip), "Pod")[0],
    slicesOf: (namespace, service) => listed<EndpointSlice>(entry.slicesOf(namespace, service), "EndpointSlice"),
    workloadsFor<T extends KubeObject>(kind: string, namespace: string, labels: Labels): readonly T[] {
      const found = [...listed<T>(entry.choosing(kind, namespace, null), kind)];
      for (const pair of Object.entries(labels)) found.push(...listed<T>(entry.choosing(kind, namespace, pair), kind));
      return found.sort(compareObjects);
    },
    podsWithoutOwner(namespace: string, selector: Labels): readonly Pod[] {
      const candidates = rarest(namespace, Object.entries(selector), entry.withoutOwner("Pod", namespace));
      return candidates.filter(
        ({ metadata }) =>
          matchLabels(selector, metadata.labels) && metadata.ownerReferences?.some((ref) => ref.controller) !== true,
      );
    },
    replicaSetsWithoutOwner: (namespace) => listed(entry.withoutOwner("ReplicaSet", namespace), "ReplicaSet"),
    ownedBy: (uid) => listed(entry.ownedBy(uid), null),
  };
}
