import type { MirrorState } from "../mirror/types.ts";
import { keyOf, objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import { nodeInternalIP } from "../model/node/types.ts";
import { podReady, type Pod } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import type { Service } from "../model/service/types.ts";
import type { Exploration, HostId, Walk } from "../model/trace/types.ts";
import type { ProxyStatus } from "../wire/protocol.ts";
import { bandCards, foldedCards, intentLines, serviceName, sigilOf } from "./band.ts";
import type { Card, NodeCard, NodeTrouble, PodCard, StampCard } from "./cards.ts";
import { rect, union, type Rect } from "./geometry.ts";
import { BAND, CLIENT, COLUMN, IMPRINT, NODE, POD, SIDE, THREAD_X } from "./metrics.ts";
import { fractionText, timeText } from "./names.ts";
import {
  balancerAddresses,
  castOf,
  nodeHost,
  podHost,
  revisionOf,
  serviceOfWalk,
  slicesOf,
  type Cast,
} from "./read.ts";
import { assignRows, assignSlots, rowKey, slotKey, type Slots } from "./slots.ts";

/** The map without its packets: every card at its place, and the ink and wires between them. All plain data. */
export interface Layout {
  readonly bounds: Rect;
  readonly band: { readonly height: number; readonly folded: boolean };
  readonly cards: readonly Card[];
  readonly bus: { readonly rect: Rect; readonly label: string; readonly labelRect: Rect } | null;
  /** Straight pieces of the ink thread, top to bottom, each ending on a node. */
  readonly thread: readonly {
    readonly node: string;
    readonly x: number;
    readonly y1: number;
    readonly y2: number;
    /** Nobody there to write what comes down. */
    readonly cut: boolean;
  }[];
  /** Dotted lines between the cards of the intent band. */
  readonly intent: readonly { readonly x1: number; readonly x2: number; readonly y: number }[];
  readonly wires: readonly {
    readonly points: readonly { readonly x: number; readonly y: number }[];
    readonly thick: boolean;
    /** Card at its end. */
    readonly to: string;
    /** cut: nothing passes. barred: a NetworkPolicy says what passes. */
    readonly state: "whole" | "cut" | "barred";
  }[];
  /** Free column under the outside clients, for the client's terminal and the legend. */
  readonly side: Rect;
  readonly slots: Slots;
  /** The Service whose stamp is foremost. */
  readonly service: ObjectKey | null;
}

export interface LayoutOptions {
  readonly walk: Walk | null;
  readonly exploration?: Exploration | null;
  readonly folded?: boolean;
  /** What the reader has selected: a Service among them comes foremost when no walk names one. */
  readonly object?: ObjectKey | null;
  readonly previous?: Slots;
  /** Where the reader has put nodes and pods. */
  readonly moved?: Slots;
  /** Only these nodes and their pods: a part of a cluster that is too large to be drawn whole. */
  readonly only?: ReadonlySet<string> | null;
}

/** As wide as one column of pods needs: an empty map is not blown up. */
const MIN_WIDTH = 728;

/** A pure, deterministic function of roles and names. */
export function layoutOf(mirror: MirrorState, options: LayoutOptions): Layout {
  const { walk } = options;
  const cast = castOf(mirror, walk, options.only ?? null);
  const folded = options.folded === true;
  const bandHeight = folded ? BAND.folded : BAND.height;
  const top = bandHeight + BAND.gap;
  const service = foremost(cast, walk, options.object ?? null);
  const rows = assignRows(
    cast.nodes.map((node) => node.metadata.name),
    options.previous,
    options.moved,
  );
  const slots = assignSlots(cast.pods, options.previous, options.moved);
  const weights = weightsOf(options.exploration ?? null, walk);

  const nodes = nodeCards(mirror, cast, service, top, slots, rows);
  const pods = podCards(cast, slots, nodes, walk, weights);
  const clients = clientCards(cast, top);
  const balancers = balancerCards(mirror, cast, walk, top);
  const band = folded ? foldedCards(mirror, service) : bandCards(mirror, cast, service);

  const clientsEnd =
    top + (clients.length > 1 ? clients.length * CLIENT.smallPitch : clients.length * (CLIENT.height + 8));
  const balancersEnd = balancers.length > 0 ? top + CLIENT.height + 8 : top;
  const resultTop = clients.length + balancers.length === 0 ? top : Math.max(clientsEnd, balancersEnd) + 12;
  const side = rect(COLUMN.client, resultTop, SIDE.width, resultHeight(walk) + SIDE.gap + SIDE.legendHeight);

  const cards: readonly Card[] = [
    ...band,
    ...clients,
    ...balancers,
    ...nodes,
    ...pods,
    ...waitingCard(cast, nodes, top),
  ];
  const stamp = band.find((c): c is StampCard => c.kind === "stamp" && !c.small);
  const bus = busOf(nodes);
  const inner = union([...cards.map((c) => c.rect), side]);
  return {
    bounds: rect(0, 0, Math.max(inner.x + inner.w + COLUMN.client, MIN_WIDTH), inner.y + inner.h + 8),
    band: { height: bandHeight, folded },
    cards,
    bus,
    thread: stamp === undefined ? [] : threadOf(stamp.rect, nodes),
    intent: folded ? [] : intentLines(band),
    wires: wiresOf(nodes, pods),
    side,
    slots: new Map([...slots, ...[...rows].map(([name, row]) => [rowKey(name), row] as const)]),
    service: service === null ? null : keyOf(service),
  };
}

/** Height of the client's terminal: its lines wrap at a known width, so it can be told without measuring. */
function resultHeight(walk: Walk | null): number {
  if (walk === null) return 108;
  const lines = (text: string): number => Math.max(1, Math.ceil(text.length / SIDE.perLine));
  const said =
    walk.outcome === "delivered" ? lines(walk.backend?.pod?.split("/").at(-1) ?? "") + 2 : lines(walk.symptom);
  return SIDE.padding + (1 + said) * SIDE.line;
}

function foremost(cast: Cast, walk: Walk | null, object: ObjectKey | null): Service | null {
  const wanted = [object?.startsWith("Service/") === true && walk === null ? object : null, serviceOfWalk(walk)];
  for (const key of wanted) {
    const found = cast.services.find((s) => keyOf(s) === key);
    if (found !== undefined) return found;
  }
  const own = cast.services.filter((s) => !(s.metadata.namespace === "default" && s.metadata.name === "kubernetes"));
  const backed = own.find((s) => slicesOf(cast, s).some((slice) => (slice.endpoints ?? []).length > 0));
  return backed ?? own[0] ?? cast.services[0] ?? null;
}

function weightsOf(exploration: Exploration | null, walk: Walk | null): ReadonlyMap<string, string> {
  const sums = new Map<string, number>();
  if (walk === null) return new Map();
  for (const branch of exploration?.walks ?? []) {
    const pod = branch.backend?.pod;
    if (pod !== undefined && pod !== null) sums.set(pod, (sums.get(pod) ?? 0) + branch.probability);
  }
  return new Map([...sums].map(([pod, p]) => [pod, fractionText(p)]));
}

function nodeCards(
  mirror: MirrorState,
  cast: Cast,
  service: Service | null,
  top: number,
  slots: Slots,
  rows: Slots,
): readonly NodeCard[] {
  // All cards are as wide as the fullest one needs: widths may grow to the right, positions never change.
  let columns = 1;
  for (const slot of slots.values()) columns = Math.max(columns, Math.floor(slot / POD.rows.length) + 1);
  const width = NODE.pods + (columns - 1) * POD.columnPitch + POD.width + NODE.pad;
  const wanted = service === null ? 0 : revisionOf(service, slicesOf(cast, service));
  const proxies = new Map(mirror.proxies.map((p) => [p.node, p]));
  const cards = cast.nodes.map((node, i): NodeCard => {
    const name = node.metadata.name;
    const proxy = proxies.get(name);
    const imprint =
      service === null
        ? null
        : {
            name: serviceName(service),
            sigil: sigilOf(mirror, service),
            synced: proxy !== undefined && proxy.syncedRevision >= wanted,
          };
    const ip = nodeInternalIP(node) ?? "";
    const synced =
      imprint === null
        ? ""
        : imprint.synced
          ? `, ${imprint.name} is in its rules`
          : `, ${imprint.name} is not in its rules yet`;
    const trouble = troubleOf(mirror, name, proxy, imprint?.synced !== false);
    return {
      kind: "node",
      id: nodeHost(name),
      host: nodeHost(name),
      object: objectKey("Node", undefined, name),
      rect: rect(COLUMN.node, top + (rows.get(name) ?? i) * NODE.pitch, width, NODE.height),
      label: `Node ${name}, ${ip}${synced}${trouble === null || trouble.kind === "old" ? "" : `, ${trouble.text}`}`,
      name,
      ip,
      imprint,
      trouble,
    };
  });
  return cards.sort((a, b) => a.rect.y - b.rect.y);
}

function troubleOf(
  mirror: MirrorState,
  node: string,
  proxy: ProxyStatus | undefined,
  synced: boolean,
): NodeTrouble | null {
  if (mirror.broken.nodes.includes(node)) return { kind: "down", text: "no power" };
  if (proxy?.running === false) return { kind: "stopped", text: synced ? "proxy stopped" : "old rules" };
  const lag = mirror.broken.lag[node];
  if (!synced) return { kind: "old", text: "old rules" };
  return lag === undefined ? null : { kind: "lagging", text: `hears +${timeText(lag)}` };
}

function podCards(
  cast: Cast,
  slots: Slots,
  nodes: readonly NodeCard[],
  walk: Walk | null,
  weights: ReadonlyMap<string, string>,
): readonly PodCard[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return cast.pods.flatMap((pod): readonly PodCard[] => {
    const node = byName.get(pod.spec.nodeName ?? "");
    const slot = slots.get(slotKey(pod));
    if (node === undefined || slot === undefined) return [];
    const path = `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
    const backend = walk?.backend?.pod === path;
    const port = backend && walk?.backend !== null ? (walk?.backend?.port ?? null) : listening(pod);
    const ip = pod.status?.podIP ?? "";
    const state = stateOf(pod);
    const weight = weights.get(path) ?? null;
    const isolated = isIsolated(pod, cast.policies);
    const cut = node.trouble?.kind === "down";
    return [
      {
        kind: "pod",
        id: podHost(pod),
        host: podHost(pod),
        object: keyOf(pod),
        rect: rect(
          node.rect.x + NODE.pods + Math.floor(slot / POD.rows.length) * POD.columnPitch,
          node.rect.y + (POD.rows[slot % POD.rows.length] ?? 0),
          POD.width,
          POD.height,
        ),
        label: `Pod ${path}, ${ip === "" ? "no address yet" : ip}, ${state}${weight === null ? "" : `, chosen with probability ${weight}`}${isolated ? ", isolated by a NetworkPolicy" : ""}${cut ? ", its node has no power" : ""}`,
        name: pod.metadata.name,
        namespace: pod.metadata.namespace ?? "",
        address: ip === "" ? "" : port === null ? ip : `${ip}:${port}`,
        node: node.name,
        slot,
        state,
        weight,
        backend,
        client: walk?.hops[0]?.place === podHost(pod),
        hostNetwork: pod.spec.hostNetwork === true,
        isolated,
        cut,
      },
    ];
  });
}

/** Pods that the scheduler has not placed stand on no node; they are counted below the last one. */
function waitingCard(cast: Cast, nodes: readonly NodeCard[], top: number): readonly Card[] {
  const below = nodes.at(-1)?.rect.y ?? top - NODE.pitch;
  const count = cast.pods.filter((p) => (p.spec.nodeName ?? "") === "").length;
  if (count === 0) return [];
  const text = count === 1 ? "1 pod waits for a node" : `${count} pods wait for a node`;
  return [
    {
      kind: "more",
      id: "waiting-pods",
      host: null,
      object: null,
      rect: rect(COLUMN.node, below + NODE.pitch, 180, 24),
      label: text,
      text,
    },
  ];
}

/** A pod that some NetworkPolicy selects is isolated, as its specification calls it; whether the network enforces it is another matter. */
function isIsolated(pod: Pod, policies: readonly NetworkPolicy[]): boolean {
  return policies.some(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace && labelSelectorMatches(spec.podSelector, pod.metadata.labels),
  );
}

function listening(pod: Pod): number | null {
  return pod.spec.containers[0]?.ports?.[0]?.containerPort ?? null;
}

function stateOf(pod: Pod): PodCard["state"] {
  if (pod.metadata.deletionTimestamp !== undefined) return "terminating";
  if (podReady(pod)) return "ready";
  return pod.status?.phase === "Running" ? "not ready" : "starting";
}

function clientCards(cast: Cast, top: number): readonly Card[] {
  const small = cast.clients.length > 1;
  return cast.clients.map(({ name, ip, object }, i) => ({
    kind: "client",
    id: `client/${name}`,
    host: `client/${name}` as HostId,
    object,
    rect: rect(
      COLUMN.client,
      top + i * CLIENT.smallPitch,
      COLUMN.clientWidth,
      small ? CLIENT.smallHeight : CLIENT.height,
    ),
    label: `Outside client ${name}, ${ip}`,
    name,
    ip,
    small,
  }));
}

function balancerCards(mirror: MirrorState, cast: Cast, walk: Walk | null, top: number): readonly Card[] {
  const hosts = [...(walk?.hops ?? []), ...(walk?.reply ?? [])].map((h) => h.place).filter((p) => p.startsWith("lb/"));
  const used = hosts[0]?.slice("lb/".length) ?? null;
  const waiting = cast.services.filter(
    (s) => s.spec.type === "LoadBalancer" && (s.status?.loadBalancer?.ingress ?? []).length === 0,
  );
  const addresses = [...new Set([...(used === null ? [] : [used]), ...balancerAddresses(cast)])];
  if (addresses.length === 0 && (waiting.length === 0 || mirror.cloud === "none")) return [];
  const vip = mirror.cloud === "vip";
  return [
    {
      kind: "lb",
      id: "lb",
      host: used === null ? null : (`lb/${used}` as HostId),
      object: cast.services.find((s) => (s.status?.loadBalancer?.ingress ?? []).some((i) => i.ip === addresses[0]))
        ? keyOfBalanced(cast, addresses[0] ?? "")
        : null,
      rect: rect(COLUMN.balancer, top, COLUMN.balancerWidth, vip ? 84 : 128),
      label: `Cloud load balancer, ${addresses.length === 0 ? "address pending" : addresses.join(", ")}, ${BALANCER_WORK[mirror.cloud]}`,
      addresses,
      mode: vip ? "vip" : "nodePort",
    },
  ];
}

/** What the balancer does with a packet, by kind of cloud. One that stands without a cloud is taken for one of the first kind. */
const BALANCER_WORK: Readonly<Record<MirrorState["cloud"], string>> = {
  nodePort: "forwards to a node port",
  vip: "keeps the header",
  pod: "forwards to pods",
  none: "forwards to a node port",
};

function keyOfBalanced(cast: Cast, ip: string): ObjectKey | null {
  const found = cast.services.find((s) => (s.status?.loadBalancer?.ingress ?? []).some((i) => i.ip === ip));
  return found === undefined ? null : keyOf(found);
}

function busOf(nodes: readonly NodeCard[]): Layout["bus"] {
  const first = nodes[0];
  const last = nodes.at(-1);
  if (first === undefined || last === undefined) return null;
  const y1 = first.rect.y + 14;
  const y2 = last.rect.y + last.rect.h - 8;
  const prefix = first.ip.split(".").slice(0, 3).join(".");
  const same = first.ip.includes(".") && nodes.every((n) => n.ip.startsWith(`${prefix}.`));
  return {
    rect: rect(COLUMN.bus, y1, COLUMN.busWidth, y2 - y1),
    label: same ? `${prefix}.0/24` : "node network",
    labelRect: rect(COLUMN.bus - 29, y2 - 100, 12, 100),
  };
}

function threadOf(stamp: Rect, nodes: readonly NodeCard[]): Layout["thread"] {
  let from = stamp.y + stamp.h + 3;
  return nodes.map((node) => {
    const cut = node.trouble?.kind === "down" || node.trouble?.kind === "stopped";
    const piece = { node: node.name, x: THREAD_X, y1: from, y2: node.rect.y, cut };
    from = node.rect.y + NODE.height - NODE.inset;
    return piece;
  });
}

function wiresOf(nodes: readonly NodeCard[], pods: readonly PodCard[]): Layout["wires"] {
  const bus = nodes.map((n) => {
    const y = n.rect.y + NODE.height / 2;
    return {
      points: [
        { x: COLUMN.bus + COLUMN.busWidth, y },
        { x: n.rect.x + NODE.eth, y },
      ],
      thick: true,
      to: n.id,
      state: n.trouble?.kind === "down" ? ("cut" as const) : ("whole" as const),
    };
  });
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const veth = pods
    .filter((p) => !p.hostNetwork)
    .map((p) => {
      const node = byName.get(p.node);
      const cni = (node?.rect.x ?? 0) + NODE.cni + NODE.barWidth;
      const y = p.rect.y + POD.height / 2;
      const gutter = p.rect.x - 14;
      const gap = (node?.rect.y ?? 0) + NODE.height / 2;
      const points =
        p.rect.x - cni < POD.width
          ? [
              { x: cni, y },
              { x: p.rect.x, y },
            ]
          : [
              { x: cni, y: gap },
              { x: gutter, y: gap },
              { x: gutter, y },
              { x: p.rect.x, y },
            ];
      const state = p.cut ? ("cut" as const) : p.isolated ? ("barred" as const) : ("whole" as const);
      return { points, thick: false, to: p.id, state };
    });
  return [...bus, ...veth];
}

/** Where a node's imprint is pressed: over the top edge of its slab, its right end fixed. */
export function imprintRect(node: Rect): Rect {
  return rect(node.x + IMPRINT.left, node.y, IMPRINT.right - IMPRINT.left, IMPRINT.height);
}
