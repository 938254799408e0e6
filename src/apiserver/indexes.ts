import { compareStrings } from "../base/compare.ts";
import { SERVICE_NAME_LABEL } from "../model/endpointslice/types.ts";
import { onceEach } from "../base/share.ts";
import {
  keyOf,
  type KubeObject,
  type Labels,
  type LabelSelector,
  type ObjectKey,
  type OwnerReference,
} from "../model/meta/types.ts";
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
  /** Of kinds of the cluster, that of no namespace. */
  kindIn: (kind: string, namespace: string): string => `kind:${kind}/${namespace}`,
  namespace: (namespace: string): string => `namespace:${namespace}`,
  podLabel: (namespace: string, label: string, value: string): string => `label:${namespace}/${label}=${value}`,
  podsOnNode: (node: string): string => `node:${node}`,
  podsKeepingAway: (node: string): string => `away:${node}`,
  podIP: (ip: string): string => `podIP:${ip}`,
  slicesOf: (namespace: string, service: string): string => `slices:${namespace}/${service}`,
  /** Pods or ReplicaSets that have no controller. */
  withoutOwner: (kind: string, namespace: string): string => `orphans:${kind}/${namespace}`,
  ownedBy: (uid: string): string => `owner:${uid}`,
  /** Services by the first pair of their selector: whoever satisfies a selector has its first pair. */
  selecting: (namespace: string, label: string, value: string): string => `selecting:${namespace}/${label}=${value}`,
  /** Workloads by the first pair of their selector; null: those that choose by expressions alone. */
  choosing: (kind: string, namespace: string, pair: readonly [string, string] | null): string =>
    `choosing:${kind}/${namespace}/${pair === null ? "" : `${pair[0]}=${pair[1]}`}`,
  clusterIP: (ip: string): string => `clusterIP:${ip}`,
  nodePort: (port: number): string => `nodePort:${port}`,
} as const;

/** By labels, which all pods of a template share: the lists that they stand in for them. */
const LABELLED = new WeakMap<Labels, { readonly namespace: string; readonly names: readonly string[] }>();

function labelEntries(namespace: string, labels: Labels): readonly string[] {
  let known = LABELLED.get(labels);
  if (known?.namespace !== namespace) {
    const names = Object.entries(labels).map(([label, value]) => entry.podLabel(namespace, label, value));
    LABELLED.set(labels, (known = { namespace, names }));
  }
  return known.names;
}

function podEntries(pod: Pod, out: string[]): void {
  const namespace = pod.metadata.namespace ?? "";
  if (pod.metadata.labels !== undefined) out.push(...labelEntries(namespace, pod.metadata.labels));
  const { nodeName } = pod.spec;
  if (nodeName !== undefined && nodeName !== "") {
    out.push(entry.podsOnNode(nodeName));
    const { affinity } = pod.spec as { readonly affinity?: { readonly podAntiAffinity?: object } };
    if (affinity?.podAntiAffinity !== undefined) out.push(entry.podsKeepingAway(nodeName));
  }
  const { phase, podIP, podIPs } = pod.status;
  // A finished pod still shows the address it had, but the address may be another pod's by now.
  if (pod.spec.hostNetwork !== true && phase !== "Succeeded" && phase !== "Failed") {
    if (podIPs !== undefined) for (const { ip } of podIPs) addOnce(out, entry.podIP(ip));
    if (podIP !== undefined && podIP !== "") addOnce(out, entry.podIP(podIP));
  }
}

function addOnce(out: string[], name: string): void {
  if (!out.includes(name)) out.push(name);
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

/** Kinds whose objects controllers take on when they find them without one. */
const ADOPTED: ReadonlySet<string> = new Set(["Pod", "ReplicaSet"]);

function workloadEntries(workload: KubeObject, out: string[]): void {
  const { selector } = (workload as { readonly spec?: { readonly selector?: Labels | LabelSelector } }).spec ?? {};
  const labels = workload.kind === "ReplicationController" ? selector : (selector as LabelSelector)?.matchLabels;
  const [pair = null] = Object.entries((labels ?? {}) as Labels);
  out.push(entry.choosing(workload.kind, workload.metadata.namespace ?? "", pair));
}

/** There are few kinds and namespaces. */
const IN_NAMESPACE = new Map<string, Map<string, string>>();

function kindEntry(kind: string, namespace: string): string {
  let ofKind = IN_NAMESPACE.get(kind);
  if (ofKind === undefined) IN_NAMESPACE.set(kind, (ofKind = new Map()));
  let name = ofKind.get(namespace);
  if (name === undefined) ofKind.set(namespace, (name = entry.kindIn(kind, namespace)));
  return name;
}

const ownerEntry = onceEach((owners: readonly OwnerReference[]): string | null => {
  const controller = owners.find((ref) => ref.controller === true);
  return controller === undefined ? null : entry.ownedBy(controller.uid);
});

/** Every list that the object belongs in, without repetition: first that of its kind in its namespace, of which groups are made. */
export function entriesOf(object: KubeObject): readonly string[] {
  const { namespace, labels, ownerReferences } = object.metadata;
  const out = [kindEntry(object.kind, namespace ?? "")];
  const owner = ownerReferences === undefined ? null : ownerEntry(ownerReferences);
  if (owner !== null) out.push(owner);
  else if (ADOPTED.has(object.kind)) out.push(entry.withoutOwner(object.kind, namespace ?? ""));
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
  /** What was written since: objects that came or changed, and those that went, which are `gone` too. */
  private readonly pending = new Map<ObjectKey, KubeObject>();
  private readonly gone = new Set<KubeObject>();

  put(key: ObjectKey, object: KubeObject, isNew: boolean): void {
    if (isNew) this.count += 1;
    if (this.gone.size > 0) this.gone.delete(object);
    this.note(key, object);
  }

  remove(key: ObjectKey, object: KubeObject): void {
    this.count -= 1;
    this.gone.add(object);
    this.note(key, object);
  }

  list(): readonly KubeObject[] {
    if (this.pending.size > 0) this.merge();
    return this.sorted;
  }

  private note(key: ObjectKey, object: KubeObject): void {
    this.pending.set(key, object);
    // A list that nobody reads must not remember every object that ever passed through it.
    if (this.pending.size > 2 * this.sorted.length + 64) this.merge();
  }

  private merge(): void {
    const changes = [...this.pending.values()].sort(compareObjects);
    this.pending.clear();
    const before = this.sorted;
    const after: KubeObject[] = [];
    let from = 0;
    for (const object of changes) {
      let low = from;
      let high = before.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (compareObjects(before[middle] as KubeObject, object) < 0) low = middle + 1;
        else high = middle;
      }
      for (let i = from; i < low; i++) after.push(before[i] as KubeObject);
      const there = before[low];
      from = there !== undefined && compareObjects(there, object) === 0 ? low + 1 : low;
      if (!this.gone.has(object)) after.push(object);
    }
    for (let i = from; i < before.length; i++) after.push(before[i] as KubeObject);
    this.gone.clear();
    this.sorted = after;
  }
}

const NOTHING: readonly KubeObject[] = [];
const NONE: readonly string[] = [];

interface Joined {
  readonly parts: readonly (readonly KubeObject[])[];
  readonly all: readonly KubeObject[];
}

/**
 * All indexes of a set of objects, kept up to date one change at a time. Most lists hold one object (a Service's one slice, an
 * address's one pod): those are kept as the list itself.
 */
export class Indexes {
  readonly placements = new PlacementCounts();
  private readonly lists = new Map<string, SortedList | readonly [KubeObject]>();
  /** Of a kind, or of a namespace: the names of the lists that make it up. */
  private readonly groups = new Map<string, Set<string>>();
  /** The groups that were put together last, and of what. */
  private readonly joined = new Map<string, Joined>();

  /** The object of a key came (from undefined), changed, or went (to undefined). */
  change(key: ObjectKey, from: KubeObject | undefined, to: KubeObject | undefined): void {
    this.placements.change(from, to);
    const before = from === undefined ? NONE : entriesOf(from);
    const after = to === undefined ? NONE : entriesOf(to);
    for (const name of before) if (!after.includes(name)) this.remove(name, key, from as KubeObject);
    for (const name of after) this.put(name, key, to as KubeObject, !before.includes(name));
    if (to === undefined && from !== undefined && this.count(before[0] ?? "") === 0) this.regroup(from, false);
    if (from === undefined && to !== undefined && this.count(after[0] ?? "") === 1) this.regroup(to, true);
  }

  /** Objects under an {@link entry}, sorted; the array never changes afterwards. */
  list(name: string): readonly KubeObject[] {
    const list = this.lists.get(name);
    if (list !== undefined) return list instanceof SortedList ? list.list() : list;
    const members = this.groups.get(name);
    return members === undefined ? NOTHING : this.group(name, members);
  }

  count(name: string): number {
    const list = this.lists.get(name);
    if (list !== undefined) return list instanceof SortedList ? list.count : 1;
    let count = 0;
    for (const member of this.groups.get(name) ?? []) count += this.count(member);
    return count;
  }

  /** Names of all lists that hold something, sorted: what tests compare. */
  names(): readonly string[] {
    return [...this.lists.keys(), ...this.groups.keys()].sort(compareStrings);
  }

  private group(name: string, members: ReadonlySet<string>): readonly KubeObject[] {
    const parts = [...members].map((member) => this.list(member));
    if (parts.length === 1) return parts[0] as readonly KubeObject[];
    const known = this.joined.get(name);
    if (known?.parts.length === parts.length && known.parts.every((part, i) => part === parts[i])) return known.all;
    const all = parts.flat().sort(compareObjects);
    this.joined.set(name, { parts, all });
    return all;
  }

  /** A list of one kind in one namespace has come or gone. */
  private regroup(object: KubeObject, isThere: boolean): void {
    const { namespace } = object.metadata;
    const member = kindEntry(object.kind, namespace ?? "");
    const names = namespace === undefined ? [] : [entry.namespace(namespace)];
    for (const name of [entry.kind(object.kind), ...names]) {
      const members = this.groups.get(name);
      if (!isThere) members?.delete(member);
      else if (members === undefined) this.groups.set(name, new Set([member]));
      else members.add(member);
      if (members?.size === 0) {
        this.groups.delete(name);
        this.joined.delete(name);
      }
    }
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
