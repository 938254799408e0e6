import type { Match } from "../../kernel/iptables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { localDetector, nodePortAddresses, primaryIP, type NodePortAddresses, type ProxyNode } from "../node.ts";
import type { ProxyView } from "../view.ts";

/** kube-proxy stops commenting endpoint rules, and cleans up less often, above this many endpoints. */
export const LARGE_CLUSTER_ENDPOINTS = 1000;

/** All that shapes rules besides the view: kube-proxy's configuration read for one node and one family. */
export interface Settings {
  readonly family: 4 | 6;
  readonly node: ProxyNode;
  readonly nodeIP: string | null;
  readonly mark: number;
  readonly masqueradeAll: boolean;
  /** `-s CIDR` or `-i IFACE`: from a local pod. Null without a detector. */
  readonly ifLocal: Match | null;
  readonly ifNotLocal: Match | null;
  readonly nodePorts: NodePortAddresses;
  /** Node ports answer on 127.0.0.0/8: IPv4 only, and only if nodePortAddresses include it. */
  readonly localhostNodePorts: boolean;
  readonly nfacct: boolean;
  readonly dropInvalid: boolean;
  readonly randomFully: boolean;
  /** Over 1,000 endpoints: no comments on SVC→SEP and SEP rules. */
  readonly large: boolean;
  /** Equal keys give equal blocks for entries that do not depend on the node. */
  readonly key: string;
  /** The same for entries that do. */
  readonly nodeKey: string;
}

/** Reads the configuration as kube-proxy does at its start. */
export function settingsFor(view: ProxyView, node: ProxyNode, config: ProxyConfig): Settings {
  const family = view.family;
  const detector = localDetector(config, node, family);
  const local: Match | null =
    detector === null
      ? null
      : detector.kind === "cidr"
        ? { kind: "src", cidr: detector.cidr }
        : { kind: "in", iface: detector.iface };
  const nodePorts = nodePortAddresses(config.nodePortAddresses, node, family);
  const localhostNodePorts = config.localhostNodePorts && nodePorts.loopback4;
  const nodeIP = primaryIP(node, family);
  const large = view.totalEndpoints > LARGE_CLUSTER_ENDPOINTS;
  const key = [
    family,
    config.masqueradeAll,
    detector === null ? "" : detector.kind === "cidr" ? detector.cidr : `-i ${detector.iface}`,
    localhostNodePorts,
    config.nfacct,
    large,
  ].join(" ");
  return {
    family,
    node,
    nodeIP,
    mark: (1 << config.masqueradeBit) >>> 0,
    masqueradeAll: config.masqueradeAll,
    ifLocal: local,
    ifNotLocal: local === null ? null : { ...local, invert: true },
    nodePorts,
    localhostNodePorts,
    nfacct: config.nfacct,
    dropInvalid: !config.conntrackTCPBeLiberal,
    randomFully: config.randomFully,
    large,
    key,
    nodeKey: `${key} ${node.name} ${node.zone ?? ""} ${nodeIP ?? ""}`,
  };
}
