import type { Commit, ObjectReader } from "../../apiserver/types.ts";
import { sha256Hex } from "../../base/hash.ts";
import { deepEqual, type JsonValue } from "../../base/json.ts";
import { SECOND } from "../../base/time.ts";
import type { Delay } from "../../engine/types.ts";
import { SERVICE_NAME_LABEL } from "../../model/endpointslice/types.ts";
import { keyOf, objectKey, type ObjectKey, splitKey } from "../../model/meta/types.ts";
import type { BGPAdvertisement, BGPPeer, IPAddressPool, L2Advertisement } from "../../model/metallb/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Service } from "../../model/service/types.ts";
import { changesOf, isDeleting } from "../changes.ts";
import { type Controller, type EventNote, NOTHING, type Reconciliation, type ReconcileView } from "../types.ts";
import { advertisementsOf, handles, ingressIPs, isInstalled, METALLB_KINDS, poolOf, selectsNode } from "./pools.ts";

export const METALLB_SPEAKER = "metallb-speaker";

/** How a node says that an address is to be reached through it: by answering ARP (NDP), or by a BGP session with the router. */
export interface Announcer {
  readonly node: string;
  readonly protocol: "layer2" | "bgp";
}

/**
 * What the other speakers need to see that a node is dead: memberlist probes it every second, and suspects it for some more before it
 * declares it dead (DefaultLANConfig: ProbeInterval 1 s, ProbeTimeout 500 ms, SuspicionMult 4). A BGP router, with MetalLB's default hold
 * time of 90 s and no BFD, is slower.
 */
export const MEMBERLIST: Delay = { class: "probe", micros: 6 * SECOND };
const HOLD_TIME: Delay = { class: "probe", micros: 90 * SECOND };
/** Slots of the speakers' memory that tell how a node is taken. */
const slotOf = (node: string): string => `node ${node}`;

type Seen = { readonly dead: boolean; readonly gone: boolean };

/**
 * MetalLB's speakers, one on each node: who of them announces which address. Layer 2: all compute the same order, by hash of node and
 * address, of the eligible nodes, and the first one answers ARP. BGP: every eligible node is a next hop of the router. Nobody announces an
 * address without an endpoint that can serve, and with policy Local only nodes that have one.
 * The keys are Services, and Nodes when one of them has lost its power. Source: metallb speaker/layer2_controller.go, bgp_controller.go.
 */
export const metallbSpeaker: Controller = {
  name: METALLB_SPEAKER,
  instanceOf: () => METALLB_SPEAKER,
  keysFor,
  reconcile: (key, view) =>
    splitKey(key as ObjectKey).kind === "Node" ? meetNode(key as ObjectKey, view) : follow(key as ObjectKey, view),
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const changes = changesOf(commit);
  const isConfigured = changes.some(({ object }) => METALLB_KINDS.has(object.kind));
  if (!isInstalled(reader) && !isConfigured) return [];
  const keys = new Set<string>();
  let all = isConfigured;
  for (const { from, to, object } of changes) {
    if (object.kind === "Service") keys.add(keyOf(object));
    if (object.kind === "EndpointSlice") {
      const name = object.metadata.labels?.[SERVICE_NAME_LABEL];
      const key = objectKey("Service", object.metadata.namespace, name ?? "");
      if (reader.get<Service>(key)?.spec.type === "LoadBalancer") keys.add(key);
    }
    if (object.kind === "Node" && !deepEqual(from?.metadata.labels ?? null, to?.metadata.labels ?? null)) all = true;
    if (object.kind === "Node" && (from === undefined || to === undefined)) all = true;
  }
  if (all) {
    for (const service of reader.list<Service>("Service"))
      if (service.spec.type === "LoadBalancer") keys.add(keyOf(service));
  }
  return [...keys];
}

/** A node has gone silent, or reports again. Speakers hear of it first, the router when its session's hold time is over. */
function meetNode(key: ObjectKey, view: ReconcileView): Reconciliation {
  const { name } = splitKey(key);
  const isSilent = view.silentSince(name) !== null;
  const known = seen(name, view);
  if (isSilent === known.dead && isSilent === known.gone) return NOTHING;
  const now: Seen = { dead: isSilent, gone: isSilent && known.dead };
  const remember: Record<string, JsonValue> = { [slotOf(name)]: isSilent ? { ...now } : null };
  const events: EventNote[] = [];
  const titles: string[] = [];
  const judged = (node: string): Seen => (node === name ? now : seen(node, view));
  for (const service of view.reader.list<Service>("Service")) {
    const step = announce(keyOf(service), service, view, judged);
    Object.assign(remember, step.remember);
    events.push(...(step.events ?? []));
    if (step.title !== undefined) titles.push(step.title);
  }
  return {
    operations: [],
    remember,
    events,
    ...(titles.length === 0 ? {} : { title: titles.join("; ") }),
    ...(isSilent && !now.gone ? { requeue: { ...HOLD_TIME, micros: HOLD_TIME.micros - MEMBERLIST.micros } } : {}),
  };
}

function seen(node: string, view: ReconcileView): Seen {
  return (view.memory(slotOf(node)) as Seen | undefined) ?? { dead: false, gone: false };
}

function follow(key: ObjectKey, view: ReconcileView): Reconciliation {
  return announce(key, view.reader.get<Service>(key), view, (node) => seen(node, view));
}

/** Brings what is noted for one Service up to date, and tells of announcers that are new. */
function announce(
  key: ObjectKey,
  service: Service | undefined,
  view: ReconcileView,
  judged: (node: string) => Seen,
): Reconciliation {
  const before = (view.memory(key) ?? []) as unknown as readonly Announcer[];
  const after = service === undefined || isDeleting(service) ? [] : announcers(service, view, judged);
  if (deepEqual(before, after)) return NOTHING;
  const fresh = after.filter((a) => !before.some((b) => b.node === a.node && b.protocol === a.protocol));
  const message = ({ node, protocol }: Announcer): string =>
    `announcing from node ${JSON.stringify(node)} with protocol ${JSON.stringify(protocol)}`;
  const name = `${splitKey(key).namespace}/${splitKey(key).name}`;
  return {
    operations: [],
    remember: { [key]: after.length === 0 ? null : (after as unknown as JsonValue) },
    events:
      service === undefined
        ? []
        : fresh.map((a) => ({ about: service, type: "Normal", reason: "nodeAssigned", message: message(a) })),
    title: `${name}: ${after.length === 0 ? "withdrawing service announcement" : after.map(message).join(", ")}`,
  };
}

/** What the speakers have noted of a Service: who announces its address now. */
export function announcersOf(
  memory: (slot: string) => JsonValue | undefined,
  service: ObjectKey,
): readonly Announcer[] {
  return (memory(service) ?? []) as unknown as readonly Announcer[];
}

function announcers(service: Service, view: ReconcileView, judged: (node: string) => Seen): readonly Announcer[] {
  const { reader } = view;
  const [ip] = ingressIPs(service);
  const pool = ip === undefined || !handles(service, view.cloud) ? undefined : poolOf(reader, ip);
  if (ip === undefined || pool === undefined) return [];
  const { serving, anywhere } = servingNodes(service, reader);
  if (!anywhere) return [];
  const isLocal = service.spec.externalTrafficPolicy === "Local";
  const nodes = reader.list<Node>("Node").filter(({ metadata }) => !isLocal || serving.has(metadata.name));
  const layer2 = nodes.filter((node) => isL2Speaker(node, pool, reader) && !judged(node.metadata.name).dead);
  const order = layer2
    .map(({ metadata: { name } }) => ({ name, hash: sha256Hex(`${name}#${ip}`) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1));
  const bgp = nodes.filter((node) => isBGPSpeaker(node, pool, reader) && !judged(node.metadata.name).gone);
  return [
    ...order.slice(0, 1).map(({ name }): Announcer => ({ node: name, protocol: "layer2" })),
    ...bgp.map(({ metadata: { name } }): Announcer => ({ node: name, protocol: "bgp" })),
  ];
}

/** Nodes with an endpoint that can serve; one that is terminating and still serves counts. Source: epslices.EndpointCanServe. */
function servingNodes(
  { metadata }: Service,
  reader: ObjectReader,
): { readonly serving: ReadonlySet<string>; readonly anywhere: boolean } {
  const endpoints = reader
    .slicesOf(metadata.namespace ?? "default", metadata.name)
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false || conditions.serving === true);
  return {
    serving: new Set(endpoints.flatMap(({ nodeName }) => (nodeName === undefined ? [] : [nodeName]))),
    anywhere: endpoints.length > 0,
  };
}

const EXCLUDE = "node.kubernetes.io/exclude-from-external-load-balancers";

/** Any value of the label counts, "false" too. Source: IsNodeExcludedFromBalancers. */
const isExcluded = ({ metadata }: Node): boolean => metadata.labels?.[EXCLUDE] !== undefined;

function isL2Speaker(node: Node, pool: IPAddressPool, reader: ObjectReader): boolean {
  return (
    !isExcluded(node) &&
    advertisementsOf<L2Advertisement>("L2Advertisement", pool, reader).some(({ spec }) =>
      selectsNode(spec.nodeSelectors, node.metadata.labels),
    )
  );
}

/** A node that an advertisement names, with a session to one of the peers that it is for. */
function isBGPSpeaker(node: Node, pool: IPAddressPool, reader: ObjectReader): boolean {
  const { labels } = node.metadata;
  if (isExcluded(node)) return false;
  const peers = reader
    .list<BGPPeer>("BGPPeer")
    .filter(({ spec }) => selectsNode(spec.nodeSelectors, labels))
    .map(({ metadata }) => metadata.name);
  return advertisementsOf<BGPAdvertisement>("BGPAdvertisement", pool, reader).some(
    ({ spec }) =>
      selectsNode(spec.nodeSelectors, labels) &&
      peers.some((peer) => spec.peers === undefined || spec.peers.length === 0 || spec.peers.includes(peer)),
  );
}
