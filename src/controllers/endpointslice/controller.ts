import type { Commit, ObjectReader } from "../../apiserver/types.ts";
import { deepEqual } from "../../base/json.ts";
import {
  type Endpoint,
  type EndpointPort,
  type EndpointSlice,
  ENDPOINTSLICE_CONTROLLER,
  MANAGED_BY_LABEL,
  SERVICE_NAME_LABEL,
} from "../../model/endpointslice/types.ts";
import { keyOf, objectKey, type ObjectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import { type Pod, podReady } from "../../model/pod/types.ts";
import type { IPFamily, Service } from "../../model/service/types.ts";
import { changesOf, controllerRef, isDeleting } from "../changes.ts";
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
} from "../endpoints/selection.ts";
import { generatedName } from "../names.ts";
import {
  type Controller,
  type EventNote,
  NOTHING,
  type Operation,
  type Reconciliation,
  type ReconcileView,
} from "../types.ts";
import { allocateHints, positionalHints, wantsTopologyHints } from "./hints.ts";
import { type Draft, endpointIdentity, type Group, groupKey, planGroup } from "./packing.ts";

const ZONE_LABEL = "topology.kubernetes.io/zone";

/** Writes the EndpointSlices that kube-proxy and DNS read. Source: staging/src/k8s.io/endpointslice/reconciler.go. */
export const endpointSliceController: Controller = {
  name: "endpointslice-controller",
  instanceOf: () => "endpointslice-controller",
  keysFor,
  reconcile,
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = servicesTouched(commit, reader);
  if (changesZones(commit)) {
    for (const service of reader.list<Service>("Service")) if (wantsTopologyHints(service)) keys.add(keyOf(service));
  }
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === "EndpointSlice") {
      const service = object.metadata.labels?.[SERVICE_NAME_LABEL];
      if (service !== undefined) keys.add(objectKey("Service", object.metadata.namespace, service));
    } else if (
      object.kind === "Node" &&
      (from === undefined || to === undefined || zoneOf(from as Node) !== zoneOf(to as Node))
    ) {
      // Endpoints on a node need it to exist, and carry its zone.
      const pods = reader.podsOnNode(object.metadata.name).filter((pod) => pod.status.podIP !== undefined);
      const births = { revision: 0, at: 0, cause: 0, writer: "", added: pods, updated: [], removed: [] };
      for (const key of pods.length === 0 ? [] : servicesTouched(births, reader)) keys.add(key);
    }
  }
  return [...keys];
}

/** Does the commit change what topology hints are reckoned from: nodes, their zones, CPUs and readiness? */
function changesZones(commit: Commit): boolean {
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind !== "Node") continue;
    if (from === undefined || to === undefined || zoneOf(from as Node) !== zoneOf(to as Node)) return true;
    if (!deepEqual((from as Node).status, (to as Node).status)) return true;
  }
  return false;
}

function zoneOf(node: Node): string | undefined {
  return node.metadata.labels?.[ZONE_LABEL];
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const service = view.reader.get<Service>(key as ObjectKey);
  // Slices of a Service that is gone are the garbage collector's; those of an ExternalName stay as they are.
  if (service === undefined || !hasEndpoints(service)) {
    return view.memory(key) === undefined ? NOTHING : { operations: [], remember: { [key]: null } };
  }
  const namespace = service.metadata.namespace ?? "";
  const families = familiesOf(service);
  const existing = view.reader
    .slicesOf(namespace, service.metadata.name)
    .filter((slice) => slice.metadata.labels?.[MANAGED_BY_LABEL] === ENDPOINTSLICE_CONTROLLER && !isDeleting(slice));
  const create: Draft[] = [];
  const update: { slice: EndpointSlice; ports: readonly EndpointPort[]; endpoints: readonly Endpoint[] }[] = [];
  let remove: EndpointSlice[] = existing.filter((slice) => !families.some((family) => family === slice.addressType));
  const pods = selectedPods(service, view.reader);
  if (pods.length === 0 && existing.some(isGiven)) return NOTHING;
  const told: EventNote[] = [];
  for (const family of families) {
    const plan = planFamily(service, family, pods, existing, view.reader, told);
    create.push(...plan.create);
    update.push(...plan.update);
    remove.push(...plan.remove);
  }
  // A slice that would go lends its name to one that would come.
  const draftsLeft: Draft[] = [];
  for (const draft of create) {
    const reused = remove.find((slice) => slice.addressType === draft.addressType);
    if (reused === undefined) draftsLeft.push(draft);
    else {
      remove = remove.filter((slice) => slice !== reused);
      update.push({ slice: reused, ports: draft.ports, endpoints: draft.endpoints });
    }
  }
  const written = new Set(update.map(({ slice }) => slice));
  for (const slice of existing) {
    // Labels follow the Service even when the endpoints stay.
    if (!written.has(slice) && !remove.includes(slice)) {
      update.push({ slice, ports: slice.ports ?? [], endpoints: slice.endpoints ?? [] });
    }
  }
  const operations: Operation[] = [];
  for (const { slice, ports, endpoints } of update) {
    const object = sliceOf(service, slice.metadata, slice.addressType as IPFamily, ports, endpoints);
    if (!deepEqual(object, slice)) operations.push({ op: "update", object });
  }
  if (!isDeleting(service)) {
    const taken = new Set<string>();
    for (const draft of draftsLeft) {
      const name = freeName(service, taken, view);
      taken.add(name);
      const metadata = { name, generateName: `${service.metadata.name}-`, namespace };
      operations.push({
        op: "create",
        object: sliceOf(service, metadata, draft.addressType, draft.ports, draft.endpoints),
      });
    }
  }
  for (const slice of remove) operations.push({ op: "delete", key: keyOf(slice) });
  const hints = hintsNews(key, told, view);
  return operations.length === 0 ? hints : { ...hints, operations, title: summary(service, pods) };
}

/**
 * Endpoints without a pod behind them are not of this controller's making: a slice that was pasted without its pods. It stands
 * as given until a pod matches the selector (a real cluster would empty it at once), so that Services and slices alone make a
 * scenario.
 */
function isGiven(slice: EndpointSlice): boolean {
  return (slice.endpoints ?? []).some((endpoint) => endpoint.targetRef === undefined);
}

/** Whether hints are given is told when it changes, and remembered. */
function hintsNews(key: string, told: readonly EventNote[], view: ReconcileView): Reconciliation {
  const state = told.map(({ message }) => message).join("; ");
  if (state === (view.memory(key) ?? "")) return NOTHING;
  return { operations: [], events: told, remember: { [key]: state === "" ? null : state } };
}

/** The groups with topology hints on their ready endpoints, where the annotation asks for them and they can be given. */
function hinted(
  service: Service,
  family: IPFamily,
  groups: ReadonlyMap<string, Group>,
  reader: ObjectReader,
  told: EventNote[],
): ReadonlyMap<string, Group> {
  if (!wantsTopologyHints(service)) return groups;
  const nodes = reader.list<Node>("Node");
  return new Map(
    [...groups].map(([id, group]): [string, Group] => {
      const ready = [...group.endpoints].filter(([, endpoint]) => endpoint.conditions?.ready === true);
      const wanted = ready.map(([identity, endpoint]) => ({ id: identity, zone: endpoint.zone }));
      const allocation = allocateHints(wanted, nodes, family);
      const message = allocation.ok ? `Topology Aware Hints has been enabled, addressType: ${family}` : allocation.why;
      told.push({
        about: service,
        type: allocation.ok ? "Normal" : "Warning",
        reason: allocation.ok ? "TopologyAwareHintsEnabled" : "TopologyAwareHintsDisabled",
        message,
      });
      if (!allocation.ok) return [id, group];
      const endpoints = new Map(
        [...group.endpoints].map(([identity, endpoint]): [string, Endpoint] => {
          const zone = allocation.zoneOf.get(identity);
          return [identity, zone === undefined ? endpoint : { ...endpoint, hints: { forZones: [{ name: zone }] } }];
        }),
      );
      return [id, { ...group, endpoints }];
    }),
  );
}

function summary(service: Service, selected: readonly Pod[]): string {
  const pods = selected.filter((pod) => pod.status.podIP !== undefined && !isOver(pod));
  const ready = pods.filter((pod) => podReady(pod) && !isDeleting(pod)).length;
  const leaving = pods.filter((pod) => isDeleting(pod)).length;
  const rest = pods.length - ready - leaving;
  const parts = [`${ready} ready`];
  if (rest > 0) parts.push(`${rest} not ready`);
  if (leaving > 0) parts.push(`${leaving} terminating`);
  return `EndpointSlices of ${service.metadata.name}: ${parts.join(", ")}`;
}

/** The first of the Service's drawn names that is free: it depends on the Service and on its other slices only. */
function freeName(service: Service, taken: ReadonlySet<string>, view: ReconcileView): string {
  const { name, namespace } = service.metadata;
  for (let ordinal = 0; ; ordinal++) {
    const candidate = generatedName(`${name}-`, view.draw, `slice ${namespace ?? ""}/${name} ${ordinal}`);
    const exists = view.reader.get(objectKey("EndpointSlice", namespace, candidate)) !== undefined;
    if (!exists && !taken.has(candidate)) return candidate;
  }
}

function sliceOf(
  service: Service,
  metadata: EndpointSlice["metadata"],
  addressType: EndpointSlice["addressType"],
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
): EndpointSlice {
  return {
    addressType,
    apiVersion: "discovery.k8s.io/v1",
    endpoints: endpoints.length === 0 ? null : endpoints,
    kind: "EndpointSlice",
    metadata: {
      ...metadata,
      labels: {
        ...service.metadata.labels,
        [MANAGED_BY_LABEL]: ENDPOINTSLICE_CONTROLLER,
        [SERVICE_NAME_LABEL]: service.metadata.name,
        ...(isHeadless(service) ? { [HEADLESS_LABEL]: "" } : {}),
      },
      ownerReferences: [controllerRef(service)],
    },
    // The stored form knows no difference between no ports and none listed.
    ports: ports.length === 0 ? null : ports,
  };
}

function planFamily(
  service: Service,
  family: IPFamily,
  pods: readonly Pod[],
  existing: readonly EndpointSlice[],
  reader: ObjectReader,
  told: EventNote[],
): {
  readonly create: readonly Draft[];
  readonly update: readonly { slice: EndpointSlice; ports: readonly EndpointPort[]; endpoints: readonly Endpoint[] }[];
  readonly remove: readonly EndpointSlice[];
} {
  const groups = hinted(service, family, groupsOf(service, family, pods, reader), reader, told);
  const slices = new Map<string, EndpointSlice[]>();
  for (const slice of existing) {
    if (slice.addressType !== family) continue;
    const id = groupKey(family, slice.ports);
    slices.set(id, [...(slices.get(id) ?? []), slice]);
  }
  const create: Draft[] = [];
  const update: { slice: EndpointSlice; ports: readonly EndpointPort[]; endpoints: readonly Endpoint[] }[] = [];
  const remove: EndpointSlice[] = [];
  for (const [id, group] of groups) {
    const plan = planGroup(slices.get(id) ?? [], group);
    create.push(...plan.create);
    update.push(...plan.update.map((item) => ({ ...item, ports: item.slice.ports ?? [] })));
    remove.push(...plan.remove);
    slices.delete(id);
  }
  for (const orphaned of slices.values()) remove.push(...orphaned);
  const kept = existing.filter((slice) => slice.addressType === family).length - remove.length;
  if (kept > 0 || create.length > 0) return { create, update, remove };
  // A Service without endpoints has one slice that says so.
  const only = remove[0];
  const isPlaceholder = only !== undefined && (only.endpoints ?? []).length === 0 && (only.ports ?? []).length === 0;
  if (remove.length === 1 && isPlaceholder) return { create, update, remove: [] };
  return { create: [{ addressType: family, ports: [], endpoints: [] }], update, remove };
}

/** Desired endpoints by port set: pods that map a named port differently fall into different groups. */
function groupsOf(
  service: Service,
  family: IPFamily,
  pods: readonly Pod[],
  reader: ObjectReader,
): ReadonlyMap<string, Group> {
  const groups = new Map<
    string,
    { addressType: IPFamily; ports: readonly EndpointPort[]; endpoints: Map<string, Endpoint> }
  >();
  const publish = service.spec.publishNotReadyAddresses === true;
  const nodes = new Map<string, Node | undefined>();
  // All pods of a template have the same containers, and so the same ports.
  let last: { readonly spec: Pod["spec"]; readonly ports: readonly EndpointPort[]; readonly id: string } | null = null;
  for (const pod of pods) {
    if (pod.status.podIP === undefined && pod.status.podIPs === undefined) continue;
    const ips = podIPsOf(pod, family);
    if (ips.length === 0 || isOver(pod)) continue;
    const { spec } = pod;
    let node: Node | undefined;
    if (spec.nodeName !== undefined) {
      node = nodes.get(spec.nodeName);
      if (node === undefined)
        nodes.set(spec.nodeName, (node = reader.get<Node>(objectKey("Node", undefined, spec.nodeName))));
    }
    if (node === undefined && !publish) continue;
    if (last?.spec.containers !== spec.containers || last.spec.initContainers !== spec.initContainers) {
      const ports = endpointPorts(service, pod);
      last = { spec, ports, id: groupKey(family, ports) };
    }
    const { ports, id } = last;
    const group = groups.get(id) ?? { addressType: family, ports, endpoints: new Map<string, Endpoint>() };
    const endpoint = endpointOf(service, pod, ips, node);
    group.endpoints.set(endpointIdentity(endpoint), endpoint);
    groups.set(id, group);
  }
  return groups;
}

/** Source: getEndpointPorts. */
function endpointPorts(service: Service, pod: Pod): readonly EndpointPort[] {
  return (service.spec.ports ?? []).flatMap((port) => {
    const number = targetPortOn(pod, port);
    if (number === null) return [];
    return [
      {
        name: port.name ?? "",
        port: number,
        protocol: port.protocol ?? "TCP",
        ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
      },
    ];
  });
}

/** Source: podToEndpoint. */
function endpointOf(service: Service, pod: Pod, ips: readonly string[], node: Node | undefined): Endpoint {
  const serving = podReady(pod);
  const terminating = isDeleting(pod);
  const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = node === undefined ? undefined : zoneOf(node);
  const hostname = hostnameUnder(service, pod);
  const hints = ready && !wantsTopologyHints(service) ? positionalHints(service, zone, pod.spec.nodeName) : undefined;
  return {
    addresses: ips,
    conditions: { ready, serving, terminating },
    ...(hints === undefined ? {} : { hints }),
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: "Pod",
      ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
      name: pod.metadata.name,
      ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }),
    },
    ...(zone === undefined ? {} : { zone }),
  };
}
