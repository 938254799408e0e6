import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { formatIP, parseIP } from "../base/ip.ts";
import { deepEqual } from "../base/json.ts";
import { type Micros, SECOND } from "../base/time.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { LoadBalancerIngress, Service } from "../model/service/types.ts";
import { changesOf, isDeleting } from "./changes.ts";
import { type Controller, NOTHING, type Reconciliation, type ReconcileView } from "./types.ts";

const LOAD_BALANCER_CLEANUP = "service.kubernetes.io/load-balancer-cleanup";

/** What the cloud takes to build a balancer or to take one down. */
const CLOUD = { class: "sync", micros: 2 * SECOND } as const;

/**
 * The cloud's service controller: finalizer, balancer, status.loadBalancer.ingress, and the way back. Only for Services
 * without a loadBalancerClass, and only when there is a cloud: otherwise EXTERNAL-IP stays <pending> for ever.
 *
 * The ingress carries an ip without asking for a mode, and so has ipMode VIP, Kubernetes' default, with both kinds of
 * balancer: nodes answer for the address themselves, and a pod that calls it never leaves its node. That is what clouds
 * whose controllers predate ipMode do, and they are the most.
 * Source: staging/src/k8s.io/cloud-provider/controllers/service/controller.go.
 */
export const serviceLoadBalancerController: Controller = {
  name: "service-controller",
  instanceOf: () => "service-controller",
  keysFor,
  reconcile,
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  let all = false;
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === "CloudProvider") all = true;
    if (object.kind !== "Service") continue;
    const sides = [from, to].filter((side): side is Service => side !== undefined);
    if (sides.some((side) => side.spec.type === "LoadBalancer" || hasFinalizer(side))) keys.add(keyOf(object));
    // An address that is free again is for whoever waits for one.
    if (ingressIPs(from as Service | undefined).some((ip) => !ingressIPs(to as Service | undefined).includes(ip)))
      all = true;
  }
  if (all) {
    for (const service of reader.list<Service>("Service")) {
      if (wantsBalancer(service) && ingressIPs(service).length === 0) keys.add(keyOf(service));
    }
  }
  return [...keys];
}

function hasFinalizer(service: Service): boolean {
  return service.metadata.finalizers?.includes(LOAD_BALANCER_CLEANUP) === true;
}

function wantsBalancer(service: Service): boolean {
  return service.spec.type === "LoadBalancer" && service.spec.loadBalancerClass === undefined && !isDeleting(service);
}

function ingressIPs(service: Service | undefined): readonly string[] {
  return (service?.status.loadBalancer.ingress ?? []).flatMap(({ ip }) => (ip === undefined ? [] : [ip]));
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const service = view.reader.get<Service>(key as ObjectKey);
  if (service === undefined)
    return view.memory(key) === undefined ? NOTHING : { operations: [], remember: { [key]: null } };
  if (!wantsBalancer(service)) return hasFinalizer(service) ? takeDown(key, service, view) : NOTHING;
  if (view.cloud.loadBalancer === "none") return NOTHING;
  if (!hasFinalizer(service)) {
    const finalizers = [...(service.metadata.finalizers ?? []), LOAD_BALANCER_CLEANUP];
    return {
      operations: [
        { op: "update", object: { ...service, metadata: { ...service.metadata, finalizers } } as KubeObject },
      ],
      title: `Ensuring load balancer for ${service.metadata.name}`,
    };
  }
  const given = service.status.loadBalancer.ingress;
  const asked = service.spec.loadBalancerIP;
  if (given !== undefined && given.length > 0 && (asked === undefined || given.some(({ ip }) => ip === asked)))
    return NOTHING;
  const due = dueAt(key, view);
  if (view.now < due) return wait(key, due, view);
  const ip = freeAddress(service, view.cloud, view.reader);
  if (ip === null) {
    return { operations: [], remember: { [key]: null }, title: failure(service, view.cloud) };
  }
  return {
    ...setIngress(service, [{ ip, ipMode: "VIP" }]),
    remember: { [key]: null },
    title: `Ensured load balancer ${ip} for ${service.metadata.name}`,
  };
}

/** When the cloud's answer is due: asked once, noted until it comes. */
function dueAt(key: string, view: ReconcileView): Micros {
  return (view.memory(key) as Micros | undefined) ?? view.now + view.latency(CLOUD);
}

function wait(key: string, due: Micros, view: ReconcileView): Reconciliation {
  return { operations: [], remember: { [key]: due }, requeue: { class: "timer", micros: due - view.now } };
}

/** Deleted, or no LoadBalancer any more: the cloud's part goes first, then the finalizer; then the API lets it go. */
function takeDown(key: string, service: Service, view: ReconcileView): Reconciliation {
  const due = dueAt(key, view);
  if (view.now < due) return { ...wait(key, due, view), title: `Deleting load balancer of ${service.metadata.name}` };
  if (ingressIPs(service).length > 0 && !isDeleting(service)) return setIngress(service, []);
  const finalizers = (service.metadata.finalizers ?? []).filter((name) => name !== LOAD_BALANCER_CLEANUP);
  const { finalizers: _, ...metadata } = service.metadata;
  const object = { ...service, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers } };
  return {
    operations: [{ op: "update", object: object as KubeObject }],
    remember: { [key]: null },
    title: `Deleted load balancer of ${service.metadata.name}`,
  };
}

function setIngress(service: Service, ingress: readonly LoadBalancerIngress[]): Reconciliation {
  const status = { ...service.status, loadBalancer: ingress.length === 0 ? {} : { ingress } };
  return deepEqual(status, service.status)
    ? NOTHING
    : { operations: [{ op: "updateStatus", object: { ...service, status } as KubeObject }] };
}

/** The address asked for, if nobody has it; else the lowest free one of the pool; null when there is none. */
function freeAddress(service: Service, cloud: CloudProvider["spec"], reader: ObjectReader): string | null {
  const used = new Set<string>();
  for (const other of reader.list<Service>("Service")) {
    if (keyOf(other) !== keyOf(service)) for (const ip of ingressIPs(other)) used.add(ip);
  }
  const asked = service.spec.loadBalancerIP;
  if (asked !== undefined && asked !== "") return parseIP(asked) !== null && !used.has(asked) ? asked : null;
  const from = parseIP(cloud.addresses.from);
  const to = parseIP(cloud.addresses.to);
  if (from === null || to === null || from.family !== to.family) return null;
  for (let value = from.value; value <= to.value; value++) {
    const ip = formatIP({ family: from.family, value });
    if (!used.has(ip)) return ip;
  }
  return null;
}

function failure(service: Service, cloud: CloudProvider["spec"]): string {
  const asked = service.spec.loadBalancerIP;
  const why =
    asked === undefined || asked === ""
      ? `no free address in ${cloud.addresses.from}-${cloud.addresses.to}`
      : `${asked} is not an address that is free`;
  return `Error syncing load balancer: failed to ensure load balancer: ${why}`;
}
