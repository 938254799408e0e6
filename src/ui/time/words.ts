import type { JournalEntry } from "../../wire/protocol.ts";

/** Whose doing an event is, as its lane is called. */
export const LANE_NAMES: Readonly<Record<JournalEntry["lane"], string>> = {
  api: "API server",
  controllers: "controllers",
  kubelet: "kubelet",
  "kube-proxy": "kube-proxy",
  packets: "packets",
  user: "you",
};

export const whoOf = ({ lane, node, detail }: JournalEntry): string =>
  lane === "controllers" && detail !== "" ? detail : `${LANE_NAMES[lane]}${node === "" ? "" : ` ${node}`}`;
