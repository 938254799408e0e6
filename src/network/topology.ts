import { cidrContains, cidrOf } from "../base/ip.ts";
import {
  type Host,
  type Interface,
  type InterfaceAddress,
  LOOPBACK,
  type Route,
  type Sysctls,
  interfaceOf,
} from "../kernel/host.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { HostId } from "../model/trace/types.ts";
import {
  bridgeAddress,
  familyOf,
  nodeAddress,
  nodeAddresses,
  outsideGateway,
  podAddresses,
  podCidrs,
  underlayNetwork,
} from "./addresses.ts";
import { KUBELET_LISTENERS, PROXY_LISTENERS, listenersOf, socketListeners } from "./listeners.ts";
import type { ClusterView } from "./types.ts";

export const ROUTER: HostId = "router/underlay";
/** What a routed veth's pod has for a gateway: an address that the node answers ARP for (proxy_arp), as Calico does it. */
const PTP_GATEWAY = { 4: "169.254.1.1", 6: "fe80::1" } as const;

export interface LinkEnd {
  readonly host: HostId;
  readonly iface: string;
}

/** Hosts and links of one moment. Built lazily: a host exists once a packet asks for it. */
export interface Topology {
  /** Undefined when there is no such node, pod, client or balancer. */
  host(id: HostId): Host | undefined;
  /** Who answers for `nextHop` on the link behind this interface, or null when nobody does. */
  neighbour(host: Host, iface: string, port: string | null, nextHop: string): LinkEnd | null;
}

export function podHost(pod: Pod): HostId {
  if (pod.spec.hostNetwork === true) return `node/${pod.spec.nodeName ?? ""}`;
  return `pod/${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
}

/** A pod has a network namespace from its first address until its last container has ended. */
function isAttached(pod: Pod): boolean {
  return pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed" && podAddresses(pod).length > 0;
}

function sysctls(overrides: Partial<Sysctls>): Sysctls {
  return { ipForward: true, bridgeNfCallIptables: true, routeLocalnet: true, ...overrides };
}

function iface(name: string, kind: Interface["kind"], addresses: readonly InterfaceAddress[]): Interface {
  return { name, kind, addresses, master: null, hairpin: false, peer: null, neighbours: [] };
}

function hostRoute(ip: string, via: string | null, dev: string): Route {
  return { to: `${ip}/${familyOf(ip) === 4 ? 32 : 128}`, via, dev };
}

function wholeAddress(ip: string): InterfaceAddress {
  return { ip, prefix: familyOf(ip) === 4 ? 32 : 128 };
}

function defaultRoute(via: string, dev: string): Route {
  return { to: familyOf(via) === 4 ? "0.0.0.0/0" : "::/0", via, dev };
}

function splitPodHost(id: HostId): { readonly namespace: string; readonly name: string } | null {
  const parts = id.split("/");
  return parts[0] === "pod" && parts[1] !== undefined && parts[2] !== undefined
    ? { namespace: parts[1], name: parts[2] }
    : null;
}

export function createTopology(view: ClusterView): Topology {
  const nodes = view.nodes();
  const ips = nodes.flatMap(nodeAddresses);
  const underlays = ([4, 6] as const).flatMap((family) => {
    const net = underlayNetwork(ips, family);
    return net === null ? [] : [{ family, ...net }];
  });
  const underlayOf = (ip: string) => underlays.find((u) => u.family === familyOf(ip));
  const insideUnderlay = (ip: string): boolean => {
    const net = underlayOf(ip);
    return net !== undefined && cidrContains(net.cidr, ip);
  };
  const nodeByIP = new Map<string, Node>();
  for (const node of nodes) for (const ip of nodeAddresses(node)) if (!nodeByIP.has(ip)) nodeByIP.set(ip, node);
  const machines = view.machines?.() ?? [];
  /** Those that are hosts of their own, on the nodes' link whatever their address. */
  const ownMachines = machines.filter((m) => !nodeByIP.has(m.ip));
  const clients = view.clients();
  const clientByIP = new Map(clients.map((c) => [c.ip, c.name] as const));
  const hosts = new Map<HostId, Host | undefined>();
  let strays: readonly { readonly ip: string; readonly node: Node }[] | null = null;

  /** Pods whose address lies outside their node's podCIDR (given IPs are kept): each gets a route of its own. */
  const strayPods = (): readonly { readonly ip: string; readonly node: Node }[] =>
    (strays ??= nodes.flatMap((node) =>
      view.podsOnNode(node.metadata.name).flatMap((pod) =>
        pod.spec.hostNetwork === true || !isAttached(pod)
          ? []
          : podAddresses(pod)
              .filter((ip) => !podCidrs(node).some((cidr) => cidrContains(cidr, ip)))
              .map((ip) => ({ ip, node })),
      ),
    ));

  const underlayAddress = (ip: string): InterfaceAddress => ({
    ip,
    prefix: cidrOf(underlayOf(ip)?.cidr ?? ip)?.prefix ?? 32,
  });
  const strangers = ownMachines.filter((m) => !insideUnderlay(m.ip));
  const underlayRoutes: readonly Route[] = [
    ...strangers.map((m) => hostRoute(m.ip, null, "eth0")),
    ...underlays.flatMap((u) => [{ to: u.cidr, via: null, dev: "eth0" }, defaultRoute(u.router, "eth0")]),
  ];

  /** Routes to the pods of all other nodes, as host-gw writes them on every machine of the cluster. */
  function podRoutes(self: string | null): readonly Route[] {
    return nodes.flatMap((other) =>
      other.metadata.name === self
        ? []
        : podCidrs(other).flatMap((cidr): Route[] => {
            const via = nodeAddress(other, cidr.includes(":") ? 6 : 4);
            return via === undefined ? [] : [{ to: cidr, via, dev: "eth0" }];
          }),
    );
  }

  function nodeHost(name: string): Host | undefined {
    const node = view.node(name);
    if (node === undefined) return undefined;
    const bridged = view.attachment === "bridge";
    const rules = view.rulesOf(name);
    const { virtual } = rules;
    const proxyProcess = view.proxySockets?.(name) ?? PROXY_LISTENERS;
    const cidrs = podCidrs(node);
    const own = view.podsOnNode(name).filter((p) => p.spec.hostNetwork !== true && isAttached(p));
    const veths = own.map((pod, i): Interface => {
      const veth = iface(`veth${i}`, "veth", []);
      return {
        ...veth,
        master: bridged ? "cni0" : null,
        hairpin: bridged,
        peer: podHost(pod),
        neighbours: podAddresses(pod),
      };
    });
    const bridge = iface(
      "cni0",
      "bridge",
      cidrs.map((cidr) => ({ ip: bridgeAddress(cidr), prefix: cidrOf(cidr)?.prefix ?? 24 })),
    );
    const local: Route[] = bridged
      ? cidrs.map((cidr) => ({ to: cidr, via: null, dev: "cni0" }))
      : veths.flatMap((veth) => veth.neighbours.map((ip) => hostRoute(ip, null, veth.name)));
    const remote = podRoutes(name);
    const single = strayPods().flatMap(({ ip, node: home }): Route[] => {
      if (home.metadata.name === name) return bridged ? [hostRoute(ip, null, "cni0")] : [];
      const via = nodeAddress(home, familyOf(ip));
      return via === undefined ? [] : [hostRoute(ip, via, "eth0")];
    });
    return {
      id: `node/${name}`,
      interfaces: [
        LOOPBACK,
        iface("eth0", "eth", nodeAddresses(node).map(underlayAddress)),
        ...(bridged ? [bridge] : []),
        ...veths,
        ...(virtual === undefined ? [] : [iface("kube-ipvs0", "dummy", virtual.addresses.map(wholeAddress))]),
      ],
      routes: [...local, ...single, ...remote, ...underlayRoutes],
      sysctls: sysctls(view.sysctlsOf?.(name) ?? {}),
      rules,
      listeners: [
        ...proxyProcess,
        // Where kube-proxy has no socket of its own it does not run, and its rules lead to closed ports.
        ...(proxyProcess.length === 0 ? [] : socketListeners(rules.sockets ?? [])),
        ...KUBELET_LISTENERS,
        // A Node may stand where the control plane is expected: then it is that machine.
        ...machines.filter((m) => nodeByIP.get(m.ip)?.metadata.name === name).flatMap((m) => m.listeners),
        ...view
          .podsOnNode(name)
          .filter((p) => p.spec.hostNetwork === true)
          .flatMap((p) => listenersOf(p, view.processOf?.(p))),
      ],
    };
  }

  function podNamespace(namespace: string, name: string): Host | undefined {
    const pod = view.pod(namespace, name);
    if (pod === undefined || pod.spec.hostNetwork === true || !isAttached(pod)) return undefined;
    const node = view.node(pod.spec.nodeName ?? "");
    if (node === undefined) return undefined;
    const bridged = view.attachment === "bridge";
    const addresses = podAddresses(pod).map((ip): InterfaceAddress => {
      const cidr = podCidrs(node).find((c) => cidrContains(c, ip));
      const whole = familyOf(ip) === 4 ? 32 : 128;
      return { ip, prefix: bridged && cidr !== undefined ? (cidrOf(cidr)?.prefix ?? whole) : whole };
    });
    const routes = addresses.flatMap(({ ip, prefix }): Route[] => {
      const family = familyOf(ip);
      const cidr = podCidrs(node).find((c) => (c.includes(":") ? 6 : 4) === family);
      if (!bridged) return [defaultRoute(PTP_GATEWAY[family], "eth0")];
      if (cidr === undefined) return [];
      const link = prefix === (family === 4 ? 32 : 128) ? [] : [{ to: cidr, via: null, dev: "eth0" }];
      return [...link, defaultRoute(bridgeAddress(cidr), "eth0")];
    });
    return {
      id: podHost(pod),
      interfaces: [LOOPBACK, { ...iface("eth0", "veth", addresses), peer: `node/${node.metadata.name}` }],
      routes,
      sysctls: sysctls({}),
      rules: null,
      listeners: listenersOf(pod, view.processOf?.(pod)),
    };
  }

  function clientHost(name: string): Host | undefined {
    const client = clients.find((c) => c.name === name);
    if (client === undefined) return undefined;
    const near = insideUnderlay(client.ip);
    const gateway = outsideGateway(client.ip);
    return {
      id: `client/${name}`,
      interfaces: [
        LOOPBACK,
        iface("eth0", "eth", [
          near ? underlayAddress(client.ip) : { ip: client.ip, prefix: familyOf(client.ip) === 4 ? 32 : 128 },
        ]),
      ],
      routes: near
        ? underlayRoutes.filter((r) => familyOf(r.via ?? r.to) === familyOf(client.ip))
        : [hostRoute(gateway, null, "eth0"), defaultRoute(gateway, "eth0")],
      sysctls: sysctls({ ipForward: false }),
      rules: null,
      listeners: [],
    };
  }

  function machineHost(name: string): Host | undefined {
    const machine = ownMachines.find((m) => m.name === name);
    if (machine === undefined) return undefined;
    return {
      id: `machine/${name}`,
      interfaces: [
        LOOPBACK,
        iface("eth0", "eth", [insideUnderlay(machine.ip) ? underlayAddress(machine.ip) : wholeAddress(machine.ip)]),
      ],
      routes: [...podRoutes(null), ...underlayRoutes.filter((r) => r.to !== hostRoute(machine.ip, null, "eth0").to)],
      sysctls: sysctls({}),
      rules: null,
      listeners: machine.listeners,
    };
  }

  function lbHost(ip: string): Host | undefined {
    if (view.loadBalancer(ip) === undefined) return undefined;
    return {
      id: `lb/${ip}`,
      interfaces: [LOOPBACK, iface("eth0", "eth", [{ ip, prefix: familyOf(ip) === 4 ? 32 : 128 }])],
      routes: underlayRoutes,
      sysctls: sysctls({}),
      rules: null,
      listeners: [],
    };
  }

  /** The router knows the nodes' network, the outside machines and the balancers; everything else it drops in silence. */
  function routerHost(): Host {
    const outside = clients.filter((c) => !insideUnderlay(c.ip));
    const balancers = view
      .services()
      .flatMap((s) => (s.status.loadBalancer.ingress ?? []).map((i) => i.ip ?? ""))
      .filter((ip) => ip !== "" && view.loadBalancer(ip) !== undefined);
    return {
      id: ROUTER,
      interfaces: [
        LOOPBACK,
        iface(
          "eth0",
          "eth",
          underlays.map((u) => underlayAddress(u.router)),
        ),
        iface(
          "eth1",
          "eth",
          [...new Set(outside.map((c) => outsideGateway(c.ip)))].map((ip) => ({
            ip,
            prefix: familyOf(ip) === 4 ? 32 : 128,
          })),
        ),
      ],
      routes: [
        ...underlays.map((u): Route => ({ to: u.cidr, via: null, dev: "eth0" })),
        ...strangers.map((m) => hostRoute(m.ip, null, "eth0")),
        ...outside.map((c) => hostRoute(c.ip, null, "eth1")),
        ...balancers.map((ip) => hostRoute(ip, null, "eth0")),
        { to: "0.0.0.0/0", via: null, dev: "", blackhole: true },
        { to: "::/0", via: null, dev: "", blackhole: true },
      ],
      sysctls: sysctls({}),
      rules: null,
      listeners: [],
    };
  }

  function build(id: HostId): Host | undefined {
    const name = id.slice(id.indexOf("/") + 1);
    if (id === ROUTER) return routerHost();
    if (id.startsWith("node/")) return nodeHost(name);
    if (id.startsWith("client/")) return clientHost(name);
    if (id.startsWith("machine/")) return machineHost(name);
    if (id.startsWith("lb/")) return lbHost(name);
    const pod = splitPodHost(id);
    return pod === null ? undefined : podNamespace(pod.namespace, pod.name);
  }

  function host(id: HostId): Host | undefined {
    if (!hosts.has(id)) hosts.set(id, build(id));
    return hosts.get(id);
  }

  function onUnderlay(nextHop: string): LinkEnd | null {
    if (underlays.some((u) => u.router === nextHop)) return { host: ROUTER, iface: "eth0" };
    const node = nodeByIP.get(nextHop);
    if (node !== undefined) return { host: `node/${node.metadata.name}`, iface: "eth0" };
    const machine = ownMachines.find((m) => m.ip === nextHop);
    if (machine !== undefined) return { host: `machine/${machine.name}`, iface: "eth0" };
    if (view.loadBalancer(nextHop) !== undefined) return { host: `lb/${nextHop}`, iface: "eth0" };
    const client = clientByIP.get(nextHop);
    return client !== undefined && insideUnderlay(nextHop) ? { host: `client/${client}`, iface: "eth0" } : null;
  }

  function neighbour(from: Host, out: string, port: string | null, nextHop: string): LinkEnd | null {
    if (from.id.startsWith("pod/")) {
      // The frame reaches its node by the pod's own veth; for whom it is meant, the node decides.
      const peer = interfaceOf(from, out)?.peer ?? null;
      const node = peer === null ? undefined : host(peer);
      const veth = node?.interfaces.find((i) => i.peer === from.id);
      if (node === undefined || veth === undefined) return null;
      const known =
        veth.master === null ||
        node.interfaces.some(
          (i) =>
            (i.name === veth.master && i.addresses.some((a) => a.ip === nextHop)) ||
            (i.master === veth.master && i.neighbours.includes(nextHop)),
        );
      return known ? { host: node.id, iface: veth.name } : null;
    }
    if (from.id.startsWith("node/") && out !== "eth0") {
      const veth = from.interfaces.find(
        (i) => (port === null ? i.name === out || i.master === out : i.name === port) && i.neighbours.includes(nextHop),
      );
      return veth === undefined || veth.peer === null ? null : { host: veth.peer, iface: "eth0" };
    }
    if (from.id === ROUTER && out === "eth1") {
      const client = clientByIP.get(nextHop);
      return client === undefined ? null : { host: `client/${client}`, iface: "eth0" };
    }
    if (from.id.startsWith("client/")) {
      const name = from.id.slice("client/".length);
      const ip = clients.find((c) => c.name === name)?.ip ?? "";
      if (!insideUnderlay(ip)) return nextHop === outsideGateway(ip) ? { host: ROUTER, iface: "eth1" } : null;
    }
    return onUnderlay(nextHop);
  }

  return { host, neighbour };
}
