import type { MirrorState } from "../mirror/types.ts";
import { keyOf } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Card, StampCard } from "./cards.ts";
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
  if (mirror.proxies.length > 0) {
    const wanted = service === null ? 0 : revisionOf(service, slicesOf(cast, service));
    const shown = new Set(cast.nodes.map((node) => node.metadata.name));
    const rows = mirror.proxies
      .filter((p) => shown.has(p.node))
      .sort((a, b) => (a.node < b.node ? -1 : 1))
      .map((p) => ({
        node: p.node,
        at: timeText(p.syncedAt),
        revision: p.syncedRevision,
        synced: p.syncedRevision >= wanted,
      }));
    cards.push({
      kind: "proxy",
      id: "kube-proxy",
      host: null,
      object: null,
      rect: rect(BAND.proxy, BAND.proxyTop, BAND.proxyWidth, BAND.proxyHeight),
      label: `kube-proxy on ${rows.map((r) => `${r.node} synced revision ${r.revision} at ${r.at}`).join(", on ")}`,
      rows,
    });
  }
  return cards;
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
    .filter((c) => !(c.kind === "stamp" && c.small) && c.kind !== "more")
    .sort((a, b) => a.rect.x - b.rect.x);
  return row.slice(1).map((card, i) => {
    const before = row[i]?.rect ?? card.rect;
    return { x1: before.x + before.w, x2: card.rect.x, y: BAND.cardTop + BAND.cardHeight / 2 };
  });
}
