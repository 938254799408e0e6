import { compareStrings } from "../base/compare.ts";
import { SERVICE_NAME_LABEL } from "../model/endpointslice/types.ts";
import { keyOf, type KubeObject, type Labels, type LabelSelector, type ObjectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import { PlacementCounts } from "./placements.ts";

/** Namespace, then name, then kind: the order in which lists come back. Total over objects with different keys. */
export function compareObjects(a: KubeObject, b: KubeObject): number {
  return (
    compareStrings(a.metadata.namespace ?? "", b.metadata.namespace ?? "") ||
    compareStrings(a.metadata.name, b.metadata.name) ||
    compareStrings(a.kind, b.kind)
  );
}

/**
 * The names of the lists that an object stands in. One string per list, prefixed by what the list is about, so that one map
 * holds every index and a new index is one more line in {@link entriesOf}.
 */
export const entry = {
  kind: (kind: string): string => `kind:${kind}`,
  kindIn: (kind: string, namespace: string): string => `kind:${kind}/${namespace}`,
  namespace: (namespace: string): string => `namespace:${namespace}`,
  podLabel: (namespace: string, label: string, value: string): string => `label:${namespace}/${label}=${value}`,
  podsOnNode: (node: string): string => `node:${node}`,
  podsKeepingAway: (node: string): string => `away:${node}`,
  podIP: (ip: string): string => `podIP:${ip}`,
  slicesOf: (namespace: string, service: string): string => `slices:${namespace}/${service}`,
  replicaSetsWithoutOwner: (namespace: string): string => `orphans:ReplicaSet/${namespace}`,
  ownedBy: (uid: string): string => `owner:${uid}`,
  /** Services by the first pair of their selector: whoever satisfies a selector has its first pair. */
  selecting: (namespace: string, label: string, value: string): string => `selecting:${namespace}/${label}=${value}`,
  /** Workloads by the first pair of their selector; null: those that choose by expressions alone. */
  choosing: (kind: string, namespace: string, pair: readonly [string, string] | null): string =>
    `choosing:${kind}/${namespace}/${pair === null ? "" : `${pair[0]}=${pair[1]}`}`,
  clusterIP: (ip: string): string => `clusterIP:${ip}`,
  nodePort: (port: number): string => `nodePort:${port}`,
} as const;

function podEntries(pod: Pod, out: string[]): void {
  const namespace = pod.metadata.namespace ?? "";
  for (const [label, value] of Object.entries(pod.metadata.labels ?? {})) {
    out.push(entry.podLabel(namespace, label, value));
  }
  const { nodeName } = pod.spec;
  if (nodeName !== undefined && nodeName !== "") {
    out.push(entry.podsOnNode(nodeName));
    const { affinity } = pod.spec as { readonly affinity?: { readonly podAntiAffinity?: object } };
    if (affinity?.podAntiAffinity !== undefined) out.push(entry.podsKeepingAway(nodeName));
  }
  const { phase, podIP, podIPs } = pod.status;
  // A finished pod still shows the address it had, but the address may be another pod's by now.
  if (pod.spec.hostNetwork !== true && phase !== "Succeeded" && phase !== "Failed") {
    const ips = new Set(podIPs?.map((each) => each.ip));
    if (podIP !== undefined && podIP !== "") ips.add(podIP);
    for (const ip of ips) out.push(entry.podIP(ip));
  }
}

function serviceEntries(service: Service, out: string[]): void {
  const { type, clusterIPs, clusterIP, ports, healthCheckNodePort, selector } = service.spec;
  for (const label in selector) {
    out.push(entry.selecting(service.metadata.namespace ?? "", label, selector[label] as string));
    break;
  }
  if (type !== "ExternalName") {
    const ips = clusterIPs ?? (clusterIP === undefined ? [] : [clusterIP]);
    for (const ip of ips) if (ip !== "" && ip !== "None") out.push(entry.clusterIP(ip));
  }
  const numbers = new Set<number>();
  for (const port of ports ?? []) if (port.nodePort) numbers.add(port.nodePort);
  if (healthCheckNodePort) numbers.add(healthCheckNodePort);
  for (const number of numbers) out.push(entry.nodePort(number));
}

const WORKLOADS: ReadonlySet<string> = new Set([
  "Deployment",
  "ReplicaSet",
  "ReplicationController",
  "StatefulSet",
  "DaemonSet",
]);

function workloadEntries(workload: KubeObject, out: string[]): void {
  const { selector } = (workload as { readonly spec?: { readonly selector?: Labels | LabelSelector } }).spec ?? {};
  const labels = workload.kind === "ReplicationController" ? selector : (selector as LabelSelector)?.matchLabels;
  const [pair = null] = Object.entries((labels ?? {}) as Labels);
  out.push(entry.choosing(workload.kind, workload.metadata.namespace ?? "", pair));
}

/** Every list that the object belongs in, without repetition. */
export function entriesOf(object: KubeObject): readonly string[] {
  const { namespace, labels, ownerReferences } = object.metadata;
  const out = [entry.kind(object.kind)];
  if (namespace !== undefined) out.push(entry.kindIn(object.kind, namespace), entry.namespace(namespace));
  const controller = ownerReferences?.find((ref) => ref.controller === true);
  if (controller !== undefined) out.push(entry.ownedBy(controller.uid));
  else if (object.kind === "ReplicaSet") out.push(entry.replicaSetsWithoutOwner(namespace ?? ""));
  if (object.kind === "Pod") podEntries(object as Pod, out);
  else if (WORKLOADS.has(object.kind)) workloadEntries(object, out);
  else if (object.kind === "Service") serviceEntries(object as Service, out);
  else if (object.kind === "EndpointSlice") {
    const service = labels?.[SERVICE_NAME_LABEL];
    if (service !== undefined) out.push(entry.slicesOf(namespace ?? "", service));
  }
  return out;
}

/**
 * Objects in order. Writes are noted and merged in only when someone lists, so loading n objects costs one sort, not n
 * insertions; a list that was handed out is never changed afterwards.
 */
class SortedList {
  count = 0;
  private sorted: readonly KubeObject[] = [];
  private readonly pending = new Map<ObjectKey, { readonly named: KubeObject; readonly object: KubeObject | null }>();

  put(key: ObjectKey, object: KubeObject, isNew: boolean): void {
    if (isNew) this.count += 1;
    this.note(key, object, object);
  }

  remove(key: ObjectKey, object: KubeObject): void {
    this.count -= 1;
    this.note(key, object, null);
  }

  list(): readonly KubeObject[] {
    if (this.pending.size > 0) this.merge();
    return this.sorted;
  }

  private note(key: ObjectKey, named: KubeObject, object: KubeObject | null): void {
    this.pending.set(key, { named, object });
    // A list that nobody reads must not remember every object that ever passed through it.
    if (this.pending.size > 2 * this.sorted.length + 64) this.merge();
  }

  private merge(): void {
    const changes = [...this.pending.values()].sort((a, b) => compareObjects(a.named, b.named));
    this.pending.clear();
    const before = this.sorted;
    const after: KubeObject[] = [];
    let from = 0;
    for (const { named, object } of changes) {
      let low = from;
      let high = before.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compareObjects(before[middle] as KubeObject, named) < 0) low = middle + 1;
        else high = middle;
      }
      for (let i = from; i < low; i++) after.push(before[i] as KubeObject);
      const there = before[low];
      from = there !== undefined && compareObjects(there, named) === 0 ? low + 1 : low;
      if (object !== null) after.push(object);
    }
    for (let i = from; i < before.length; i++) after.push(before[i] as KubeObject);
    this.sorted = after;
  }
}

const NOTHING: readonly KubeObject[] = [];
const NONE: readonly string[] = [];

/**
 * All indexes of a set of objects, kept up to date one change at a time. Most lists hold one object (a Service's one slice, an
 * address's one pod): those are kept as the list itself.
 */
export class Indexes {
  readonly placements = new PlacementCounts();
  private readonly lists = new Map<string, SortedList | readonly [KubeObject]>();

  /** One object came (from undefined), changed, or went (to undefined). Both sides have the same key. */
  change(from: KubeObject | undefined, to: KubeObject | undefined): void {
    const key = keyOf((to ?? from) as KubeObject);
    this.placements.change(from, to);
    const before = from === undefined ? NONE : entriesOf(from);
    const after = to === undefined ? NONE : entriesOf(to);
    for (const name of before) if (!after.includes(name)) this.remove(name, key, from as KubeObject);
    for (const name of after) this.put(name, key, to as KubeObject, !before.includes(name));
  }

  /** Objects under an {@link entry}, sorted; the array never changes afterwards. */
  list(name: string): readonly KubeObject[] {
    const list = this.lists.get(name);
    return list === undefined ? NOTHING : list instanceof SortedList ? list.list() : list;
  }

  count(name: string): number {
    const list = this.lists.get(name);
    return list === undefined ? 0 : list instanceof SortedList ? list.count : 1;
  }

  /** Names of all lists that hold something, sorted: what tests compare. */
  names(): readonly string[] {
    return [...this.lists.keys()].sort(compareStrings);
  }

  private put(name: string, key: ObjectKey, object: KubeObject, isNew: boolean): void {
    const list = this.lists.get(name);
    if (list instanceof SortedList) list.put(key, object, isNew);
    else if (list === undefined || !isNew) this.lists.set(name, [object]);
    else {
      const grown = new SortedList();
      grown.put(keyOf(list[0]), list[0], true);
      grown.put(key, object, true);
      this.lists.set(name, grown);
    }
  }

  private remove(name: string, key: ObjectKey, object: KubeObject): void {
    const list = this.lists.get(name);
    if (list instanceof SortedList) list.remove(key, object);
    if (!(list instanceof SortedList) || list.count === 0) this.lists.delete(name);
  }
}
