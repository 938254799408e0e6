import type { Commit, ObjectReader } from "../../apiserver/types.ts";
import { compareStrings } from "../../base/compare.ts";
import { canonicalJson, deepEqual } from "../../base/json.ts";
import type { EndpointAddress, EndpointSubset, Endpoints } from "../../model/endpoints/types.ts";
import { objectKey, type ObjectKey, splitKey } from "../../model/meta/types.ts";
import { type Pod, podReady } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { changesOf, isDeleting } from "../changes.ts";
import { type Controller, NOTHING, type Reconciliation, type ReconcileView } from "../types.ts";
import {
  familiesOf,
  HEADLESS_LABEL,
  hasEndpoints,
  hostnameUnder,
  isHeadless,
  isOver,
  podIPsOf,
  selectedPods,
  servicesTouched,
  targetPortOn,
} from "./selection.ts";

const MANAGED_BY = "endpoints.kubernetes.io/managed-by";
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";
const MAX_ADDRESSES = 1000;

/**
 * Writes the legacy Endpoints of every Service with a selector. kube-proxy never reads them. The annotation
 * last-change-trigger-time is left out: it changes nothing here and would make objects differ by time alone.
 * Source: pkg/controller/endpoint/endpoints_controller.go.
 */
export const endpointsController: Controller = {
  name: "endpoint-controller",
  instanceOf: () => "endpoint-controller",
  keysFor,
  reconcile,
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = servicesTouched(commit, reader);
  for (const { object } of changesOf(commit)) {
    if (object.kind === "Endpoints") keys.add(objectKey("Service", object.metadata.namespace, object.metadata.name));
  }
  return [...keys];
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const service = view.reader.get<Service>(key as ObjectKey);
  const { namespace, name } = splitKey(key as ObjectKey);
  const endpointsKey = objectKey("Endpoints", namespace, name);
  const existing = view.reader.get<Endpoints>(endpointsKey);
  if (service === undefined) {
    // The API server deletes them with the Service; this is for those that slipped through.
    const mine = existing?.metadata.labels?.[MANAGED_BY] === "endpoint-controller" && !isDeleting(existing);
    return mine ? { operations: [{ op: "delete", key: endpointsKey }] } : NOTHING;
  }
  if (!hasEndpoints(service)) return NOTHING;
  const { subsets, truncated } = subsetsOf(service, selectedPods(service, view.reader));
  const labels = {
    ...service.metadata.labels,
    [MANAGED_BY]: "endpoint-controller",
    ...(isHeadless(service) ? { [HEADLESS_LABEL]: "" } : {}),
  };
  const { [OVER_CAPACITY]: _, ...others } = existing?.metadata.annotations ?? {};
  const annotations = truncated ? { ...others, [OVER_CAPACITY]: "truncated" } : others;
  const { annotations: _a, ...metadata } = existing?.metadata ?? { name, namespace };
  const object: Endpoints = {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }), labels },
    // No pods: no `subsets` at all, which kubectl shows as <none>.
    ...(subsets.length === 0 ? {} : { subsets }),
  };
  if (existing === undefined) {
    if (isDeleting(service)) return NOTHING;
    return { operations: [{ op: "create", object }], title: summary(name, subsets) };
  }
  if (deepEqual(object, existing)) return NOTHING;
  return { operations: [{ op: "update", object }], title: summary(name, subsets) };
}

function summary(name: string, subsets: readonly EndpointSubset[]): string {
  const ready = subsets.reduce((n, subset) => n + (subset.addresses?.length ?? 0), 0);
  const not = subsets.reduce((n, subset) => n + (subset.notReadyAddresses?.length ?? 0), 0);
  return `Endpoints ${name}: ${ready} ready${not === 0 ? "" : `, ${not} not ready`}`;
}

interface Candidate {
  readonly address: EndpointAddress;
  readonly ready: boolean;
  readonly uid: string;
}

type SubsetPort = NonNullable<EndpointSubset["ports"]>[number];

function subsetsOf(
  service: Service,
  pods: readonly Pod[],
): { readonly subsets: readonly EndpointSubset[]; readonly truncated: boolean } {
  const family = familiesOf(service)[0] ?? "IPv4";
  const publish = service.spec.publishNotReadyAddresses === true;
  const byPort = new Map<string, AtPort>();
  // All pods of a template have the same containers, and so the same ports.
  let last: { readonly spec: Pod["spec"]; readonly groups: readonly AtPort[] } | null = null;
  for (const pod of pods) {
    const ip = pod.status.podIP === undefined && pod.status.podIPs === undefined ? undefined : podIPsOf(pod, family)[0];
    if (ip === undefined || isOver(pod) || (isDeleting(pod) && !publish)) continue;
    const { spec } = pod;
    if (last?.spec.containers !== spec.containers || last.spec.initContainers !== spec.initContainers)
      last = { spec, groups: subsetPorts(service, pod).map((port) => groupOf(byPort, port)) };
    if (last.groups.length === 0) continue;
    const candidate = {
      address: addressOf(service, pod, ip),
      ready: publish || podReady(pod),
      uid: pod.metadata.uid ?? "",
    };
    for (const group of last.groups) group.candidates.push(candidate);
  }
  return packed([...byPort.values()]);
}

/** What has an address at a port; null: at none, of a headless Service. */
interface AtPort {
  readonly port: SubsetPort | null;
  readonly candidates: Candidate[];
}

function groupOf(byPort: Map<string, AtPort>, port: SubsetPort | null): AtPort {
  const id = canonicalJson(port);
  let group = byPort.get(id);
  if (group === undefined) byPort.set(id, (group = { port, candidates: [] }));
  return group;
}

function subsetPorts(service: Service, pod: Pod): readonly (SubsetPort | null)[] {
  const ports = service.spec.ports ?? [];
  if (ports.length === 0) return isHeadless(service) ? [null] : [];
  return ports.flatMap((port): readonly SubsetPort[] => {
    const number = targetPortOn(pod, port);
    if (number === null) return [];
    return [
      {
        ...(port.name === undefined || port.name === "" ? {} : { name: port.name }),
        port: number,
        protocol: port.protocol ?? "TCP",
        ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
      },
    ];
  });
}

function addressOf(service: Service, pod: Pod, ip: string): EndpointAddress {
  const hostname = hostnameUnder(service, pod);
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: "Pod",
      ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
      name: pod.metadata.name,
      ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }),
    },
  };
}

/**
 * Ports that have exactly the same addresses share a subset. Addresses sort by IP as text, then by pod. The real order of
 * ports and subsets is that of a hash of Go's dump of them; here it is by name, number and protocol.
 * Source: pkg/api/v1/endpoints/util.go RepackSubsets.
 */
function packed(byPort: readonly AtPort[]): {
  readonly subsets: readonly EndpointSubset[];
  readonly truncated: boolean;
} {
  const bySet = new Map<string, { readonly ports: SubsetPort[]; readonly candidates: readonly Candidate[] }>();
  for (const { port, candidates } of byPort) {
    const sorted = candidates.toSorted(
      (a, b) => compareStrings(a.address.ip, b.address.ip) || compareStrings(a.uid, b.uid),
    );
    const id = byPort.length < 2 ? "" : sorted.map((c) => `${c.address.ip} ${c.uid} ${c.ready}`).join("\n");
    const group = bySet.get(id) ?? { ports: [], candidates: sorted };
    if (port !== null) group.ports.push(port);
    bySet.set(id, group);
  }
  const total = [...bySet.values()].reduce((n, group) => n + group.candidates.length, 0);
  const subsets = [...bySet.values()]
    .map(({ ports, candidates }) => subsetOf(ports.toSorted(comparePorts), truncate(candidates, total)))
    .sort((a, b) => comparePorts(a.ports?.[0], b.ports?.[0]) || compareStrings(canonicalJson(a), canonicalJson(b)));
  return { subsets, truncated: total > MAX_ADDRESSES };
}

/** This subset's share of the thousand addresses, ready ones first. Source: truncateEndpoints. */
function truncate(candidates: readonly Candidate[], total: number): readonly Candidate[] {
  if (total <= MAX_ADDRESSES) return candidates;
  const room = Math.max(1, Math.floor((candidates.length * MAX_ADDRESSES) / total));
  const kept = new Set([...candidates.filter((c) => c.ready), ...candidates.filter((c) => !c.ready)].slice(0, room));
  return candidates.filter((c) => kept.has(c));
}

function subsetOf(ports: readonly SubsetPort[], candidates: readonly Candidate[]): EndpointSubset {
  const addresses = candidates.filter((c) => c.ready).map((c) => c.address);
  const notReadyAddresses = candidates.filter((c) => !c.ready).map((c) => c.address);
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
    ...(ports.length === 0 ? {} : { ports }),
  };
}

function comparePorts(a: SubsetPort | undefined, b: SubsetPort | undefined): number {
  return (
    compareStrings(a?.name ?? "", b?.name ?? "") ||
    (a?.port ?? 0) - (b?.port ?? 0) ||
    compareStrings(a?.protocol ?? "", b?.protocol ?? "")
  );
}
