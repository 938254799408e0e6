import { compareStrings } from "../../base/compare.ts";
import { BUILTIN_CHAINS, type Chain, type Rule, type Ruleset } from "../../kernel/iptables/types.ts";
import type { VirtualServer } from "../../kernel/ipvs/types.ts";
import type { VirtualService } from "../../kernel/netfilter.ts";
import { serverId } from "../../kernel/ipvs/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { blockCache, type BlockCache } from "../block-cache.ts";
import type { ProxyNode } from "../node.ts";
import type { ProxyView } from "../view.ts";
import { atAddress, compileBlock, type Block } from "./block.ts";
import { builtinRules, kubeChains } from "./rules.ts";
import { SetMembers } from "./sets.ts";
import { settingsFor, type Settings } from "./settings.ts";

/** All that kube-proxy in ipvs mode sets up on a node for one IP family. */
export interface CompiledIpvs {
  /** By address and port, as text. */
  readonly servers: readonly VirtualServer[];
  /** Addresses of the dummy interface kube-ipvs0, sorted. */
  readonly addresses: readonly string[];
  /** The rules, with the ip sets that they ask for. */
  readonly ruleset: Ruleset;
  readonly sysctls: Readonly<Record<string, number>>;
}

/** Upstream: NewProxier in pkg/proxy/ipvs/proxier.go. Both families set the same ones. */
const SYSCTLS: CompiledIpvs["sysctls"] = {
  "net/ipv4/ip_forward": 1,
  "net/ipv4/vs/conntrack": 1,
  "net/ipv4/vs/expire_nodest_conn": 1,
  "net/ipv4/vs/expire_quiescent_template": 1,
};

const BLOCKS: BlockCache<Settings, Block> = blockCache((entry, settings: Settings) => compileBlock(entry, settings));

/**
 * The virtual servers, addresses, ip sets and iptables rules that kube-proxy 1.36 in ipvs mode sets up on a node. Blocks of
 * unchanged Services come from a cache, so what costs is assembling them.
 */
export function compileIpvs(view: ProxyView, node: ProxyNode, config: ProxyConfig): CompiledIpvs {
  const settings = settingsFor(view, node, config);
  return assemble(settings, BLOCKS.all(view, settings));
}

function addNodePort(block: Block, server: VirtualServer, s: Settings, members: SetMembers): void {
  const { port, protocol } = server;
  if (protocol === "sctp") {
    for (const ip of s.nodePortIPs) {
      members.add("KUBE-NODE-PORT-SCTP-HASH", `${ip},sctp:${port}`);
      if (block.externalPolicyLocal) members.add("KUBE-NODE-PORT-LOCAL-SCTP-HASH", `${ip},sctp:${port}`);
    }
    return;
  }
  const suffix = protocol === "tcp" ? "TCP" : "UDP";
  members.add(`KUBE-NODE-PORT-${suffix}`, String(port));
  if (block.externalPolicyLocal) members.add(`KUBE-NODE-PORT-LOCAL-${suffix}`, String(port));
}

function assemble(s: Settings, blocks: readonly Block[]): CompiledIpvs {
  const members = new SetMembers();
  const servers = new Map<string, VirtualServer>();
  const addresses = new Set<string>();
  const outFilter: Rule[] = [];
  for (const block of blocks) {
    for (const server of block.servers) servers.set(server.id, server);
    for (const ip of block.addresses) if (!s.nodeIPs.has(ip)) addresses.add(ip);
    for (const [set, entry] of block.members) members.add(set, entry);
    for (const { nodeName, entry } of block.loopBack)
      if (nodeName === s.node.name) members.add("KUBE-LOOP-BACK", entry);
    outFilter.push(...block.outFilter);
    // Without any address for node ports the rest of the Service port is skipped, its health check port too.
    if (block.nodePort !== null && s.nodePortIPs.length === 0) continue;
    if (block.nodePort !== null) {
      addNodePort(block, block.nodePort, s, members);
      for (const ip of s.nodePortIPs) {
        const server = atAddress(block.nodePort, ip);
        servers.set(server.id, server);
      }
    }
    if (block.healthCheckNodePort !== null)
      members.add("KUBE-HEALTH-CHECK-NODE-PORT", String(block.healthCheckNodePort));
  }
  for (const ip of addresses) members.add("KUBE-IPVS-IPS", ip);
  const chains = kubeChains(s, members, outFilter);
  const table = (name: "nat" | "filter"): ReadonlyMap<string, Chain> =>
    new Map([
      ...BUILTIN_CHAINS[name].map((chain): [string, Chain] => [
        chain,
        { policy: "ACCEPT", rules: builtinRules(name, chain) },
      ]),
      ...chains[name],
    ]);
  return {
    servers: [...servers.values()].sort((a, b) => compareStrings(a.id, b.id)),
    addresses: [...addresses].sort(compareStrings),
    ruleset: {
      family: s.family,
      tables: { nat: { chains: table("nat") }, filter: { chains: table("filter") }, mangle: { chains: new Map() } },
      sets: members.build(s.family),
    },
    sysctls: SYSCTLS,
  };
}

/** The virtual servers as a host's packet path asks for them. */
export function virtualService(compiled: Pick<CompiledIpvs, "servers" | "addresses">): VirtualService {
  const byId = new Map(compiled.servers.map((server) => [server.id, server]));
  return {
    addresses: compiled.addresses,
    servers: compiled.servers,
    find: ({ protocol, dst, dport }) => byId.get(serverId(protocol, dst, dport)) ?? null,
  };
}
