import { type Host, interfaceOf } from "../../kernel/host.ts";
import type { HostId } from "../../model/trace/types.ts";
import { familyOf, nodeAddress, outsideGateway, podCidrs } from "../addresses.ts";
import type { ClusterView } from "../types.ts";
import { createLayout } from "./layout.ts";
import { nodeHost } from "./node.ts";
import { vxlanAddress } from "./overlay.ts";
import { clientHost, lbHost, machineHost } from "./outside.ts";
import { podNamespace } from "./pod.ts";
import { ROUTER, routerHost } from "./router.ts";

export interface LinkEnd {
  readonly host: HostId;
  readonly iface: string;
  /** The link is a tunnel between two addresses of the nodes' network. */
  readonly tunnel?: { readonly src: string; readonly dst: string };
  /** Why this host takes what is meant for an address that is not its own. */
  readonly why?: string;
}

/** Hosts and links of one moment. Built lazily: a host exists once a packet asks for it. */
export interface Topology {
  /** Undefined when there is no such node, pod, client or balancer. */
  host(id: HostId): Host | undefined;
  /** Who answers for `nextHop` on the link behind this interface, or null when nobody does. */
  neighbour(host: Host, iface: string, port: string | null, nextHop: string): LinkEnd | null;
}

export function createTopology(view: ClusterView): Topology {
  const layout = createLayout(view);
  const clientByIP = new Map(layout.clients.map((c) => [c.ip, c.name] as const));
  const hosts = new Map<HostId, Host | undefined>();

  function build(id: HostId): Host | undefined {
    const name = id.slice(id.indexOf("/") + 1);
    if (id === ROUTER) return routerHost(layout);
    if (id.startsWith("node/")) return nodeHost(layout, name);
    if (id.startsWith("client/")) return clientHost(layout, name);
    if (id.startsWith("machine/")) return machineHost(layout, name);
    if (id.startsWith("lb/")) return lbHost(layout, name);
    const [kind, namespace, pod] = id.split("/");
    return kind === "pod" && namespace !== undefined && pod !== undefined
      ? podNamespace(layout, namespace, pod)
      : undefined;
  }

  function host(id: HostId): Host | undefined {
    if (!hosts.has(id)) hosts.set(id, build(id));
    return hosts.get(id);
  }

  function onUnderlay(nextHop: string, asker: HostId): LinkEnd | null {
    if (layout.underlays.some((u) => u.router === nextHop)) return { host: ROUTER, iface: "eth0" };
    const node = layout.nodeByIP.get(nextHop);
    if (node !== undefined) return { host: `node/${node.metadata.name}`, iface: "eth0" };
    const machine = layout.ownMachines.find((m) => m.ip === nextHop);
    if (machine !== undefined) return { host: `machine/${machine.name}`, iface: "eth0" };
    if (view.loadBalancer(nextHop) !== undefined) return { host: `lb/${nextHop}`, iface: "eth0" };
    const client = clientByIP.get(nextHop);
    if (client !== undefined && layout.insideUnderlay(nextHop)) return { host: `client/${client}`, iface: "eth0" };
    const answerer = view.answererOf?.(nextHop, asker) ?? null;
    return answerer === null ? null : { host: `node/${answerer.node}`, iface: "eth0", why: answerer.why };
  }

  /** Another node's VXLAN device: flanneld has written its MAC and the node behind it into the neighbour and forwarding tables. */
  function throughTunnel(from: Host, out: string, nextHop: string): LinkEnd | null {
    const family = familyOf(nextHop);
    const self = layout.nodes.find((n) => from.id === `node/${n.metadata.name}`);
    const far = layout.nodes.find((n) => podCidrs(n).some((cidr) => vxlanAddress(cidr) === nextHop));
    const src = self === undefined ? undefined : nodeAddress(self, family);
    const dst = far === undefined ? undefined : nodeAddress(far, family);
    if (far === undefined || src === undefined || dst === undefined) return null;
    return { host: `node/${far.metadata.name}`, iface: out, tunnel: { src, dst } };
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
    if (interfaceOf(from, out)?.kind === "vxlan") return throughTunnel(from, out, nextHop);
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
      const ip = layout.clients.find((c) => c.name === name)?.ip ?? "";
      if (!layout.insideUnderlay(ip)) return nextHop === outsideGateway(ip) ? { host: ROUTER, iface: "eth1" } : null;
    }
    return onUnderlay(nextHop, from.id);
  }

  return { host, neighbour };
}
