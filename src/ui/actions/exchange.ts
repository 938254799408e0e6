/** What leaves the page as a file, and a node's dumped rules that come in. */
import { openDrift } from "../exchange/driftState.ts";
import { usePlayback } from "../playback.ts";
import { focusRegion, REGIONS } from "../shell/useKeys.ts";
import type { Action } from "./registry.ts";

const out = () => import("../exchange/out.ts");
const walked = (): boolean => usePlayback.getState().walk !== null;

export const EXCHANGE_ACTIONS: readonly Action[] = [
  {
    id: "exchange.drift",
    title: "Compare a node's real rules with these",
    group: "Cluster",
    hint: "drift iptables-save nft ipvsadm paste dump stale",
    run: () => {
      openDrift(null);
      focusRegion(REGIONS.dock);
    },
  },
  {
    id: "exchange.text",
    title: "Save the walk as text",
    group: "The walk",
    hint: "export trace file",
    enabled: walked,
    run: async () => (await out()).saveWalkText(),
  },
  {
    id: "exchange.mermaid",
    title: "Save the walk as a Mermaid diagram",
    group: "The walk",
    hint: "export sequence mmd",
    enabled: walked,
    run: async () => (await out()).saveMermaid(),
  },
  {
    id: "exchange.pcap",
    title: "Save the walk's packets as a capture",
    group: "The walk",
    hint: "export pcap tcpdump wireshark",
    enabled: walked,
    run: async () => (await out()).savePcap(null),
  },
  {
    id: "exchange.svg",
    title: "Save the map as SVG",
    group: "The map",
    hint: "export picture image",
    run: async () => (await out()).saveMap("svg"),
  },
  {
    id: "exchange.png",
    title: "Save the map as PNG",
    group: "The map",
    hint: "export picture image screenshot",
    run: async () => (await out()).saveMap("png"),
  },
  {
    id: "exchange.manifests",
    title: "Save the manifests",
    group: "The page",
    hint: "export yaml file download",
    run: async () => (await out()).saveManifests(),
  },
  {
    id: "exchange.live",
    title: "Save the live objects",
    group: "Cluster",
    hint: "export kubectl get yaml List",
    run: async () => (await out()).saveLiveObjects(),
  },
  {
    id: "exchange.rules",
    title: "Save a node's rules",
    group: "Cluster",
    hint: "export iptables-save nft ipvsadm",
    run: async ({ session }) => (await out()).saveRules(session),
  },
];
