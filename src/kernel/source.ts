import { isIPv6 } from "../base/ip.ts";
import { type Host, isLocal, isLoopback } from "./host.ts";
import { lookupRoute } from "./route.ts";

/**
 * Why the kernel takes no packet from this source by this interface ("martian source"), in words; null when it does. Its own
 * addresses never arrive from outside; with rp_filter the way back must lead out of the same interface (1, strict) or anywhere at
 * all (2, loose). Linux does this for IPv4 only. Source: fib_validate_source in net/ipv4/fib_frontend.c.
 */
export function sourceProblem(host: Host, src: string, iface: string): string | null {
  if (isIPv6(src)) return null;
  if (isLoopback(src)) return `${src} must not arrive from a wire`;
  if (isLocal(host, src)) return `the source ${src} is its own address`;
  const { rpFilter = 0 } = host.sysctls;
  if (rpFilter === 0) return null;
  const back = lookupRoute(host, src);
  if (back.kind !== "unicast") return `it has no way back to ${src} (rp_filter ${rpFilter})`;
  if (rpFilter === 2 || back.devs.includes(iface)) return null;
  return `the packet came in by ${iface}, but the way back to ${src} leads out of ${back.dev} (rp_filter 1)`;
}
