/**
 * The part of an ingress controller that writes to the API: Events, and the addresses in an Ingress's status. It runs in pods that
 * the user deploys; where there are none, nothing happens. Source: internal/ingress/status and .../controller/store of ingress-nginx.
 */
import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { deepEqual, type JsonValue } from "../base/json.ts";
import { compareStrings } from "../base/compare.ts";
import { type Micros, SECOND } from "../base/time.ts";
import {
  claimsIngress,
  type IngressController,
  ingressControllerOf,
  type IngressFlavour,
} from "../model/ingress/controller.ts";
import type { Ingress, IngressClass } from "../model/ingress/types.ts";
import { keyOf, type KubeObject, type ObjectKey, objectKey } from "../model/meta/types.ts";
import { type Node, nodeInternalIP } from "../model/node/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import { changesOf, isDeleting } from "./changes.ts";
import {
  type Controller,
  type EventNote,
  NOTHING,
  type Operation,
  type Reconciliation,
  type ReconcileView,
} from "./types.ts";

/** How often the leader writes addresses out. Upstream: UpdateInterval in status.go. */
const SYNC_PERIOD = 60 * SECOND;

/** Slot of the pods that run such a controller, as keys. */
const PODS = "pods";

type Address = { readonly ip?: string; readonly hostname?: string };

/** What is known of one Ingress. */
interface Known {
  /** Version of the object that the last Event was about. */
  readonly told: string | null;
  /** When its status is written next; null: it is as it should be. */
  readonly due: Micros | null;
  /** What was written to its status. */
  readonly wrote: readonly Address[];
}

const NEW: Known = { told: null, due: null, wrote: [] };

function make(name: string, flavours: readonly IngressFlavour[], tells: boolean): Controller {
  const isMine = (object: KubeObject): boolean => {
    if (object.kind !== "Pod") return false;
    const controller = ingressControllerOf(object as Pod);
    return controller !== null && flavours.includes(controller.flavour);
  };
  return {
    name,
    instanceOf: () => name,
    keysFor: (commit, reader) => keysFor(commit, reader, isMine),
    reconcile: (key, view) => reconcile(key, view, isMine, tells),
  };
}

/** One per name under which they write and tell. */
export const ingressControllers: readonly Controller[] = [
  make("nginx-ingress-controller", ["ingress-nginx", "nginx"], true),
  make("traefik", ["traefik"], false),
  make("haproxy-ingress-controller", ["haproxy"], false),
  make("ingress-controller", ["plain"], true),
];

function keysFor(commit: Commit, reader: ObjectReader, isMine: (object: KubeObject) => boolean): readonly string[] {
  const keys = new Set<string>();
  let ingresses: boolean | null = null;
  const matters = (): boolean => (ingresses ??= reader.list("Ingress").length > 0);
  for (const { from, to, object } of changesOf(commit)) {
    switch (object.kind) {
      case "Ingress":
        keys.add(keyOf(object));
        break;
      case "Pod":
        if (isMine(object)) keys.add(keyOf(object));
        break;
      case "IngressClass":
        if (matters()) keys.add(keyOf(object));
        break;
      case "Node":
        if (
          matters() &&
          !deepEqual((from as Node | undefined)?.status.addresses, (to as Node | undefined)?.status.addresses)
        )
          keys.add(keyOf(object));
        break;
      case "Service": {
        const { selector } = (object as Service).spec;
        const leads = selector !== undefined && Object.keys(selector).length > 0;
        if (leads && matters() && reader.podsMatching(object.metadata.namespace ?? "", selector).some(isMine))
          keys.add(keyOf(object));
        break;
      }
    }
  }
  return [...keys];
}

function reconcile(
  key: string,
  view: ReconcileView,
  isMine: (object: KubeObject) => boolean,
  tells: boolean,
): Reconciliation {
  const { reader } = view;
  const noted = (view.memory(PODS) ?? []) as readonly string[];
  const remember: Record<string, JsonValue> = {};
  let pods = noted;
  if (key.startsWith("Pod/")) {
    const pod = reader.get<Pod>(key as ObjectKey);
    const others = noted.filter((other) => other !== key);
    pods = pod !== undefined && isMine(pod) ? [...others, key].sort(compareStrings) : others;
    if (!deepEqual(pods, noted)) remember[PODS] = pods as unknown as JsonValue;
  }
  if (pods.length === 0 && noted.length === 0) return NOTHING;
  const running = pods.flatMap((one) => reader.get<Pod>(one as ObjectKey) ?? []);
  const ingresses = key.startsWith("Ingress/")
    ? [reader.get<Ingress>(key as ObjectKey)].filter((one) => one !== undefined)
    : reader.list<Ingress>("Ingress");
  if (key.startsWith("Ingress/") && ingresses.length === 0 && view.memory(key) !== undefined) remember[key] = null;
  const operations: Operation[] = [];
  const events: EventNote[] = [];
  let due: Micros | null = null;
  for (const ingress of ingresses) {
    const done = sync(ingress, running, view, tells);
    operations.push(...done.operations);
    events.push(...done.events);
    const slot = keyOf(ingress);
    if (!deepEqual(done.known ?? undefined, view.memory(slot))) remember[slot] = done.known as unknown as JsonValue;
    const next = done.known?.due ?? null;
    if (next !== null && (due === null || next < due)) due = next;
  }
  const first = operations[0];
  return {
    operations,
    ...(Object.keys(remember).length > 0 ? { remember } : {}),
    ...(events.length > 0 ? { events } : {}),
    ...(due === null ? {} : { requeue: { class: "timer", micros: due - view.now } }),
    ...(first !== undefined && "object" in first
      ? {
          title: `updated the address of ${operations.length === 1 ? `Ingress ${first.object.metadata.name}` : `${operations.length} Ingresses`}`,
        }
      : {}),
  };
}

interface Synced {
  readonly operations: readonly Operation[];
  readonly events: readonly EventNote[];
  readonly known: Known | null;
}

function sync(ingress: Ingress, pods: readonly Pod[], view: ReconcileView, tells: boolean): Synced {
  const { reader } = view;
  const noted = view.memory(keyOf(ingress)) as unknown as Known | undefined;
  const known = noted ?? NEW;
  const classNamed = (name: string): IngressClass | undefined =>
    reader.get<IngressClass>(objectKey("IngressClass", undefined, name));
  const mine = pods.flatMap((pod) => {
    const controller = ingressControllerOf(pod);
    return controller !== null && claimsIngress(controller, ingress, classNamed) ? [{ pod, controller }] : [];
  });
  const given = ingress.status?.loadBalancer?.ingress ?? [];
  if (mine.length === 0) {
    // The last one takes its addresses away as it stops (update-status-on-shutdown).
    const isOurs = known.wrote.length > 0 && deepEqual(given, known.wrote);
    return { operations: isOurs ? [write(ingress, [])] : [], events: [], known: null };
  }
  const ready = mine.filter(({ pod }) => podReady(pod) && !isDeleting(pod));
  const leader = ready[0];
  if (leader === undefined) return { operations: [], events: [], known: noted ?? null };
  const version = `${ingress.metadata.uid ?? ""}/${ingress.metadata.resourceVersion ?? ""}`;
  const events: readonly EventNote[] =
    tells && known.told !== version
      ? [{ about: ingress, type: "Normal", reason: "Sync", message: "Scheduled for sync" }]
      : [];
  const told = tells ? version : null;
  const wanted = addresses(leader.controller, leader.pod, ready, reader);
  if (wanted === null || deepEqual(given, wanted)) {
    return { operations: [], events, known: { told, due: null, wrote: wanted === null ? [] : wanted } };
  }
  const due = known.due ?? view.now + view.latency({ class: "sync", micros: untilTick(view) });
  if (view.now < due) return { operations: [], events, known: { ...known, told, due } };
  return { operations: [write(ingress, wanted)], events, known: { told, due: null, wrote: wanted } };
}

/** Until the leader's next round. */
function untilTick(view: ReconcileView): Micros {
  const offset = Math.floor(view.draw("status sync") * SYNC_PERIOD);
  return SYNC_PERIOD - ((view.now + SYNC_PERIOD - offset) % SYNC_PERIOD);
}

function write(ingress: Ingress, addressed: readonly Address[]): Operation {
  const loadBalancer = addressed.length === 0 ? {} : { ingress: addressed };
  return { op: "updateStatus", object: { ...ingress, status: { ...ingress.status, loadBalancer } } as KubeObject };
}

/** What belongs into the status; null: this controller writes none. */
function addresses(
  { publish }: IngressController,
  pod: Pod,
  ready: readonly { readonly pod: Pod }[],
  reader: ObjectReader,
): readonly Address[] | null {
  switch (publish.from) {
    case "nowhere":
      return null;
    case "addresses":
      return publish.addresses.map((text) => (/^[\d.]+$|:/.test(text) ? { ip: text } : { hostname: text }));
    case "nodes":
      return ofNodes(ready, reader);
    case "service": {
      const service = reader.get<Service>(objectKey("Service", publish.namespace, publish.name));
      return service === undefined ? null : ofService(service);
    }
    case "own": {
      const services = reader
        .servicesSelecting(pod.metadata.namespace ?? "", pod.metadata.labels ?? {})
        .filter(({ spec }) => spec.clusterIP !== "None");
      const service =
        services.find(({ spec }) => spec.type === "LoadBalancer") ??
        services.find(({ spec }) => spec.type === "NodePort") ??
        services[0];
      return service === undefined || pod.spec.hostNetwork === true ? ofNodes(ready, reader) : ofService(service);
    }
  }
}

/** Source: statusAddressFromService. */
function ofService({ spec, status }: Service): readonly Address[] {
  const outside = (spec.externalIPs ?? []).map((ip) => ({ ip }));
  switch (spec.type) {
    case "ExternalName":
      return [{ hostname: spec.externalName ?? "" }];
    case "LoadBalancer": {
      const given = (status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ({
        ...(ip === undefined ? {} : { ip }),
        ...(hostname === undefined ? {} : { hostname }),
      }));
      return sorted([...given, ...outside.filter(({ ip }) => !given.some((one) => one.ip === ip))]);
    }
    case "NodePort":
      return outside.length > 0 ? sorted(outside) : [{ ip: spec.clusterIP ?? "" }];
    case "ClusterIP":
      return [{ ip: spec.clusterIP ?? "" }];
  }
}

/** Each node that runs one of its pods: by its ExternalIP, else its InternalIP. Source: GetNodeIPOrName. */
function ofNodes(ready: readonly { readonly pod: Pod }[], reader: ObjectReader): readonly Address[] {
  const names = [...new Set(ready.map(({ pod }) => pod.spec.nodeName ?? ""))];
  return sorted(
    names.flatMap((name) => {
      const node = reader.get<Node>(objectKey("Node", undefined, name));
      if (node === undefined) return [];
      const outside = node.status.addresses?.find(({ type }) => type === "ExternalIP")?.address;
      const ip = outside ?? nodeInternalIP(node);
      return ip === undefined || ip === null ? [] : [{ ip }];
    }),
  );
}

function sorted(list: readonly Address[]): readonly Address[] {
  const text = ({ ip = "", hostname = "" }: Address): string => `${hostname} ${ip}`;
  return list.toSorted((a, b) => compareStrings(text(a), text(b)));
}
