import { type Host, LOOPBACK } from "../../kernel/host.ts";
import { parseListen } from "../../model/pod/listening.ts";
import { familyOf, outsideGateway } from "../addresses.ts";
import type { Layout } from "./layout.ts";
import { defaultRoute, hostRoute, iface, sysctls, wholeAddress } from "./parts.ts";

/** A machine outside the cluster: in the nodes' own network, or behind the router with a network of its own. */
export function clientHost(layout: Layout, name: string): Host | undefined {
  const client = layout.clients.find((c) => c.name === name);
  if (client === undefined) return undefined;
  const near = layout.insideUnderlay(client.ip);
  const gateway = outsideGateway(client.ip);
  return {
    id: `client/${name}`,
    interfaces: [LOOPBACK, iface("eth0", "eth", [near ? layout.underlayAddress(client.ip) : wholeAddress(client.ip)])],
    routes: [
      ...(client.routes ?? []).flatMap(layout.staticRoute),
      ...(near
        ? layout.underlayRoutes.filter((r) => familyOf(r.via ?? r.to) === familyOf(client.ip))
        : [hostRoute(gateway, null, "eth0"), defaultRoute(gateway, "eth0")]),
    ],
    sysctls: sysctls({ ipForward: false }),
    rules: null,
    listeners: parseListen(client.listen ?? "").map((l) => ({
      ...l,
      owner: null,
      what: "spec.listen",
      assumed: false,
    })),
  };
}

/** A machine of the cluster that is no Node: the control plane's, when no Node stands for it. */
export function machineHost(layout: Layout, name: string): Host | undefined {
  const machine = layout.ownMachines.find((m) => m.name === name);
  if (machine === undefined) return undefined;
  const near = layout.insideUnderlay(machine.ip);
  return {
    id: `machine/${name}`,
    interfaces: [
      LOOPBACK,
      iface("eth0", "eth", [near ? layout.underlayAddress(machine.ip) : wholeAddress(machine.ip)]),
    ],
    routes: [
      // A machine that is no Node has no flannel either.
      ...(layout.view.network.routes === "vxlan" ? [] : layout.podRoutes(null)),
      ...layout.underlayRoutes.filter((r) => r.to !== hostRoute(machine.ip, null, "eth0").to),
    ],
    sysctls: sysctls({}),
    rules: null,
    listeners: machine.listeners,
  };
}

/** A cloud load balancer, by its address. */
export function lbHost(layout: Layout, ip: string): Host | undefined {
  if (layout.view.loadBalancer(ip) === undefined) return undefined;
  return {
    id: `lb/${ip}`,
    interfaces: [LOOPBACK, iface("eth0", "eth", [wholeAddress(ip)])],
    // It finds pods as machines in the nodes' network do: as targets, and as clients that it answers.
    routes: [...layout.podRoutes(null), ...layout.underlayRoutes],
    sysctls: sysctls({}),
    rules: null,
    listeners: [],
  };
}
