import { center, type Point } from "./geometry.ts";
import type { Layout } from "./layout.ts";
import { BAND, NODE } from "./metrics.ts";

/**
 * Where something of the control plane stands on the map, so that a token can be placed on it, in flow coordinates: `api`, `etcd`,
 * `scheduler`, `controllers`, `ccm`, `coredns`, `slice`, `stamp`, `kubelet/NODE` and `kube-proxy/NODE` (their rows in the band),
 * `rules/NODE` (the imprint on its slab), `cni/NODE` (its bridge), or a card's own id (`node/worker-1`, `pod/shop/web-1`,
 * `client/internet`, `lb`, `stamp/shop/web`). Where the band is folded, the middle of the folded band above the same place. Null: not
 * on the map.
 */
export function anchorOf(layout: Layout, id: string): Point | null {
  const card = layout.cards.find((c) => c.id === id || (id === "stamp" && c.kind === "stamp" && !c.small));
  if (card !== undefined) return center(card.rect);
  const [part = "", ...rest] = id.split("/");
  const name = rest.join("/");
  if (layout.band.folded && id in FOLDED) return { x: FOLDED[id] ?? 0, y: layout.band.height / 2 };
  if (part === "kubelet" || part === "kube-proxy") {
    if (layout.band.folded) return { x: FOLDED["kube-proxy"] ?? 0, y: layout.band.height / 2 };
    const list = layout.cards.find((c) => c.kind === "proxy");
    if (list?.kind !== "proxy") return null;
    const index = list.rows.findIndex((row) => row.node === name);
    if (index < 0) return null;
    const y =
      list.rect.y +
      proxyRowTop(list.rows.length) +
      (Math.min(index, PROXY_ROWS - 1) + 0.5) * proxyRowHeight(list.rows.length);
    return { x: list.rect.x + (part === "kubelet" ? 14 : 27), y };
  }
  const node = layout.cards.find((c) => c.kind === "node" && c.name === name);
  if (node === undefined) return null;
  const { x, y } = node.rect;
  if (part === "rules") return { x: x + NODE.slab + 94, y: y + 10 };
  if (part === "cni") return { x: x + NODE.cni + NODE.barWidth / 2, y: y + NODE.height / 2 };
  return null;
}

/** Nodes that the list of the band has room for. */
export const PROXY_ROWS = 6;
/** Where the list's first row begins below its card's top, and how high a row is. */
export const proxyRowTop = (rows: number): number => (rows > 4 ? 22 : 26);
export const proxyRowHeight = (rows: number): number => (rows > 4 ? 13.5 : 18);

/** Where each stands while the band is unfolded: a token of a folded band stays above its place. */
const FOLDED: Readonly<Record<string, number>> = {
  api: BAND.api + BAND.apiWidth / 2,
  etcd: BAND.etcd + BAND.etcdWidth / 2,
  slice: BAND.slice + BAND.sliceWidth / 2,
  scheduler: BAND.parts + BAND.partWidths.scheduler / 2,
  controllers: BAND.parts + BAND.partWidths.scheduler + BAND.partGap + BAND.partWidths.controllers / 2,
  ccm: 240,
  coredns: 330,
  "kube-proxy": BAND.proxy + BAND.proxyWidth / 2,
};
