import { cidrOf } from "../../base/ip.ts";
import { type Host, type Interface, LOOPBACK, type Route } from "../../kernel/host.ts";
import { nodeNetwork } from "../../model/kubehop/network.ts";
import { bridgeAddress, nodeAddresses, podAddresses, podCidrs } from "../addresses.ts";
import { KUBELET_LISTENERS, PROXY_LISTENERS, listenersOf, socketListeners } from "../listeners.ts";
import { policyFilter } from "../policy-filter.ts";
import type { Layout } from "./layout.ts";
import { routeToPod, vxlanDevices } from "./overlay.ts";
import { hostRoute, iface, sysctls, wholeAddress } from "./parts.ts";
import { isAttached, podHost } from "./pod.ts";

/** A node: eth0 in the nodes' network, its pods on a bridge or each on a routed veth, and kube-proxy's rules. */
export function nodeHost(layout: Layout, name: string): Host | undefined {
  const { view } = layout;
  const node = view.node(name);
  if (node === undefined) return undefined;
  const network = nodeNetwork(view.network, node.metadata.annotations);
  const bridged = network.attachment === "bridge";
  const rules = view.rulesOf(name);
  const { virtual } = rules;
  const workloads = policyFilter(view);
  const proxyProcess = view.proxySockets?.(name) ?? PROXY_LISTENERS;
  const cidrs = podCidrs(node);
  const own = view.podsOnNode(name).filter((p) => p.spec.hostNetwork !== true && isAttached(p));
  const veths = own.map((pod, i): Interface => ({
    ...iface(`veth${i}`, "veth", []),
    master: bridged ? "cni0" : null,
    hairpin: bridged && network.hairpin,
    peer: podHost(pod),
    neighbours: podAddresses(pod),
  }));
  const bridge = iface(
    "cni0",
    "bridge",
    cidrs.map((cidr) => ({ ip: bridgeAddress(cidr), prefix: cidrOf(cidr)?.prefix ?? 24 })),
  );
  const local: Route[] = bridged
    ? cidrs.map((cidr) => ({ to: cidr, via: null, dev: "cni0" }))
    : veths.flatMap((veth) => veth.neighbours.map((ip) => hostRoute(ip, null, veth.name)));
  const single = layout.strayPods().flatMap(({ ip, node: home }): readonly Route[] => {
    if (home.metadata.name === name) return bridged ? [hostRoute(ip, null, "cni0")] : [];
    return routeToPod(home, ip, network);
  });
  return {
    id: `node/${name}`,
    interfaces: [
      LOOPBACK,
      iface("eth0", "eth", nodeAddresses(node).map(layout.underlayAddress)),
      ...vxlanDevices(node, network),
      ...(bridged ? [bridge] : []),
      ...veths,
      ...(virtual === undefined ? [] : [iface("kube-ipvs0", "dummy", virtual.addresses.map(wholeAddress))]),
    ],
    routes: [
      ...local,
      ...single,
      ...layout.podRoutes(name),
      ...(network.defaultRoute === false ? layout.underlayRoutes.filter((r) => r.via === null) : layout.underlayRoutes),
    ],
    sysctls: sysctls({
      bridgeNfCallIptables: network.bridgeNetfilter,
      rpFilter: network.rpFilter,
      ...(network.conntrackMax === undefined ? {} : { conntrackMax: network.conntrackMax }),
      ...view.sysctlsOf?.(name),
      ...(network.routeLocalnet === undefined ? {} : { routeLocalnet: network.routeLocalnet }),
      ...(network.ipForward === undefined ? {} : { ipForward: network.ipForward }),
    }),
    rules,
    ...(workloads === null ? {} : { workloads }),
    listeners: [
      ...proxyProcess,
      // Where kube-proxy has no socket of its own it does not run, and its rules lead to closed ports.
      ...(proxyProcess.length === 0 ? [] : socketListeners(rules.sockets ?? [])),
      ...KUBELET_LISTENERS,
      // A Node may stand where the control plane is expected: then it is that machine.
      ...layout.machines.filter((m) => layout.nodeByIP.get(m.ip)?.metadata.name === name).flatMap((m) => m.listeners),
      ...view
        .podsOnNode(name)
        .filter((p) => p.spec.hostNetwork === true)
        .flatMap((p) => listenersOf(p, view.processOf?.(p))),
    ],
  };
}
