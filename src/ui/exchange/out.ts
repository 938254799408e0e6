/** Everything that leaves the page as a file. Loaded when the first one is asked for. */
import { stringify } from "yaml";
import { mirror } from "../../mirror/store.ts";
import type { HostId, Walk } from "../../model/trace/types.ts";
import { walkText } from "../inspector/walkText.ts";
import { usePlayback } from "../playback.ts";
import { toast } from "../shell/toasts.ts";
import { usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { copyText, download, downloadText } from "./download.ts";
import { mermaidOf } from "./mermaid.ts";
import { capture, pcapFile } from "./pcap.ts";
import { mapElement, mapPicture } from "./picture.ts";

/** `walk-7`; an outcome that was only looked at has no number. */
export function nameOfWalk({ id }: Walk): string {
  return id === 0 ? "walk" : `walk-${id}`;
}

/** Does it with the walk on show, or says that there is none. */
function withWalk(what: (walk: Walk) => void): void {
  const { walk } = usePlayback.getState();
  if (walk === null) toast("Nothing to save yet: send a request first.");
  else what(walk);
}

export const saveWalkText = (): void => withWalk((walk) => downloadText(`${nameOfWalk(walk)}.txt`, walkText(walk)));

export const saveMermaid = (): void =>
  withWalk((walk) => downloadText(`${nameOfWalk(walk)}.mmd`, mermaidOf(walk), "text/vnd.mermaid"));

export const copyMermaid = (): void => withWalk((walk) => void copyText("the Mermaid diagram", mermaidOf(walk)));

/** A host's packets, or those of every wire. */
export function savePcap(host: HostId | null): void {
  withWalk((walk) => {
    const packets = capture(walk, host);
    const at = host === null ? "" : `-${host.slice(host.lastIndexOf("/") + 1)}`;
    if (packets.length === 0) toast("No packet of this walk is on a wire: it stays on one host.");
    else
      download(
        `${nameOfWalk(walk)}${at}.pcap`,
        new Blob([pcapFile(packets)], { type: "application/vnd.tcpdump.pcap" }),
      );
  });
}

export async function saveMap(kind: "svg" | "png"): Promise<void> {
  const map = mapElement();
  if (map === null) {
    toast("The map is not on show: go to it first.");
    return;
  }
  try {
    const picture = await mapPicture(map, kind);
    const { walk } = usePlayback.getState();
    download(`${walk === null ? usePage.getState().scenario.slug : nameOfWalk(walk)}-map.${kind}`, picture);
  } catch {
    toast("The browser could not make a picture of the map. A smaller window may help.");
  }
}

/** The text as it stands in the editor. */
export function saveManifests(): void {
  const { draft, scenario } = usePage.getState();
  downloadText(`${scenario.slug}.yaml`, draft, "application/yaml");
}

/** All live objects as one List, as `kubectl get -o yaml` prints them. */
export function saveLiveObjects(): void {
  const items = [...mirror.getState().objects].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
  const list = { apiVersion: "v1", kind: "List", metadata: { resourceVersion: "" }, items };
  const text = stringify(list, { aliasDuplicateObjects: false, lineWidth: 0 });
  downloadText(`${usePage.getState().scenario.slug}-live.yaml`, text, "application/yaml");
}

const EXTENSION = { iptables: "iptables-save", userspace: "iptables-save", nftables: "nft", ipvs: "ipvsadm" } as const;

/** The rules of the node that the Rules panel shows, as its own tool prints them. */
export async function saveRules(session: Session): Promise<void> {
  const { proxies } = mirror.getState();
  const { rulesNode } = useUi.getState();
  const proxy = proxies.find(({ node }) => node === rulesNode) ?? proxies[0];
  if (proxy === undefined) {
    toast("There is no node yet, and no rules.");
    return;
  }
  const { text } = await session.client.query("rulesText", { node: proxy.node });
  downloadText(`${proxy.node}.${EXTENSION[proxy.mode]}.txt`, text);
}
