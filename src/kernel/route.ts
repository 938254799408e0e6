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
      /** Out of how many next hops this one was chosen; 1 when there was no choice. */
      readonly of: number;
      /** Every interface that the route may leave by. */
      readonly devs: readonly string[];
    }
  | { readonly kind: "blackhole"; readonly text: string }
  | { readonly kind: "none"; readonly text: string };

function routeText(route: Route): string {
  const to = route.to === "0.0.0.0/0" || route.to === "::/0" ? "default" : route.to;
  if (route.blackhole === true) return `blackhole ${to}`;
  if (route.hops !== undefined) return [to, ...route.hops.map((h) => `nexthop via ${h.via} dev ${h.dev}`)].join(" ");
  const onlink = route.onlink === true ? " onlink" : "";
  return route.via === null ? `${to} dev ${route.dev}` : `${to} via ${route.via} dev ${route.dev}${onlink}`;
}

/**
 * The routing decision for a destination: the local table first, then the longest prefix of the main table. `spread` says which
 * of a route's next hops the flow's hash picks; absent: the first.
 */
export function lookupRoute(host: Host, dst: string, spread?: (of: number, to: string) => number): RouteDecision {
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
  const hops = best.hops ?? [];
  const hop = hops.length > 1 ? hops[spread?.(hops.length, best.to) ?? 0] : undefined;
  const { via, dev } = hop ?? best;
  const nextHop = via ?? dst;
  return {
    kind: "unicast",
    dev,
    nextHop,
    source: selectAddress(host, dev, nextHop),
    text: routeText(best),
    via,
    of: Math.max(1, hops.length),
    devs: hops.length === 0 ? [dev] : hops.map((h) => h.dev),
  };
}
