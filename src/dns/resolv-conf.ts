/** What stands in a machine's /etc/resolv.conf. Source: pkg/kubelet/network/dns/dns.go [1.36]. */
import { cidrNth } from "../base/ip.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { Pod } from "../model/pod/types.ts";

export interface ResolvConf {
  readonly nameservers: readonly string[];
  readonly search: readonly string[];
  /** `ndots:5`. */
  readonly options: readonly string[];
}

/** The resolver that nodes, and what is outside without one of its own, ask: the provider's, behind the router. */
export const PROVIDER_RESOLVER = "192.168.56.1";

/** A machine that is in no cluster, or a node of one. */
export const MACHINE_RESOLV_CONF: ResolvConf = { nameservers: [PROVIDER_RESOLVER], search: [], options: [] };

const MAX_SEARCH = 32;
const MAX_SEARCH_CHARS = 2_048;
const MAX_NAMESERVERS = 3;

const unique = (words: readonly string[]): readonly string[] => [...new Set(words)];

/** By the pod's dnsPolicy and dnsConfig. */
export function podResolvConf(pod: Pod, { serviceSubnet, dnsDomain }: ClusterConfig): ResolvConf {
  const { dnsPolicy = "ClusterFirst", hostNetwork, dnsConfig } = pod.spec;
  const namespace = pod.metadata.namespace ?? "default";
  const cluster: ResolvConf = {
    nameservers: [cidrNth(serviceSubnet.split(",")[0]?.trim() ?? "", 10)],
    search: [`${namespace}.svc.${dnsDomain}`, `svc.${dnsDomain}`, dnsDomain, ...MACHINE_RESOLV_CONF.search],
    options: ["ndots:5"],
  };
  const isNodes = dnsPolicy === "Default" || (dnsPolicy === "ClusterFirst" && hostNetwork === true);
  const none: ResolvConf = { nameservers: [], search: [], options: [] };
  const base = dnsPolicy === "None" ? none : isNodes ? MACHINE_RESOLV_CONF : cluster;
  const own = (dnsConfig?.options ?? []).map(({ name = "", value }) =>
    value === undefined ? name : `${name}:${value}`,
  );
  const named = new Set(own.map((option) => option.split(":")[0]));
  return {
    nameservers: unique([...base.nameservers, ...(dnsConfig?.nameservers ?? [])]).slice(0, MAX_NAMESERVERS),
    search: fitting(unique([...base.search, ...(dnsConfig?.searches ?? [])])),
    options: [...base.options.filter((option) => !named.has(option.split(":")[0])), ...own],
  };
}

/** As many domains as a search line may have. */
function fitting(domains: readonly string[]): readonly string[] {
  let kept = domains.slice(0, MAX_SEARCH);
  while (kept.join(" ").length > MAX_SEARCH_CHARS) kept = kept.slice(0, -1);
  return kept;
}

/** The file's text. */
export function resolvConfText({ nameservers, search, options }: ResolvConf): string {
  return [
    ...(search.length > 0 ? [`search ${search.join(" ")}`] : []),
    ...nameservers.map((ip) => `nameserver ${ip}`),
    ...(options.length > 0 ? [`options ${options.join(" ")}`] : []),
  ]
    .map((line) => `${line}\n`)
    .join("");
}
