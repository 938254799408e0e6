import type { MirrorState } from "../mirror/types.ts";
import { keyOf } from "../model/meta/types.ts";
import { podReady } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Card, PartCard, ProxyCard, StampCard } from "./cards.ts";
import { rect, type Rect } from "./geometry.ts";
import { BAND, THREAD_X } from "./metrics.ts";
import { timeText } from "./names.ts";
import { revisionOf, slicesOf, type Cast } from "./read.ts";

export const serviceName = (s: Service): string => `${s.metadata.namespace ?? "default"}/${s.metadata.name}`;

export function sigilOf(mirror: MirrorState, service: Service): string {
  return mirror.sigils.find((s) => s.service === keyOf(service))?.hash ?? "";
}

/** The intent band: what is wanted and who has written it down, on no wire. */
export function bandCards(mirror: MirrorState, cast: Cast, service: Service | null): readonly Card[] {
  const cards: Card[] = [
    {
      kind: "api",
      id: "api",
      host: null,
      object: null,
      rect: rect(BAND.api, BAND.cardTop, BAND.apiWidth, BAND.cardHeight),
      label: `API server, revision ${mirror.revision}`,
      revision: mirror.revision,
    },
    ...partCards(mirror, cast),
  ];
  if (service !== null) {
    const slices = slicesOf(cast, service);
    const slice = slices[0];
    const ready = slices.flatMap((s) => s.endpoints ?? []).filter((e) => e.conditions?.ready !== false).length;
    cards.push({
      kind: "slice",
      id: "slice",
      host: null,
      object: slice === undefined ? null : keyOf(slice),
      rect: rect(BAND.slice, BAND.cardTop, BAND.sliceWidth, BAND.cardHeight),
      label:
        slice === undefined
          ? `No EndpointSlice for ${serviceName(service)} yet`
          : `EndpointSlice ${slice.metadata.name}, ${ready} ready`,
      name: slice?.metadata.name ?? null,
      more: Math.max(0, slices.length - 1),
      ready,
    });
    cards.push(
      stampCard(
        mirror,
        service,
        false,
        rect(THREAD_X - BAND.stampWidth / 2, BAND.stampTop, BAND.stampWidth, BAND.stampHeight),
      ),
    );
    const others = cast.services.filter((s) => s !== service);
    // Two more Services have room under the API server's card; the rest are counted.
    const room = 2;
    const miniAt = (i: number): Rect =>
      rect(BAND.minis + i * (BAND.miniWidth + BAND.miniGap), BAND.miniTop, BAND.miniWidth, BAND.miniHeight);
    others.slice(0, room).forEach((other, i) => cards.push(stampCard(mirror, other, true, miniAt(i))));
    if (others.length > room) {
      const text = `${others.length - room} more`;
      cards.push({
        kind: "more",
        id: "more-services",
        host: null,
        object: null,
        rect: { ...miniAt(room), w: 64 },
        label: `${text} Services`,
        text,
      });
    }
  }
  const proxies = proxyCard(mirror, cast, service);
  if (proxies !== null) cards.push(proxies);
  return cards;
}

/** etcd, scheduler, controllers, the cloud's controllers where there is a cloud, and CoreDNS where it is installed. */
function partCards(mirror: MirrorState, cast: Cast): readonly PartCard[] {
  const waits = cast.waiting.length + cast.pods.filter((pod) => (pod.spec.nodeName ?? "") === "").length;
  const ready = cast.coreDns.filter(podReady).length;
  const pending = cast.services.filter(
    (s) => s.spec.type === "LoadBalancer" && (s.status?.loadBalancer?.ingress ?? []).length === 0,
  ).length;
  const parts: readonly (Pick<PartCard, "part" | "name" | "note" | "waiting"> & { readonly says: string })[] = [
    {
      part: "scheduler",
      name: "scheduler",
      note: waits === 0 ? "" : String(waits),
      waiting: waits > 0,
      says: waits === 0 ? "every pod has a node" : `${waits} ${waits === 1 ? "pod waits" : "pods wait"} for a node`,
    },
    { part: "controllers", name: "controllers", note: "", waiting: false, says: lastWord(mirror) },
    ...(mirror.cloud === "none"
      ? []
      : [
          {
            part: "ccm" as const,
            name: "cloud",
            note: pending === 0 ? mirror.cloud : "pending",
            waiting: pending > 0,
            says:
              pending === 0
                ? `cloud controller manager, load balancers of kind ${mirror.cloud}`
                : `cloud controller manager, ${pending} of its Services ${pending === 1 ? "waits" : "wait"} for an address`,
          },
        ]),
    ...(cast.coreDns.length === 0
      ? []
      : [
          {
            part: "coredns" as const,
            name: "CoreDNS",
            note: `${ready}/${cast.coreDns.length}`,
            waiting: ready === 0,
            says: `${ready} of ${cast.coreDns.length} pods ready`,
          },
        ]),
  ];
  let x: number = BAND.parts;
  const row = parts.map(({ says, ...part }): PartCard => {
    const w = BAND.partWidths[part.part === "etcd" ? "scheduler" : part.part];
    const at = rect(x, BAND.partTop, w, BAND.partHeight);
    x += w + BAND.partGap;
    return { ...part, kind: "part", id: part.part, host: null, object: null, rect: at, label: `${part.name}, ${says}` };
  });
  const etcd: PartCard = {
    kind: "part",
    part: "etcd",
    id: "etcd",
    host: null,
    object: null,
    rect: rect(BAND.etcd, BAND.cardTop, BAND.etcdWidth, BAND.cardHeight),
    label: `etcd, ${mirror.objects.size} objects at revision ${mirror.revision}`,
    name: "etcd",
    note: `${mirror.objects.size} objects`,
    waiting: false,
  };
  return [etcd, ...row];
}

/** How far back the journal is read for what a controller did last. */
const LOOK_BACK = 400;

function lastWord({ journal }: MirrorState): string {
  for (let i = journal.length - 1; i >= Math.max(0, journal.length - LOOK_BACK); i--) {
    const entry = journal[i];
    if (entry?.lane === "controllers") return `last at ${timeText(entry.at)}: ${entry.detail}, ${entry.title}`;
  }
  return "nothing to do";
}

function proxyCard(mirror: MirrorState, cast: Cast, service: Service | null): ProxyCard | null {
  if (mirror.proxies.length === 0) return null;
  const wanted = service === null ? 0 : revisionOf(service, slicesOf(cast, service));
  const shown = new Set(cast.nodes.map((node) => node.metadata.name));
  const down = new Set(mirror.broken.nodes);
  const rows = mirror.proxies
    .filter((p) => shown.has(p.node))
    .sort((a, b) => (a.node < b.node ? -1 : 1))
    .map((p) => {
      const up = !down.has(p.node);
      const lag = mirror.broken.lag[p.node];
      const note = !up ? "no power" : !p.running ? "stopped" : lag === undefined ? null : `+${timeText(lag)}`;
      return {
        node: p.node,
        at: timeText(p.syncedAt),
        revision: p.syncedRevision,
        synced: p.syncedRevision >= wanted,
        running: up && p.running,
        up,
        note,
      };
    });
  const says = rows.map(({ node, up, running, revision, at, note }) => {
    const proxy = running
      ? `kube-proxy synced revision ${revision} at ${at}`
      : `kube-proxy stopped after revision ${revision}`;
    const late = running && note !== null ? `, hears of changes ${note.slice(1)} late` : "";
    return up ? `${node}: kubelet runs, ${proxy}${late}` : `${node}: no power`;
  });
  return {
    kind: "proxy",
    id: "kube-proxy",
    host: null,
    object: null,
    rect: rect(BAND.proxy, BAND.proxyTop, BAND.proxyWidth, BAND.proxyHeight),
    label: `kubelet and kube-proxy on every node. ${says.join("; ")}`,
    rows,
  };
}

function stampCard(mirror: MirrorState, service: Service, small: boolean, at: Rect): StampCard {
  const ip = service.spec.clusterIP ?? "";
  const port = service.spec.ports?.[0]?.port;
  const address = ip === "None" || ip === "" ? ip : `${ip}${port === undefined ? "" : `:${port}`}`;
  return {
    kind: "stamp",
    id: `stamp/${serviceName(service)}`,
    host: null,
    object: keyOf(service),
    rect: at,
    label: `Service ${serviceName(service)}, ${address === "None" ? "headless" : address}, on no wire`,
    name: serviceName(service),
    address,
    morePorts: Math.max(0, (service.spec.ports?.length ?? 0) - 1),
    sigil: sigilOf(mirror, service),
    small,
  };
}

/** The folded band keeps the stamp, so that the ink still comes from somewhere. */
export function foldedCards(mirror: MirrorState, service: Service | null): readonly Card[] {
  if (service === null) return [];
  return [
    {
      ...stampCard(mirror, service, false, rect(THREAD_X - BAND.miniWidth / 2, 7, BAND.miniWidth, BAND.miniHeight)),
      folded: true,
    },
  ];
}

/** Dotted lines between neighbours of the band. */
export function intentLines(
  cards: readonly Card[],
): readonly { readonly x1: number; readonly x2: number; readonly y: number }[] {
  const row = cards
    .filter((c) => (c.kind !== "stamp" || !c.small) && c.kind !== "more" && (c.kind !== "part" || c.part === "etcd"))
    .sort((a, b) => a.rect.x - b.rect.x);
  return row.slice(1).map((card, i) => {
    const before = row[i]?.rect ?? card.rect;
    return { x1: before.x + before.w, x2: card.rect.x, y: BAND.cardTop + BAND.cardHeight / 2 };
  });
}
