import { sha256Base32Ascii16 } from "./sha256-base32.ts";

/** Names never change, and every sync of every node asks for them again: they are remembered. */
const HASHES = new Map<string, string>();
const REMEMBERED = 500_000;

function hash16(input: string): string {
  let hash = HASHES.get(input);
  if (hash === undefined) {
    hash = sha256Base32Ascii16(input);
    if (HASHES.size >= REMEMBERED) HASHES.clear();
    HASHES.set(input, hash);
  }
  return hash;
}

/**
 * The 16 characters that all chains of a Service port share: base32 of SHA-256 of `ns/name[:port]` and the lower-case protocol.
 * Upstream: portProtoHash in pkg/proxy/iptables/proxier.go.
 */
export function servicePortHash(name: string, protocol: string): string {
  return hash16(name + protocol);
}

/** Endpoints that match internalTrafficPolicy or externalTrafficPolicy Cluster. */
export function clusterPolicyChain(name: string, protocol: string): string {
  return `KUBE-SVC-${servicePortHash(name, protocol)}`;
}

/** Endpoints on this node, for policy Local. */
export function localPolicyChain(name: string, protocol: string): string {
  return `KUBE-SVL-${servicePortHash(name, protocol)}`;
}

/** Entry for node port, load balancer and external addresses. */
export function externalChain(name: string, protocol: string): string {
  return `KUBE-EXT-${servicePortHash(name, protocol)}`;
}

/** loadBalancerSourceRanges. */
export function firewallChain(name: string, protocol: string): string {
  return `KUBE-FW-${servicePortHash(name, protocol)}`;
}

/** The chains that a Service port may have of its own. */
export interface PortChains {
  readonly svc: string;
  readonly svl: string;
  readonly ext: string;
  readonly fw: string;
}

const PORTS = new Map<string, PortChains & { readonly protocol: string }>();

/** All four at once, remembered by the port's name. */
export function portChains(name: string, protocol: string): PortChains {
  let chains = PORTS.get(name);
  if (chains?.protocol !== protocol) {
    chains = {
      protocol,
      svc: clusterPolicyChain(name, protocol),
      svl: localPolicyChain(name, protocol),
      ext: externalChain(name, protocol),
      fw: firewallChain(name, protocol),
    };
    if (PORTS.size >= REMEMBERED) PORTS.clear();
    PORTS.set(name, chains);
  }
  return chains;
}

/** One endpoint; `endpoint` is `ip:port`, `[ip]:port` for IPv6. */
export function endpointChain(name: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${hash16(name + protocol + endpoint)}`;
}
