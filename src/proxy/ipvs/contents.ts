import type { VirtualServer } from "../../kernel/ipvs/types.ts";
import { atAddress, type Block } from "./block.ts";
import type { SetName } from "./sets.ts";
import type { Settings } from "./settings.ts";

/** Where a Service port's share of what all have in common goes. */
export interface Sink {
  server(server: VirtualServer): void;
  /** An address for kube-ipvs0, unless another interface has it. */
  address(ip: string): void;
  member(set: SetName, entry: string): void;
}

function addNodePort(block: Block, server: VirtualServer, s: Settings, sink: Sink): void {
  const { port, protocol } = server;
  if (protocol === "sctp") {
    for (const ip of s.nodePortIPs) {
      sink.member("KUBE-NODE-PORT-SCTP-HASH", `${ip},sctp:${port}`);
      if (block.externalPolicyLocal) sink.member("KUBE-NODE-PORT-LOCAL-SCTP-HASH", `${ip},sctp:${port}`);
    }
    return;
  }
  const suffix = protocol === "tcp" ? "TCP" : "UDP";
  sink.member(`KUBE-NODE-PORT-${suffix}`, String(port));
  if (block.externalPolicyLocal) sink.member(`KUBE-NODE-PORT-LOCAL-${suffix}`, String(port));
}

/** Gives all of a block's virtual servers, addresses and set members, as they are on this node. */
export function pour(block: Block, s: Settings, sink: Sink): void {
  for (const server of block.servers) sink.server(server);
  for (const ip of block.addresses) if (!s.nodeIPs.has(ip)) sink.address(ip);
  for (const [set, entry] of block.members) sink.member(set, entry);
  for (const { nodeName, entry } of block.loopBack) if (nodeName === s.node.name) sink.member("KUBE-LOOP-BACK", entry);
  // Without any address for node ports the rest of the Service port is skipped, its health check port too.
  if (block.nodePort !== null && s.nodePortIPs.length === 0) return;
  if (block.nodePort !== null) {
    addNodePort(block, block.nodePort, s, sink);
    for (const ip of s.nodePortIPs) sink.server(atAddress(block.nodePort, ip));
  }
  if (block.healthCheckNodePort !== null) sink.member("KUBE-HEALTH-CHECK-NODE-PORT", String(block.healthCheckNodePort));
}
