import { parseCidr } from "../../base/ip.ts";
import type { Statement } from "../../kernel/nftables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { localDetector, nodePortAddresses, nodePortIPs, primaryIP, type ProxyNode } from "../node.ts";
import type { ProxyView } from "../view.ts";

/** All that shapes the table besides the view: kube-proxy's configuration read for one node and one family. */
export interface Settings {
  readonly family: 4 | 6;
  /** `ip` or `ip6`. */
  readonly ip: "ip" | "ip6";
  readonly node: ProxyNode;
  readonly nodeIP: string | null;
  readonly mark: number;
  readonly masqueradeAll: boolean;
  /** `ip saddr CIDR` or `iifname IFACE`: from a local pod. Null without a detector. */
  readonly ifLocal: Statement | null;
  readonly ifNotLocal: Statement | null;
  readonly serviceCIDRs: readonly string[];
  /** Addresses that answer node ports; null: every local one but localhost. */
  readonly nodePortIPs: readonly string[] | null;
  /** Equal keys give equal blocks for entries that do not depend on the node. */
  readonly key: string;
  /** The same for entries that do. */
  readonly nodeKey: string;
}

/** Unlike the other modes this one answers node ports on the node's primary address only, unless told otherwise. */
const DEFAULT_NODE_PORT_ADDRESSES: readonly string[] = ["primary"];

const isLoopback = (ip: string): boolean => ip === "::1" || ip.startsWith("127.");

/** Reads the configuration as kube-proxy does at its start. */
export function settingsFor(view: ProxyView, node: ProxyNode, config: ProxyConfig): Settings {
  const family = view.family;
  const ip = family === 4 ? "ip" : "ip6";
  const detector = localDetector(config, node, family);
  const local: (Statement & { kind: "match" }) | null =
    detector === null
      ? null
      : {
          kind: "match",
          fields: [detector.kind === "cidr" ? `${ip} saddr` : "iifname"],
          invert: false,
          right: {
            kind: "values",
            values: [detector.kind === "cidr" ? detector.cidr : detector.iface.replace(/\+$/, "*")],
            braces: false,
            separator: " , ",
          },
        };
  const configured = config.nodePortAddresses ?? DEFAULT_NODE_PORT_ADDRESSES;
  const addresses = nodePortAddresses(configured.length === 0 ? DEFAULT_NODE_PORT_ADDRESSES : configured, node, family);
  const nodeIP = primaryIP(node, family);
  const key = [
    family,
    detector === null ? "" : detector.kind === "cidr" ? detector.cidr : `iifname ${detector.iface}`,
    config.masqueradeBit,
  ].join(" ");
  return {
    family,
    ip,
    node,
    nodeIP,
    mark: (1 << config.masqueradeBit) >>> 0,
    masqueradeAll: config.masqueradeAll,
    ifLocal: local,
    ifNotLocal: local === null ? null : { ...local, invert: true },
    serviceCIDRs: (config.serviceCIDRs ?? []).filter((cidr) => parseCidr(cidr)?.family === family),
    nodePortIPs: addresses.all ? null : nodePortIPs(addresses, node, family).filter((address) => !isLoopback(address)),
    key,
    nodeKey: `${key} ${node.name} ${node.zone ?? ""} ${nodeIP ?? ""}`,
  };
}
