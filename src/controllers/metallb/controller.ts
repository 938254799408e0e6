import type { Commit, ObjectReader } from "../../apiserver/types.ts";
import { deepEqual } from "../../base/json.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { LoadBalancerIngress, Service } from "../../model/service/types.ts";
import { handles, ingressIPs, isInstalled, poolOf } from "./pools.ts";
import { changesOf, isDeleting } from "../changes.ts";
import { type Controller, type EventNote, NOTHING, type Reconciliation, type ReconcileView } from "../types.ts";
import { Allocations, desiredIPs, desiredPool, familiesOf, goList, serviceName } from "./allocator.ts";

const FROM_POOL = "metallb.io/ip-allocated-from-pool";

/**
 * MetalLB's controller: gives every Service of type LoadBalancer that is its own an address of an IPAddressPool, and takes it back at
 * once when the Service becomes another type. It sets no finalizer. A Service that gets none waits until one is freed.
 * Source: metallb controller/service.go.
 */
export const metallbController: Controller = {
  name: "metallb-controller",
  watches: new Set(["IPAddressPool", "CloudProvider", "Service"]),
  instanceOf: () => "metallb-controller",
  keysFor,
  reconcile,
};

const revision = (service: Service): number => Number(service.metadata.resourceVersion ?? 0);
const isAllocated = (object: KubeObject | undefined): boolean =>
  object?.metadata.annotations?.[FROM_POOL] !== undefined;

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  let all = false;
  const installed = isInstalled(reader);
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === "IPAddressPool" || (installed && object.kind === "CloudProvider")) all = true;
    if (object.kind !== "Service" || !(installed || isAllocated(object))) continue;
    const sides = [from, to].filter((side): side is Service => side !== undefined);
    if (sides.some((side) => side.spec.type === "LoadBalancer" || isAllocated(side))) keys.add(keyOf(object));
    const after = to === undefined ? [] : ingressIPs(to as Service);
    if (from !== undefined && ingressIPs(from as Service).some((ip) => !after.includes(ip))) all = true;
  }
  if (!all) return [...keys];
  const services = reader
    .list<Service>("Service")
    .filter((service) => service.spec.type === "LoadBalancer" || isAllocated(service));
  for (const service of services.toSorted((a, b) => revision(a) - revision(b))) keys.add(keyOf(service));
  return [...keys];
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const service = view.reader.get<Service>(key as ObjectKey);
  if (service === undefined || isDeleting(service)) return NOTHING;
  if (service.spec.type !== "LoadBalancer") return isAllocated(service) ? cleared(service, []) : NOTHING;
  if (!handles(service, view.cloud)) return NOTHING;
  // Without pools MetalLB has no configuration and gives back what it has given.
  if (!isInstalled(view.reader)) return isAllocated(service) ? cleared(service, []) : NOTHING;
  if (familiesOf(service).length === 0) return NOTHING;
  const allocations = new Allocations(view.reader);
  const events: EventNote[] = [];
  const given = ingressIPs(service);
  let keep = given.length > 0;
  if (keep) {
    const refusal = allocations.refusal(service, given);
    if (refusal !== null) {
      keep = false;
      const message = `current IP for ${JSON.stringify(serviceName(service))} not allowed by config, will attempt for new IP assignment: ${refusal}`;
      events.push(note(service, "Normal", "ClearAssignment", message));
    }
    const pool = desiredPool(service);
    if (keep && pool !== "" && poolOf(view.reader, given[0] ?? "")?.metadata.name !== pool) keep = false;
    const desired = desiredIPs(service);
    if (!desired.ok) {
      const message = `invalid requested loadbalancer IPs: ${desired.error}`;
      return { operations: [], events: [note(service, "Warning", "LoadBalancerFailed", message)], title: message };
    }
    if (desired.value.length > 0 && !deepEqual(given.toSorted(), desired.value.toSorted())) keep = false;
  }
  if (keep) return labelled(service, view);
  const found = allocations.allocate(service);
  if (!found.ok) {
    const message = `Failed to allocate IP for ${JSON.stringify(serviceName(service))}: ${found.error}`;
    events.push(note(service, "Warning", "AllocationFailed", message));
    return { ...(given.length > 0 ? cleared(service, events) : { operations: [], events }), title: message };
  }
  const title = `Assigned IP ${goList(found.value)}`;
  events.push(note(service, "Normal", "IPAllocated", title));
  const ingress = found.value.map((ip): LoadBalancerIngress => ({ ip, ipMode: "VIP" }));
  return { ...withIngress(service, ingress), events, title };
}

/** The address stands; the annotation says which pool it is from. */
function labelled(service: Service, view: ReconcileView): Reconciliation {
  const pool = poolOf(view.reader, ingressIPs(service)[0] ?? "")?.metadata.name;
  const { annotations } = service.metadata;
  if (pool === undefined || annotations?.[FROM_POOL] === pool) return NOTHING;
  const metadata = { ...service.metadata, annotations: { ...annotations, [FROM_POOL]: pool } };
  return { operations: [{ op: "update", object: { ...service, metadata } as KubeObject }] };
}

/** Everything that MetalLB has written goes: the status first, then the annotation. Source: clearServiceState. */
function cleared(service: Service, events: readonly EventNote[]): Reconciliation {
  if ((service.status.loadBalancer.ingress ?? []).length > 0) return { ...withIngress(service, []), events };
  if (!isAllocated(service)) return { operations: [], events };
  const { [FROM_POOL]: _, ...annotations } = service.metadata.annotations ?? {};
  const { annotations: __, ...metadata } = service.metadata;
  const object = {
    ...service,
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
  };
  return { operations: [{ op: "update", object: object as KubeObject }], events };
}

function withIngress(service: Service, ingress: readonly LoadBalancerIngress[]): Reconciliation {
  const status = { ...service.status, loadBalancer: ingress.length === 0 ? {} : { ingress } };
  return { operations: [{ op: "updateStatus", object: { ...service, status } as KubeObject }] };
}

function note(service: Service, type: EventNote["type"], reason: string, message: string): EventNote {
  return { about: service, type, reason, message };
}
