import { type Host, LOOPBACK, type Route } from "../../kernel/host.ts";
import type { HostId } from "../../model/trace/types.ts";
import { outsideGateway } from "../addresses.ts";
import type { Layout } from "./layout.ts";
import { routesToPods } from "./overlay.ts";
import { hostRoute, iface, sysctls, wholeAddress } from "./parts.ts";

export const ROUTER: HostId = "router/underlay";

/**
 * The router knows the nodes' network, the outside machines, the balancers, what routes the lab gives it and those that nodes announce by BGP; in a cloud that routes
 * pods also each node's podCIDR. Everything else it drops in silence.
 */
export function routerHost(layout: Layout): Host {
  const { view, underlays } = layout;
  const outside = layout.clients.filter((c) => !layout.insideUnderlay(c.ip));
  const balancers = view.loadBalancers?.() ?? statedBalancers(view);
  return {
    id: ROUTER,
    interfaces: [
      LOOPBACK,
      iface(
        "eth0",
        "eth",
        underlays.map((u) => layout.underlayAddress(u.router)),
      ),
      iface("eth1", "eth", [...new Set(outside.map((c) => outsideGateway(c.ip)))].map(wholeAddress)),
    ],
    routes: [
      ...underlays.map((u): Route => ({ to: u.cidr, via: null, dev: "eth0" })),
      ...layout.strangers.map((m) => hostRoute(m.ip, null, "eth0")),
      ...(view.network.routes === "cloud"
        ? layout.nodes.flatMap((node) => routesToPods(node, { ...view.network, routes: "host-gw" }))
        : []),
      ...[...view.network.routerRoutes, ...(view.learnedRoutes?.() ?? [])].flatMap(layout.staticRoute),
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

function statedBalancers(view: Layout["view"]): readonly string[] {
  return view
    .services()
    .flatMap((s) => (s.status.loadBalancer.ingress ?? []).map((i) => i.ip ?? ""))
    .filter((ip) => ip !== "" && view.loadBalancer(ip) !== undefined);
}
