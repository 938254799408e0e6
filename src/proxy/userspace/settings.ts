import { isIPv6 } from "../../base/ip.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import { primaryIP, type ProxyNode } from "../node.ts";
import type { ProxyView } from "../view.ts";

/** What shapes the rules besides the view. Of KubeProxyConfiguration userspace mode reads hardly anything. */
export interface Settings {
  readonly family: 4 | 6;
  readonly node: ProxyNode;
  /** Address of the interface with the default route: where the node's own connections are sent. */
  readonly hostIP: string;
  /** `0.0.0.0` or `::`: proxy ports are open on every address, pods' bridge included. */
  readonly listenIP: string;
  /** `portRange`; null: the kernel gives any free ephemeral port. */
  readonly portRange: { readonly from: number; readonly to: number } | null;
  readonly localIPs: ReadonlySet<string>;
}

/**
 * The settings, or null where userspace mode does nothing: it is single-stack, and serves only the family of the node's primary
 * address. `nodePortAddresses`, `masqueradeAll` and the local detectors are handed to it or not, but never looked at.
 */
export function settingsFor(view: ProxyView, node: ProxyNode, config: ProxyConfig): Settings | null {
  const { family } = view;
  const hostIP = primaryIP(node, family);
  const primary = node.ips[0];
  if (hostIP === null || primary === undefined || isIPv6(primary) !== (family === 6)) return null;
  const portRange = config.proxyPorts ?? null;
  return {
    family,
    node,
    hostIP,
    listenIP: family === 4 ? "0.0.0.0" : "::",
    portRange,
    localIPs: new Set([...node.ips, family === 4 ? "127.0.0.1" : "::1"]),
  };
}
