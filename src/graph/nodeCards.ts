import type { MirrorState } from "../mirror/types.ts";
import { objectKey } from "../model/meta/types.ts";
import { nodeInternalIP } from "../model/node/types.ts";
import type { Service } from "../model/service/types.ts";
import type { ProxyStatus } from "../wire/protocol.ts";
import { serviceName, sigilOf } from "./band.ts";
import type { NodeCard, NodeTrouble } from "./cards.ts";
import { rect } from "./geometry.ts";
import { placeOf, type PodGrid } from "./grid.ts";
import { COLUMN, NODE, POD } from "./metrics.ts";
import { timeText } from "./names.ts";
import { nodeHost, revisionOf, slicesOf, type Cast } from "./read.ts";
import type { Slots } from "./slots.ts";

/** The nodes, one below the other, each in its row. */
export function nodeCards(
  mirror: MirrorState,
  cast: Cast,
  service: Service | null,
  top: number,
  slots: Slots,
  rows: Slots,
  grid: PodGrid,
): readonly NodeCard[] {
  // All cards are as wide as the fullest one needs: widths may grow to the right, positions never change.
  let columns = 1;
  for (const slot of slots.values()) columns = Math.max(columns, placeOf(slot, grid).column + 1);
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
      rect: rect(COLUMN.node, top + (rows.get(name) ?? i) * grid.pitch, width, grid.height),
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
