import type { Match } from "../../kernel/iptables/types.ts";
import { PERSISTENT, SCHED_PORT } from "../../kernel/ipvs/types.ts";
import { isIPv6 } from "../../base/ip.ts";
import type { IpvsScheduler, ProxyConfig } from "../../model/config/types.ts";
import { localDetector, nodePortAddresses, nodePortIPs, primaryIP, type ProxyNode } from "../node.ts";
import type { ProxyView } from "../view.ts";

/** All that shapes virtual servers, sets and rules besides the view: the configuration read for one node and one family. */
export interface Settings {
  readonly family: 4 | 6;
  readonly node: ProxyNode;
  readonly nodeIP: string | null;
  /** Every address of the node: such an address is never bound to kube-ipvs0. */
  readonly nodeIPs: ReadonlySet<string>;
  /** Addresses that have a virtual server per node port. */
  readonly nodePortIPs: readonly string[];
  readonly scheduler: IpvsScheduler;
  readonly mark: number;
  readonly masqueradeAll: boolean;
  /** `! -s CIDR` or `! -i IFACE`: not from a local pod. Null without a detector. */
  readonly ifNotLocal: Match | null;
  readonly randomFully: boolean;
  /** Equal keys give equal blocks for entries that do not depend on the node. */
  readonly key: string;
  /** The same for entries that do. */
  readonly nodeKey: string;
}

const isLoopback = (ip: string): boolean => ip === "::1" || ip.startsWith("127.");

/** Reads the configuration as kube-proxy does at its start. */
export function settingsFor(view: ProxyView, node: ProxyNode, config: ProxyConfig): Settings {
  const family = view.family;
  const detector = localDetector(config, node, family);
  const ifNotLocal: Match | null =
    detector === null
      ? null
      : detector.kind === "cidr"
        ? { kind: "src", cidr: detector.cidr, invert: true }
        : { kind: "in", iface: detector.iface, invert: true };
  const addresses = nodePortAddresses(config.nodePortAddresses, node, family);
  const own = node.ips.filter((ip) => isIPv6(ip) === (family === 6));
  const nodeIP = primaryIP(node, family);
  const scheduler = config.ipvsScheduler ?? "rr";
  const key = `${family} ${scheduler}`;
  return {
    family,
    node,
    nodeIP,
    nodeIPs: new Set(own),
    nodePortIPs: addresses.all ? own : nodePortIPs(addresses, node, family).filter((ip) => !isLoopback(ip)),
    scheduler,
    mark: (1 << config.masqueradeBit) >>> 0,
    masqueradeAll: config.masqueradeAll,
    ifNotLocal,
    randomFully: config.randomFully,
    key,
    nodeKey: `${key} ${node.name} ${node.zone ?? ""} ${nodeIP ?? ""}`,
  };
}

/** Flags and timeout of a virtual server. */
export function serverFlags(
  scheduler: IpvsScheduler,
  affinitySeconds: number | null,
): { flags: number; timeout: number } {
  return {
    flags: (affinitySeconds === null ? 0 : PERSISTENT) | (scheduler === "mh" ? SCHED_PORT : 0),
    timeout: affinitySeconds ?? 0,
  };
}
