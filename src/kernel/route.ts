import { type Cidr, cidrOf, isIPv6, parseIP } from "../base/ip.ts";
import { type Host, type Route, isLocal, isLoopback, selectAddress } from "./host.ts";

export type RouteDecision =
  | {
      readonly kind: "local";
      readonly dev: "lo";
      readonly nextHop: string;
      readonly source: string;
      readonly text: string;
    }
  | {
      readonly kind: "unicast";
      readonly dev: string;
      /** The address that ARP (or NDP) asks for: the gateway, or the destination itself when it is on the link. */
      readonly nextHop: string;
      /** The source address a local sender gets; null when the host has no address of the family. */
      readonly source: string | null;
      /** The route as `ip route` prints it. */
      readonly text: string;
      readonly via: string | null;
    }
  | { readonly kind: "blackhole"; readonly text: string }
  | { readonly kind: "none"; readonly text: string };

function routeText(route: Route): string {
  const to = route.to === "0.0.0.0/0" || route.to === "::/0" ? "default" : route.to;
  if (route.blackhole === true) return `blackhole ${to}`;
  return route.via === null ? `${to} dev ${route.dev}` : `${to} via ${route.via} dev ${route.dev}`;
}

/** The routing decision for a destination: the local table first, then the longest prefix of the main table. */
export function lookupRoute(host: Host, dst: string): RouteDecision {
  if (isLocal(host, dst)) {
    const source = isLoopback(dst) ? (isIPv6(dst) ? "::1" : "127.0.0.1") : dst;
    return { kind: "local", dev: "lo", nextHop: dst, source, text: `local ${dst} dev lo` };
  }
  const ip = parseIP(dst);
  let best: Route | null = null;
  let bestCidr: Cidr | null = null;
  if (ip !== null) {
    for (const route of host.routes) {
      const cidr = cidrOf(route.to);
      if (cidr === null || cidr.family !== ip.family) continue;
      if (ip.value < cidr.base || ip.value >= cidr.base + cidr.size) continue;
      if (bestCidr === null || cidr.prefix > bestCidr.prefix) {
        best = route;
        bestCidr = cidr;
      }
    }
  }
  if (best === null) return { kind: "none", text: "no route" };
  if (best.blackhole === true) return { kind: "blackhole", text: routeText(best) };
  const nextHop = best.via ?? dst;
  return {
    kind: "unicast",
    dev: best.dev,
    nextHop,
    source: selectAddress(host, best.dev, nextHop),
    text: routeText(best),
    via: best.via,
  };
}
