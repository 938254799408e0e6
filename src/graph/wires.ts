import type { NodeCard, PodCard } from "./cards.ts";
import { rect, type Rect } from "./geometry.ts";
import type { Layout } from "./layout.ts";
import { gapBeside } from "./grid.ts";
import { COLUMN, NODE, POD, THREAD_X } from "./metrics.ts";

/** The network between the nodes. */
export function busOf(nodes: readonly NodeCard[]): Layout["bus"] {
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

/** The ink thread, from the stamp down through every node. */
export function threadOf(stamp: Rect, nodes: readonly NodeCard[]): Layout["thread"] {
  let from = stamp.y + stamp.h + 3;
  return nodes.map((node) => {
    const cut = node.trouble?.kind === "down" || node.trouble?.kind === "stopped";
    const piece = { node: node.name, x: THREAD_X, y1: from, y2: node.rect.y, cut };
    from = node.rect.y + NODE.height - NODE.inset;
    return piece;
  });
}

/** eth0 to the bus, and the veth of every pod. */
export function wiresOf(nodes: readonly NodeCard[], pods: readonly PodCard[]): Layout["wires"] {
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
      const gap = gapBeside(p);
      const points =
        p.column === 0
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
