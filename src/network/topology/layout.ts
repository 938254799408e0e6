import { cidrContains, cidrOf, parseIP } from "../../base/ip.ts";
import type { InterfaceAddress, Listener, Route } from "../../kernel/host.ts";
import type { StaticRoute } from "../../model/kubehop/network.ts";
import type { Node } from "../../model/node/types.ts";
import {
  type Family,
  familyOf,
  nodeAddress,
  nodeAddresses,
  podAddresses,
  podCidrs,
  underlayNetwork,
} from "../addresses.ts";
import type { ClusterView, OutsideClient } from "../types.ts";
import { familyOfCidr, routesToPods } from "./overlay.ts";
import { defaultRoute, hostRoute } from "./parts.ts";
import { isAttached } from "./pod.ts";

export interface Underlay {
  readonly family: Family;
  readonly cidr: string;
  /** The router's address in it: the nodes' default gateway. */
  readonly router: string;
}

export interface Machine {
  readonly name: string;
  readonly ip: string;
  readonly listeners: readonly Listener[];
}

/** Who has which address in the networks of one moment: what all hosts are built from. */
export interface Layout {
  readonly view: ClusterView;
  readonly nodes: readonly Node[];
  /** The network that the nodes share, per family. */
  readonly underlays: readonly Underlay[];
  readonly nodeByIP: ReadonlyMap<string, Node>;
  readonly machines: readonly Machine[];
  /** Machines that are no Nodes: on the nodes' link, whatever their address. */
  readonly ownMachines: readonly Machine[];
  readonly clients: readonly OutsideClient[];
  insideUnderlay(ip: string): boolean;
  /** An address as an interface in the nodes' network has it. */
  underlayAddress(ip: string): InterfaceAddress;
  /** What every machine in the nodes' network knows of the road: the link, and the default route. */
  readonly underlayRoutes: readonly Route[];
  /** Own machines whose address lies outside the nodes' network. */
  readonly strangers: readonly Machine[];
  /** Pods whose address lies outside their node's podCIDR (given IPs are kept): each gets a route of its own. */
  strayPods(): readonly { readonly ip: string; readonly node: Node }[];
  /** Routes to the pods of all nodes but `self`, as the pod network writes them on every machine of the cluster. */
  podRoutes(self: string | null): readonly Route[];
  /** A static route out of eth0, with the next hops that there are: nodes by name, or addresses; none when there is none. */
  staticRoute(route: StaticRoute): readonly Route[];
}

export function createLayout(view: ClusterView): Layout {
  const nodes = view.nodes();
  const ips = nodes.flatMap(nodeAddresses);
  const underlays = ([4, 6] as const).flatMap((family): Underlay[] => {
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
  const ownMachines = machines.filter((m) => !nodeByIP.has(m.ip));
  const strangers = ownMachines.filter((m) => !insideUnderlay(m.ip));
  let strays: ReturnType<Layout["strayPods"]> | null = null;
  return {
    view,
    nodes,
    underlays,
    nodeByIP,
    machines,
    ownMachines,
    strangers,
    clients: view.clients(),
    insideUnderlay,
    underlayAddress: (ip) => ({ ip, prefix: cidrOf(underlayOf(ip)?.cidr ?? ip)?.prefix ?? 32 }),
    underlayRoutes: [
      ...strangers.map((m) => hostRoute(m.ip, null, "eth0")),
      ...underlays.flatMap((u) => [{ to: u.cidr, via: null, dev: "eth0" }, defaultRoute(u.router, "eth0")]),
    ],
    strayPods: () =>
      (strays ??= nodes.flatMap((node) =>
        view.podsOnNode(node.metadata.name).flatMap((pod) =>
          pod.spec.hostNetwork === true || !isAttached(pod)
            ? []
            : podAddresses(pod)
                .filter((ip) => !podCidrs(node).some((cidr) => cidrContains(cidr, ip)))
                .map((ip) => ({ ip, node })),
        ),
      )),
    podRoutes: (self) =>
      nodes.flatMap((other) => (other.metadata.name === self ? [] : routesToPods(other, view.network))),
    staticRoute: ({ to, via }) => {
      const family = familyOfCidr(to);
      const hops = via.flatMap((hop) => {
        const node = nodes.find((n) => n.metadata.name === hop);
        const ip = parseIP(hop) === null ? (node === undefined ? undefined : nodeAddress(node, family)) : hop;
        return ip === undefined ? [] : [{ via: ip, dev: "eth0" }];
      });
      const [first] = hops;
      return first === undefined ? [] : [{ to, ...first, ...(hops.length === 1 ? {} : { hops }) }];
    },
  };
}
