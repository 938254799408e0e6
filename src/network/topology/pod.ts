import { cidrContains, cidrOf } from "../../base/ip.ts";
import { type Host, type InterfaceAddress, LOOPBACK, type Route } from "../../kernel/host.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { HostId } from "../../model/trace/types.ts";
import { bridgeAddress, familyOf, podAddresses, podCidrs } from "../addresses.ts";
import { listenersOf } from "../listeners.ts";
import type { Layout } from "./layout.ts";
import { podMtu } from "./overlay.ts";
import { defaultRoute, iface, sysctls, wholePrefix } from "./parts.ts";

/** What a routed veth's pod has for a gateway: an address that the node answers ARP for (proxy_arp), as Calico does it. */
const PTP_GATEWAY = { 4: "169.254.1.1", 6: "fe80::1" } as const;

/** The network namespace that the pod's processes live in: its own, or with hostNetwork its node's. */
export function podHost(pod: Pod): HostId {
  if (pod.spec.hostNetwork === true) return `node/${pod.spec.nodeName ?? ""}`;
  return `pod/${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
}

/** A pod has a network namespace from its first address until its last container has ended. */
export function isAttached(pod: Pod): boolean {
  return pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed" && podAddresses(pod).length > 0;
}

/** The pod's own namespace: one end of a veth pair, a default route through its node, and no rules. */
export function podNamespace({ view }: Layout, namespace: string, name: string): Host | undefined {
  const pod = view.pod(namespace, name);
  if (pod === undefined || pod.spec.hostNetwork === true || !isAttached(pod)) return undefined;
  const node = view.node(pod.spec.nodeName ?? "");
  if (node === undefined) return undefined;
  const bridged = view.network.attachment === "bridge";
  const addresses = podAddresses(pod).map((ip): InterfaceAddress => {
    const cidr = podCidrs(node).find((c) => cidrContains(c, ip));
    const whole = wholePrefix(ip);
    return { ip, prefix: bridged && cidr !== undefined ? (cidrOf(cidr)?.prefix ?? whole) : whole };
  });
  const routes = addresses.flatMap(({ ip, prefix }): Route[] => {
    const family = familyOf(ip);
    const cidr = podCidrs(node).find((c) => (c.includes(":") ? 6 : 4) === family);
    if (!bridged) return [defaultRoute(PTP_GATEWAY[family], "eth0")];
    if (cidr === undefined) return [];
    const link = prefix === wholePrefix(ip) ? [] : [{ to: cidr, via: null, dev: "eth0" }];
    return [...link, defaultRoute(bridgeAddress(cidr), "eth0")];
  });
  return {
    id: podHost(pod),
    interfaces: [
      LOOPBACK,
      {
        ...iface("eth0", "veth", addresses),
        peer: `node/${node.metadata.name}`,
        mtu: podMtu(view.network, addresses.some((a) => familyOf(a.ip) === 6) ? 6 : 4),
      },
    ],
    routes,
    sysctls: sysctls({}),
    rules: null,
    listeners: listenersOf(pod, view.processOf?.(pod)),
  };
}
