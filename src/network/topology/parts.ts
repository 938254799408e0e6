import { type Interface, type InterfaceAddress, type Route, type Sysctls } from "../../kernel/host.ts";
import { familyOf } from "../addresses.ts";

/** A host's kernel switches: those of a machine that forwards and runs kube-proxy, but for what the caller names. */
export function sysctls(overrides: Partial<Sysctls>): Sysctls {
  return { ipForward: true, bridgeNfCallIptables: true, routeLocalnet: true, ...overrides };
}

export function iface(name: string, kind: Interface["kind"], addresses: readonly InterfaceAddress[]): Interface {
  return { name, kind, addresses, master: null, hairpin: false, peer: null, neighbours: [] };
}

/** 32 or 128: the prefix length that names one address. */
export function wholePrefix(ip: string): number {
  return familyOf(ip) === 4 ? 32 : 128;
}

export function wholeAddress(ip: string): InterfaceAddress {
  return { ip, prefix: wholePrefix(ip) };
}

export function hostRoute(ip: string, via: string | null, dev: string): Route {
  return { to: `${ip}/${wholePrefix(ip)}`, via, dev };
}

export function defaultRoute(via: string, dev: string): Route {
  return { to: familyOf(via) === 4 ? "0.0.0.0/0" : "::/0", via, dev };
}
