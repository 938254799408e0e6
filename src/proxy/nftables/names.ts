import { isIPv6 } from "../../base/ip.ts";
import type { EndpointView, ServicePortView } from "../view.ts";
import { sha256Base32Ascii16 } from "../sha256-base32.ts";

/** nft takes 256 characters; the longest prefix of ours 16. */
const LONGEST = 240;

/** Names never change, and every sync of every node asks for them again. */
const NAMES = new Map<string, string>();
const REMEMBERED = 500_000;

/** `HASH-name`, the hash being 8 characters of base32 of its SHA-256. Upstream: hashAndTruncate in pkg/proxy/nftables. */
function hashed(name: string): string {
  let result = NAMES.get(name);
  if (result === undefined) {
    result = `${sha256Base32Ascii16(name).slice(0, 8)}-${name}`;
    if (result.length > LONGEST) result = `${result.slice(0, LONGEST - 3)}...`;
    if (NAMES.size >= REMEMBERED) NAMES.clear();
    NAMES.set(name, result);
  }
  return result;
}

type PortName = Pick<ServicePortView, "namespace" | "serviceName" | "protocol" | "portName">;

function plain({ namespace, serviceName, protocol, portName }: PortName): string {
  return `${namespace}/${serviceName}/${protocol}/${portName}`;
}

/** What the chains of a Service port share: `ULMVA6XW-ns1/svc1/tcp/p80`. */
export function portBase(port: PortName): string {
  return hashed(plain(port));
}

/** The same for one endpoint: `...__10.180.0.1/80`; the colons of IPv6 become dots. */
export function endpointBase(port: PortName, endpoint: Pick<EndpointView, "ip" | "port">): string {
  const ip = isIPv6(endpoint.ip) ? endpoint.ip.replaceAll(":", ".") : endpoint.ip;
  return hashed(`${plain(port)}__${ip}/${endpoint.port}`);
}

/** Endpoints that policy Cluster allows. */
export const clusterChain = (port: PortName): string => `service-${portBase(port)}`;
/** Endpoints on this node, for policy Local. */
export const localChain = (port: PortName): string => `local-${portBase(port)}`;
/** Entry for node port, load balancer and external addresses. */
export const externalChain = (port: PortName): string => `external-${portBase(port)}`;
/** loadBalancerSourceRanges. */
export const firewallChain = (port: PortName): string => `firewall-${portBase(port)}`;

/** The chains that a Service port may have of its own; see above. */
export interface PortChains {
  readonly service: string;
  readonly local: string;
  readonly external: string;
  readonly firewall: string;
}

const PORTS = new Map<string, PortChains & { readonly protocol: string }>();

/** All four at once, remembered by the port's name. */
export function portChains(port: PortName & { readonly name: string }): PortChains {
  let chains = PORTS.get(port.name);
  if (chains?.protocol !== port.protocol) {
    chains = {
      protocol: port.protocol,
      service: clusterChain(port),
      local: localChain(port),
      external: externalChain(port),
      firewall: firewallChain(port),
    };
    if (PORTS.size >= REMEMBERED) PORTS.clear();
    PORTS.set(port.name, chains);
  }
  return chains;
}

/** Chains of Services, which come and go, have a slash in their names; the others never. */
export function isServiceChain(chain: string): boolean {
  return chain.includes("/");
}
