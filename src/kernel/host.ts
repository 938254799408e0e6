import { cidrOf, isIPv6, parseIP } from "../base/ip.ts";
import type { HttpResponse } from "../model/trace/message.ts";
import type { HostId } from "../model/trace/types.ts";
import type { Rules } from "./netfilter.ts";
import type { WorkloadFilter } from "./workloads.ts";

/** An address with the length of the network it stands in, as `ip addr` shows it. */
export interface InterfaceAddress {
  readonly ip: string;
  readonly prefix: number;
}

export interface Interface {
  readonly name: string;
  /** `dummy`: kube-ipvs0, which only makes addresses local. `vxlan`: flannel.1, the mouth of a tunnel. */
  readonly kind: "lo" | "eth" | "bridge" | "veth" | "dummy" | "vxlan";
  readonly addresses: readonly InterfaceAddress[];
  /** The bridge that this interface is a port of, or null. */
  readonly master: string | null;
  /** Bridge port option: may a frame leave by the port that it came in by? */
  readonly hairpin: boolean;
  /** The host at the other end of a veth; null for shared media. */
  readonly peer: HostId | null;
  /** Addresses that answer ARP at the other end of a veth. */
  readonly neighbours: readonly string[];
  /** Bytes of the largest IP packet that it sends; absent: 1500. */
  readonly mtu?: number;
}

/** One of the ways that a route with several next hops goes. */
export interface NextHop {
  readonly via: string;
  readonly dev: string;
}

/** One line of `ip route`. A blackhole route drops in silence; without any route Linux says "Network is unreachable". */
export interface Route {
  readonly to: string;
  readonly via: string | null;
  /** Empty for a blackhole. */
  readonly dev: string;
  readonly blackhole?: boolean;
  /** The gateway is on the link although no network of the host holds it. */
  readonly onlink?: true;
  /** Several next hops, of which each flow keeps to one (ECMP); `via` and `dev` are then the first one's. */
  readonly hops?: readonly NextHop[];
}

export interface Listener {
  /** `0.0.0.0` accepts any destination of either family, as a dual-stack wildcard socket does. */
  readonly ip: string;
  /** null: any port (a process of which nothing is known). */
  readonly port: number | null;
  readonly protocol: "tcp" | "udp" | "sctp";
  /** `namespace/name` of the pod that owns the process; null for a process of the node itself. */
  readonly owner: string | null;
  /** What listens, for the note: "container web (containerPort 8080)". */
  readonly what: string;
  /** True when nothing says that it listens and we take it on trust. */
  readonly assumed: boolean;
  /** The process is stuck: the kernel goes on completing handshakes for it, and nobody reads what arrives. */
  readonly hangs?: true;
  /** What it answers over HTTP, where that is known. */
  readonly response?: HttpResponse;
}

export interface Sysctls {
  /** net.ipv4.ip_forward */
  readonly ipForward: boolean;
  /** net.bridge.bridge-nf-call-iptables: bridged frames pass the IP hooks. */
  readonly bridgeNfCallIptables: boolean;
  /** net.ipv4.conf.all.route_localnet: 127.0.0.0/8 may cross an interface. */
  readonly routeLocalnet: boolean;
  /** net.ipv4.conf.all.rp_filter: 0 off, 1 strict, 2 loose; absent: 0. IPv6 has none. */
  readonly rpFilter?: 0 | 1 | 2;
  /** net.netfilter.nf_conntrack_max: connections that are tracked at a time; absent: more than anyone here opens. */
  readonly conntrackMax?: number;
}

/** One network namespace as plain data (but for `rules`, which is behaviour): what the packet path needs to know of it. */
export interface Host {
  readonly id: HostId;
  /** In ifindex order. */
  readonly interfaces: readonly Interface[];
  readonly routes: readonly Route[];
  readonly sysctls: Sysctls;
  /** null: no netfilter at all, hence no connection tracking either (Linux hooks it in only for rules that need it). */
  readonly rules: Rules | null;
  /** What a CNI plug-in filters at its pods' veths; absent: nothing. */
  readonly workloads?: WorkloadFilter;
  readonly listeners: readonly Listener[];
}

export const LOOPBACK: Interface = {
  name: "lo",
  kind: "lo",
  addresses: [
    { ip: "127.0.0.1", prefix: 8 },
    { ip: "::1", prefix: 128 },
  ],
  master: null,
  hairpin: false,
  peer: null,
  neighbours: [],
};

export function isLoopback(ip: string): boolean {
  return ip === "::1" || (ip.startsWith("127.") && !isIPv6(ip));
}

/** `-m addrtype --dst-type LOCAL`: does this host own the address? All of 127.0.0.0/8 is local everywhere. */
export function isLocal(host: Host, ip: string): boolean {
  return isLoopback(ip) || host.interfaces.some((i) => i.addresses.some((a) => a.ip === ip));
}

export function interfaceOf(host: Host, name: string): Interface | undefined {
  return host.interfaces.find((i) => i.name === name);
}

/** Short name for notes: `node/worker-1` is worker-1, `pod/shop/web-x` is web-x. */
export function hostName(id: HostId): string {
  if (id.startsWith("router/")) return "the router";
  if (id.startsWith("lb/")) return "the load balancer";
  return id.slice(id.lastIndexOf("/") + 1);
}

/**
 * The address that Linux gives to what leaves by this interface (inet_select_addr): one in the next hop's network, else the
 * interface's first, else the first of any other interface but lo. Null when the host has none of the family.
 */
export function selectAddress(host: Host, dev: string, towards: string): string | null {
  const family = isIPv6(towards) ? 6 : 4;
  const own = (interfaceOf(host, dev)?.addresses ?? []).filter((a) => (isIPv6(a.ip) ? 6 : 4) === family);
  const target = parseIP(towards);
  if (target !== null && dev !== "lo") {
    for (const a of own) {
      const net = cidrOf(`${a.ip}/${a.prefix}`);
      if (net !== null && target.value >= net.base && target.value < net.base + net.size) return a.ip;
    }
    if (own[0] !== undefined) return own[0].ip;
  }
  for (const other of host.interfaces) {
    if (other.kind === "lo") continue;
    const found = other.addresses.find((a) => (isIPv6(a.ip) ? 6 : 4) === family);
    if (found !== undefined) return found.ip;
  }
  return null;
}
