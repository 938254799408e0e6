import type { Commit, ObjectReader } from "../../apiserver/types.ts";
import { isIPv6, parseIP } from "../../base/ip.ts";
import { deepEqual } from "../../base/json.ts";
import type { EndpointAddress, Endpoints, EndpointSubset } from "../../model/endpoints/types.ts";
import {
  type Endpoint,
  type EndpointPort,
  type EndpointSlice,
  MANAGED_BY_LABEL,
  SERVICE_NAME_LABEL,
} from "../../model/endpointslice/types.ts";
import { keyOf, objectKey, type ObjectKey, splitKey } from "../../model/meta/types.ts";
import type { IPFamily, Service } from "../../model/service/types.ts";
import { changesOf, controllerRef, isDeleting } from "../changes.ts";
import { selects } from "../endpoints/selection.ts";
import { generatedName } from "../names.ts";
import { type Controller, NOTHING, type Operation, type Reconciliation, type ReconcileView } from "../types.ts";
import { groupKey } from "./packing.ts";

const MIRRORING_CONTROLLER = "endpointslicemirroring-controller.k8s.io";
const SKIP_MIRROR = "endpointslice.kubernetes.io/skip-mirror";
const LEADER = "control-plane.alpha.kubernetes.io/leader";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time";
/** `--mirroring-max-endpoints-per-subset`. */
const MAX_PER_SUBSET = 1000;

/**
 * Copies hand-made Endpoints of Services without a selector into slices: kube-proxy and DNS read nothing else. Keys are those
 * of the Endpoints. Source: pkg/controller/endpointslicemirroring.
 */
export const endpointSliceMirroringController: Controller = {
  name: "endpointslicemirroring-controller",
  watches: new Set(["Endpoints", "Service", "EndpointSlice"]),
  instanceOf: () => "endpointslicemirroring-controller",
  keysFor,
  reconcile,
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  for (const { object } of changesOf(commit)) {
    const { namespace, name, labels } = object.metadata;
    if (object.kind === "Endpoints") keys.add(keyOf(object));
    else if (object.kind === "Service") {
      const key = objectKey("Endpoints", namespace, name);
      if (reader.get(key) !== undefined || mirrorsOf(reader, namespace ?? "", name).length > 0) keys.add(key);
    } else if (object.kind === "EndpointSlice" && labels?.[MANAGED_BY_LABEL] === MIRRORING_CONTROLLER) {
      keys.add(objectKey("Endpoints", namespace, labels[SERVICE_NAME_LABEL] ?? ""));
    }
  }
  return [...keys];
}

function mirrorsOf(reader: ObjectReader, namespace: string, service: string): readonly EndpointSlice[] {
  return reader
    .slicesOf(namespace, service)
    .filter((slice) => slice.metadata.labels?.[MANAGED_BY_LABEL] === MIRRORING_CONTROLLER && !isDeleting(slice));
}

function shouldMirror(endpoints: Endpoints, service: Service | undefined): boolean {
  return (
    service !== undefined &&
    !selects(service) &&
    service.spec.type !== "ExternalName" &&
    endpoints.metadata.labels?.[SKIP_MIRROR] !== "true" &&
    endpoints.metadata.annotations?.[LEADER] === undefined
  );
}

interface Mirror {
  readonly addressType: IPFamily;
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const { namespace, name } = splitKey(key as ObjectKey);
  const endpoints = view.reader.get<Endpoints>(key as ObjectKey);
  const service = view.reader.get<Service>(objectKey("Service", namespace, name));
  const existing = mirrorsOf(view.reader, namespace, name);
  if (endpoints === undefined || isDeleting(endpoints) || !shouldMirror(endpoints, service)) {
    const operations = existing.map((slice): Operation => ({ op: "delete", key: keyOf(slice) }));
    return operations.length === 0 ? NOTHING : { operations, title: `Removed mirrored slices of ${name}` };
  }
  const left = new Set(existing);
  const operations: Operation[] = [];
  const taken = new Set<string>();
  for (const mirror of mirrorsWanted(endpoints)) {
    const wanted = groupKey(mirror.addressType, mirror.ports);
    const slice = [...left].find((s) => groupKey(s.addressType, s.ports) === wanted);
    if (slice !== undefined) {
      left.delete(slice);
      const object = sliceOf(endpoints, slice.metadata, mirror);
      if (!deepEqual(object, slice)) operations.push({ op: "update", object });
    } else {
      const sliceName = freeName(name, namespace, taken, view);
      taken.add(sliceName);
      const metadata = { name: sliceName, generateName: `${name}-`, namespace };
      operations.push({ op: "create", object: sliceOf(endpoints, metadata, mirror) });
    }
  }
  for (const slice of left) operations.push({ op: "delete", key: keyOf(slice) });
  return operations.length === 0 ? NOTHING : { operations, title: `Mirrored Endpoints ${name} to EndpointSlices` };
}

function freeName(service: string, namespace: string, taken: ReadonlySet<string>, view: ReconcileView): string {
  for (let ordinal = 0; ; ordinal++) {
    const name = generatedName(`${service}-`, view.draw, `mirror ${namespace}/${service} ${ordinal}`);
    if (!taken.has(name) && view.reader.get(objectKey("EndpointSlice", namespace, name)) === undefined) return name;
  }
}

/** Subsets split by family; those with the same ports share a slice. */
function mirrorsWanted(endpoints: Endpoints): readonly Mirror[] {
  const mirrors = new Map<string, { addressType: IPFamily; ports: readonly EndpointPort[]; endpoints: Endpoint[] }>();
  for (const subset of endpoints.subsets ?? []) {
    const ports = (subset.ports ?? []).map((port): EndpointPort => ({
      name: port.name ?? "",
      port: port.port,
      protocol: port.protocol ?? "TCP",
      ...(port.appProtocol === undefined ? {} : { appProtocol: port.appProtocol }),
    }));
    for (const [address, ready] of addressesOf(subset)) {
      // An address that is none is left out, as the event InvalidIPAddress says.
      if (parseIP(address.ip) === null) continue;
      const addressType = isIPv6(address.ip) ? "IPv6" : "IPv4";
      const id = groupKey(addressType, ports);
      const mirror = mirrors.get(id) ?? { addressType, ports, endpoints: [] };
      mirror.endpoints.push(endpointOf(address, ready));
      mirrors.set(id, mirror);
    }
  }
  return [...mirrors.values()];
}

function addressesOf(subset: EndpointSubset): readonly (readonly [EndpointAddress, boolean])[] {
  const ready = (subset.addresses ?? []).map((address) => [address, true] as const);
  const not = (subset.notReadyAddresses ?? []).map((address) => [address, false] as const);
  return [...ready, ...not].slice(0, MAX_PER_SUBSET);
}

function endpointOf(address: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [address.ip],
    conditions: { ready },
    ...(address.hostname === undefined || address.hostname === "" ? {} : { hostname: address.hostname }),
    ...(address.nodeName === undefined ? {} : { nodeName: address.nodeName }),
    ...(address.targetRef === undefined ? {} : { targetRef: address.targetRef }),
  };
}

function sliceOf(endpoints: Endpoints, metadata: EndpointSlice["metadata"], mirror: Mirror): EndpointSlice {
  const annotations = Object.fromEntries(
    Object.entries(endpoints.metadata.annotations ?? {}).filter(
      ([name]) => name !== LAST_APPLIED && name !== TRIGGER_TIME,
    ),
  );
  const { annotations: _, ...rest } = metadata;
  return {
    addressType: mirror.addressType,
    apiVersion: "discovery.k8s.io/v1",
    endpoints: mirror.endpoints,
    kind: "EndpointSlice",
    metadata: {
      ...rest,
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      labels: {
        ...endpoints.metadata.labels,
        [MANAGED_BY_LABEL]: MIRRORING_CONTROLLER,
        [SERVICE_NAME_LABEL]: endpoints.metadata.name,
      },
      ownerReferences: [controllerRef(endpoints)],
    },
    ports: mirror.ports,
  };
}
