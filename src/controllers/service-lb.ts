import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { sha256Hex } from "../base/hash.ts";
import { formatIP, parseIP } from "../base/ip.ts";
import { deepEqual, type JsonValue } from "../base/json.ts";
import { type Micros, SECOND } from "../base/time.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { LoadBalancerIngress, Service } from "../model/service/types.ts";
import { changesOf, isDeleting } from "./changes.ts";
import { type Controller, type EventNote, NOTHING, type Reconciliation, type ReconcileView } from "./types.ts";

const LOAD_BALANCER_CLEANUP = "service.kubernetes.io/load-balancer-cleanup";

/** What the cloud takes to build a balancer, to change one or to take one down. */
const CLOUD = { class: "sync", micros: 2 * SECOND } as const;
/** A failed sync is tried again after 5 s, 10 s ... 300 s. */
const MIN_RETRY = 5 * SECOND;
const MAX_RETRY = 300 * SECOND;
const EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers";
const AUTOSCALER_TAINT = "ToBeDeletedByClusterAutoscaler";

/**
 * The cloud's service controller: finalizer, balancer, status.loadBalancer.ingress, and the way back. Only for Services
 * without a loadBalancerClass, and only when there is a cloud: otherwise EXTERNAL-IP stays <pending> for ever.
 *
 * The ingress carries an ip and, unless the CloudProvider says Proxy, ipMode VIP, Kubernetes' default, with every kind of
 * balancer: nodes answer for the address themselves, and a pod that calls it never leaves its node. That is what clouds
 * whose controllers predate ipMode do, and they are the most. A cloud whose `status` is hostname tells a DNS name instead,
 * as AWS does, and then no node answers for the balancer.
 * Source: staging/src/k8s.io/cloud-provider/controllers/service/controller.go.
 */
export const serviceLoadBalancerController: Controller = {
  name: "service-controller",
  watches: new Set(["CloudProvider", "Node", "Service"]),
  instanceOf: () => "service-controller",
  keysFor,
  reconcile,
};

/** What this controller knows of one balancer. */
export interface Balancer {
  readonly stage: "building" | "up" | "changing" | "leaving";
  /** When the cloud answers; null while it is not asked anything. */
  readonly due: Micros | null;
  /** What the balancer was built from; null before the first. */
  readonly config: string | null;
  /** The nodes that are its targets. */
  readonly nodes: readonly string[];
  /** Their InternalIPs, by name. */
  readonly addresses: Readonly<Record<string, readonly string[]>>;
  /** The balancer's own address when the status has only its name; null otherwise. */
  readonly address: string | null;
  readonly failures: number;
  /** How the cloud told of balancers when this one was last seen to. */
  readonly form?: string;
}

const NONE: Balancer = {
  stage: "building",
  due: null,
  config: null,
  nodes: [],
  addresses: {},
  address: null,
  failures: 0,
};

/** What the controller has noted of a Service's balancer; null when it has built none. */
export function balancerOf(
  memory: (instance: string, slot: string) => JsonValue | undefined,
  service: ObjectKey,
): Balancer | null {
  return (memory(serviceLoadBalancerController.name, service) as Balancer | undefined) ?? null;
}

/** A balancer's name in the DNS, in the form of AWS's network load balancers. Source: DefaultLoadBalancerName, of the Service's uid. */
function hostnameOf(service: Service): string {
  const uid = service.metadata.uid ?? "";
  const name = `a${uid.replaceAll("-", "")}`.slice(0, 32);
  return `${name}-${sha256Hex(uid).slice(0, 16)}.elb.us-east-1.amazonaws.com`;
}

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  let waiting = false;
  let nodes = false;
  let restarted = false;
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === "CloudProvider") {
      waiting = true;
      // The cloud's controller comes up with another configuration and goes over all Services.
      if (statusForm((from as CloudProvider | undefined)?.spec) !== statusForm((to as CloudProvider | undefined)?.spec))
        restarted = true;
    }
    if (object.kind === "Node" && isTarget(from as Node | undefined) !== isTarget(to as Node | undefined)) nodes = true;
    if (object.kind !== "Service") continue;
    const sides = [from, to].filter((side): side is Service => side !== undefined);
    if (sides.some((side) => side.spec.type === "LoadBalancer" || hasFinalizer(side))) keys.add(keyOf(object));
    // An address that is free again is for whoever waits for one.
    const after = ingressNames(to as Service | undefined);
    if (ingressNames(from as Service | undefined).some((name) => !after.includes(name))) waiting = true;
  }
  if (waiting || nodes || restarted) {
    const asked = reader
      .list<Service>("Service")
      .filter(
        (service) =>
          wantsBalancer(service) && (nodes || restarted || (service.status.loadBalancer.ingress ?? []).length === 0),
      );
    // First come, first served: a cloud that came last gives the addresses that it would have given from the start.
    for (const service of asked.toSorted((a, b) => revision(a) - revision(b))) keys.add(keyOf(service));
  }
  return [...keys];
}

const revision = (service: Service): number => Number(service.metadata.resourceVersion ?? 0);

/** Nodes that a balancer forwards to. One that is not ready stays in: its health checks see to that. Source: stableNodeSetPredicates. */
export function isTarget(node: Node | undefined): boolean {
  if (node === undefined || isDeleting(node)) return false;
  const excluded = node.metadata.labels?.[EXCLUDE];
  if (excluded !== undefined && excluded !== "false") return false;
  return node.spec.taints?.some(({ key }) => key === AUTOSCALER_TAINT) !== true;
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

function ingressNames(service: Service | undefined): readonly string[] {
  return (service?.status.loadBalancer.ingress ?? []).map(({ ip, hostname }) => ip ?? hostname ?? "");
}

/** How the status tells of a balancer. */
const statusForm = (cloud: CloudProvider["spec"] | undefined): string =>
  `${cloud?.status ?? "ip"} ${cloud?.ipMode ?? "VIP"}`;

/** What a balancer is built from: a change of it means that the cloud is asked again. Source: needsUpdate. */
function configOf(service: Service): string {
  const { spec, metadata } = service;
  const ports = (spec.ports ?? []).map((p) => [p.name ?? "", p.port, p.protocol, p.nodePort ?? 0]);
  return JSON.stringify([
    ports,
    spec.sessionAffinity ?? "None",
    spec.loadBalancerSourceRanges ?? [],
    spec.externalTrafficPolicy ?? "",
    spec.healthCheckNodePort ?? 0,
    spec.loadBalancerIP ?? "",
    spec.externalIPs ?? [],
    spec.ipFamilies ?? [],
    Object.entries(metadata.annotations ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    metadata.uid,
  ]);
}

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const service = view.reader.get<Service>(key as ObjectKey);
  const noted = view.memory(key) as Balancer | undefined;
  if (service === undefined) return noted === undefined ? NOTHING : { operations: [], remember: { [key]: null } };
  const known = noted ?? NONE;
  if (!wantsBalancer(service)) return hasFinalizer(service) ? takeDown(key, service, known, view) : NOTHING;
  if (view.cloud.loadBalancer === "none") return NOTHING;
  const { name } = service.metadata;
  if (!hasFinalizer(service)) {
    const finalizers = [...(service.metadata.finalizers ?? []), LOAD_BALANCER_CLEANUP];
    return {
      operations: [
        { op: "update", object: { ...service, metadata: { ...service.metadata, finalizers } } as KubeObject },
      ],
      events: [note(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer")],
      title: `Ensuring load balancer for ${name}`,
    };
  }
  const targets = view.reader.list<Node>("Node").filter(isTarget);
  const nodes = targets.map((node) => node.metadata.name);
  const addresses = Object.fromEntries(targets.map((node) => [node.metadata.name, internalIPs(node)]));
  const config = configOf(service);
  const form = statusForm(view.cloud);
  const given = service.status.loadBalancer.ingress ?? [];
  const { loadBalancerIP: asked } = service.spec;
  const isNamed = given.some(({ hostname }) => hostname !== undefined);
  const isAsked = asked === undefined || asked === "" || isNamed || given.some(({ ip }) => ip === asked);
  const hasAddress = given.length > 0 && isAsked;
  // A text may state an address: that is a balancer that stands already.
  if (hasAddress && known.config === null) {
    const address = isNamed && ingressIPs(service).length === 0 ? freeAddress(service, view) : null;
    return { operations: [], remember: kept(key, { ...known, stage: "up", config, nodes, addresses, address, form }) };
  }
  if (hasAddress && known.config === config && (known.form ?? form) === form)
    return followNodes(key, service, known, { nodes, addresses }, view);
  return ensure(key, service, { ...known, stage: "building" }, { config, nodes, addresses, given, hasAddress }, view);
}

const internalIPs = (node: Node): readonly string[] =>
  (node.status.addresses ?? []).flatMap(({ type, address }) => (type === "InternalIP" ? [address] : []));

function ensure(
  key: string,
  service: Service,
  known: Balancer,
  wanted: {
    readonly config: string;
    readonly nodes: readonly string[];
    readonly addresses: Balancer["addresses"];
    readonly given: readonly LoadBalancerIngress[];
    readonly hasAddress: boolean;
  },
  view: ReconcileView,
): Reconciliation {
  const { name } = service.metadata;
  const start = known.due ?? view.now + view.latency(CLOUD);
  if (view.now < start) {
    // The first asking was told with the finalizer.
    const again = known.due === null && known.config !== null;
    return {
      ...wait(key, { ...known, due: start }, view),
      ...(again ? { events: [note(service, "Normal", "EnsuringLoadBalancer", "Ensuring load balancer")] } : {}),
    };
  }
  const events: EventNote[] = [];
  if (wanted.nodes.length === 0) {
    events.push(note(service, "Warning", "UnAvailableLoadBalancer", "There are no available nodes for LoadBalancer"));
  }
  const standing = wanted.hasAddress ? (ingressIPs(service)[0] ?? known.address) : null;
  const ip = standing ?? freeAddress(service, view);
  if (ip === null) {
    const message = failure(service, view.cloud);
    const micros = Math.min(MAX_RETRY, MIN_RETRY * 2 ** known.failures);
    return {
      operations: [],
      remember: kept(key, { ...known, due: null, failures: known.failures + 1 }),
      // It tries again of its own accord, but nothing else needs to wait for that.
      requeue: { class: "deadline", micros },
      events: [note(service, "Warning", "SyncLoadBalancerFailed", message)],
      title: message,
    };
  }
  events.push(note(service, "Normal", "EnsuredLoadBalancer", "Ensured load balancer"));
  const { config, nodes, addresses } = wanted;
  const form = statusForm(view.cloud);
  const isKept = wanted.hasAddress && (known.form ?? form) === form;
  const isNamed = isKept ? known.address !== null : view.cloud.status === "hostname";
  const address = isNamed ? ip : null;
  const up: Balancer = { stage: "up", due: null, config, nodes, addresses, address, failures: 0, form };
  const { ipMode = "VIP" } = view.cloud;
  const ingress: LoadBalancerIngress = isNamed ? { hostname: hostnameOf(service) } : { ip, ipMode };
  return {
    ...(isKept ? NOTHING : setIngress(service, [ingress])),
    remember: kept(key, up),
    events,
    title: `Ensured load balancer ${isNamed ? hostnameOf(service) : ip} for ${name}`,
  };
}

/** The balancer stands; its node set follows the nodes. Source: nodeSyncService. */
function followNodes(
  key: string,
  service: Service,
  known: Balancer,
  { nodes, addresses }: Pick<Balancer, "nodes" | "addresses">,
  view: ReconcileView,
): Reconciliation {
  if (deepEqual(nodes, known.nodes)) {
    return known.due === null ? NOTHING : { operations: [], remember: kept(key, { ...known, stage: "up", due: null }) };
  }
  const due = known.stage === "changing" && known.due !== null ? known.due : view.now + view.latency(CLOUD);
  if (view.now < due) return wait(key, { ...known, stage: "changing", due }, view);
  const message = "Updated load balancer with new hosts";
  return {
    operations: [],
    remember: kept(key, { ...known, stage: "up", due: null, nodes, addresses }),
    events: [note(service, "Normal", "UpdatedLoadBalancer", message)],
    title: `${message}: ${service.metadata.name}`,
  };
}

function kept(key: string, balancer: Balancer): Readonly<Record<string, JsonValue>> {
  return { [key]: balancer as unknown as JsonValue };
}

function wait(key: string, balancer: Balancer, view: ReconcileView): Reconciliation {
  const micros = (balancer.due ?? view.now) - view.now;
  return { operations: [], remember: kept(key, balancer), requeue: { class: "timer", micros } };
}

function note(service: Service, type: EventNote["type"], reason: string, message: string): EventNote {
  return { about: service, type, reason, message };
}

/** Deleted, or no LoadBalancer any more: the cloud's part goes first, then the finalizer; then the API lets it go. */
function takeDown(key: string, service: Service, known: Balancer, view: ReconcileView): Reconciliation {
  const begun = known.stage === "leaving" && known.due !== null;
  const due = begun ? (known.due as Micros) : view.now + view.latency(CLOUD);
  const deleting = note(service, "Normal", "DeletingLoadBalancer", "Deleting load balancer");
  const { name } = service.metadata;
  if (view.now < due) {
    const waiting = wait(key, { ...known, stage: "leaving", due }, view);
    return begun ? waiting : { ...waiting, events: [deleting], title: `Deleting load balancer of ${name}` };
  }
  if ((service.status.loadBalancer.ingress ?? []).length > 0 && !isDeleting(service)) {
    return { ...setIngress(service, []), remember: kept(key, { ...known, stage: "leaving", due }) };
  }
  const finalizers = (service.metadata.finalizers ?? []).filter((finalizer) => finalizer !== LOAD_BALANCER_CLEANUP);
  const { finalizers: _, ...metadata } = service.metadata;
  const object = { ...service, metadata: finalizers.length === 0 ? metadata : { ...metadata, finalizers } };
  return {
    operations: [{ op: "update", object: object as KubeObject }],
    remember: { [key]: null },
    events: [...(begun ? [] : [deleting]), note(service, "Normal", "DeletedLoadBalancer", "Deleted load balancer")],
    title: `Deleted load balancer of ${name}`,
  };
}

function setIngress(service: Service, ingress: readonly LoadBalancerIngress[]): Reconciliation {
  const status = { ...service.status, loadBalancer: ingress.length === 0 ? {} : { ingress } };
  return deepEqual(status, service.status)
    ? NOTHING
    : { operations: [{ op: "updateStatus", object: { ...service, status } as KubeObject }] };
}

/** The address asked for, if nobody has it; else the lowest free one of the pool; null when there is none. */
function freeAddress(service: Service, { cloud, reader, memory }: ReconcileView): string | null {
  const used = new Set<string>();
  for (const other of reader.list<Service>("Service")) {
    if (other.spec.type !== "LoadBalancer" || keyOf(other) === keyOf(service)) continue;
    for (const ip of ingressIPs(other)) used.add(ip);
    const { address } = (memory(keyOf(other)) as Balancer | undefined) ?? NONE;
    if (address !== null) used.add(address);
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
