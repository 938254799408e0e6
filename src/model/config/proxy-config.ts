import { isRecord } from "../../base/json.ts";
import { parseCidr } from "../../base/ip.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { SECOND, type Micros } from "../../base/time.ts";
import { type Cause, invalid, notSupported } from "../status.ts";
import { parseDuration } from "./quantities.ts";
import type { ClusterConfig, ConfigObject, IpvsScheduler, ProxyConfig, ProxyMode } from "./types.ts";

const MODES: readonly ProxyMode[] = ["iptables", "nftables", "ipvs", "userspace"];
/** Modes of kube-proxy for Windows. */
const OF_WINDOWS: Readonly<Record<string, string>> = {
  winuserspace: "was kube-proxy's userspace mode for Windows nodes, removed in 1.26; the nodes here run Linux",
  kernelspace: "is kube-proxy's mode for Windows nodes; the nodes here run Linux",
};
/** kube-proxy also takes lblc and lblcr, which are not simulated. */
const SCHEDULERS: readonly IpvsScheduler[] = ["rr", "wrr", "lc", "wlc", "sh", "dh", "sed", "nq", "mh"];
const LOCAL_MODES: readonly ProxyConfig["detectLocalMode"][] = [
  "ClusterCIDR",
  "NodeCIDR",
  "BridgeInterface",
  "InterfaceNamePrefix",
];
const CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

/**
 * KubeProxyConfiguration (kubeproxy.config.k8s.io/v1alpha1) with kube-proxy's own defaults; an empty mode is iptables, an
 * absent clusterCIDR the cluster's pod subnet, as kubeadm writes it. Source: pkg/proxy/apis/config/v1alpha1/defaults.go and
 * validation. `userspace` is refused by kube-proxy since 1.26 and accepted here: it is history worth seeing.
 */
export function proxyConfig(
  object: ConfigObject | undefined,
  cluster: Pick<ClusterConfig, "podSubnet">,
): Result<ProxyConfig, readonly Cause[]> {
  const causes: Cause[] = [];
  const root: Readonly<Record<string, unknown>> = object ?? {};
  const section = (name: string): Readonly<Record<string, unknown>> => {
    const value = root[name];
    return isRecord(value) ? value : {};
  };
  const text = (value: unknown): string => (typeof value === "string" ? value : "");
  const list = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

  const asked = text(root["mode"]);
  const known = MODES.find((mode) => mode === asked);
  const foreign = OF_WINDOWS[asked];
  if (foreign !== undefined) causes.push(invalid("KubeProxyConfiguration.mode", asked, foreign));
  else if (known === undefined && asked !== "") causes.push(notSupported("KubeProxyConfiguration.mode", asked, MODES));
  const mode = known ?? "iptables";

  // Each mode has its own section; userspace shared the one of iptables.
  const sectionName = mode === "userspace" ? "iptables" : mode;
  const settings = section(sectionName);
  const period = (name: "syncPeriod" | "minSyncPeriod", standard: Micros): Micros => {
    const value = settings[name];
    if (value === undefined || value === "") return standard;
    const micros = typeof value === "string" ? parseDuration(value) : null;
    // kubeadm writes zeros for what nobody has set.
    if (micros === 0) return standard;
    const field = `KubeProxyConfiguration.${sectionName}.${name}`;
    if (micros === null) causes.push(invalid(field, value, `time: invalid duration ${JSON.stringify(value)}`));
    else if (name === "syncPeriod" ? micros <= 0 : micros < 0) {
      causes.push(
        invalid(field, value, name === "syncPeriod" ? "must be greater than 0" : "must be greater than or equal to 0"),
      );
    }
    return micros ?? standard;
  };
  const syncPeriod = period("syncPeriod", 30 * SECOND);
  const minSyncPeriod = period("minSyncPeriod", mode === "ipvs" ? 0 : SECOND);
  if (minSyncPeriod > syncPeriod) {
    const field = `KubeProxyConfiguration.${sectionName}.syncPeriod`;
    causes.push(
      invalid(
        field,
        `${syncPeriod / SECOND}s`,
        `must be greater than or equal to KubeProxyConfiguration.${sectionName}.minSyncPeriod`,
      ),
    );
  }
  const bit = settings["masqueradeBit"];
  const masqueradeBit = typeof bit === "number" ? bit : 14;
  if (masqueradeBit < 0 || masqueradeBit > 31) {
    causes.push(
      invalid(`KubeProxyConfiguration.${sectionName}.masqueradeBit`, masqueradeBit, "must be within the range [0, 31]"),
    );
  }

  const askedLocal = text(root["detectLocalMode"]);
  const localMode = LOCAL_MODES.find((local) => local === askedLocal);
  if (localMode === undefined && askedLocal !== "") {
    causes.push(notSupported("KubeProxyConfiguration.detectLocalMode", askedLocal, LOCAL_MODES));
  }
  const detectLocalMode = localMode ?? "ClusterCIDR";
  const local = section("detectLocal");
  const clusterCIDRs = text(root["clusterCIDR"])
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  for (const cidr of clusterCIDRs) {
    if (parseCidr(cidr) === null)
      causes.push(invalid("KubeProxyConfiguration.clusterCIDR", text(root["clusterCIDR"]), CIDR));
  }
  const detectLocal = ((): readonly string[] => {
    switch (detectLocalMode) {
      case "ClusterCIDR":
        if (list(local["clusterCIDRs"]).length > 0) return list(local["clusterCIDRs"]);
        if (clusterCIDRs.length > 0) return clusterCIDRs;
        return cluster.podSubnet
          .split(",")
          .map((part) => part.trim())
          .filter((part) => part !== "");
      case "NodeCIDR":
        return [];
      case "BridgeInterface":
        return [text(local["bridgeInterface"])].filter((name) => name !== "");
      case "InterfaceNamePrefix":
        return [text(local["interfaceNamePrefix"])].filter((name) => name !== "");
    }
  })();

  const addresses = root["nodePortAddresses"];
  const nodePortAddresses = Array.isArray(addresses) && addresses.length > 0 ? list(addresses) : null;
  for (const [i, address] of (nodePortAddresses ?? []).entries()) {
    if (address === "primary" && nodePortAddresses?.length === 1) continue;
    if (parseCidr(address) === null)
      causes.push(invalid(`KubeProxyConfiguration.nodePortAddresses[${i}]`, address, CIDR));
  }

  const askedScheduler = mode === "ipvs" ? text(settings["scheduler"]) : "";
  const scheduler = SCHEDULERS.find((name) => name === askedScheduler);
  if (scheduler === undefined && askedScheduler !== "") {
    const detail = /^lblcr?$/.test(askedScheduler)
      ? "kube-proxy takes this scheduler; it is not simulated here"
      : "must be in [rr wrr lc wlc lblc lblcr sh dh sed nq mh ], blank means the default algorithm method (currently rr)";
    causes.push(invalid("KubeProxyConfiguration.ipvs.scheduler", askedScheduler, detail));
  }

  // Nothing but userspace mode reads it, and what nobody reads nobody checks.
  const proxyPorts = mode === "userspace" ? portRange(text(root["portRange"])) : null;
  if (proxyPorts === undefined) {
    const field = "KubeProxyConfiguration.PortRange";
    causes.push(invalid(field, text(root["portRange"]), "must be a valid port range (e.g. 300-2000)"));
  }

  if (causes.length > 0) return err(causes);
  const iptables = section("iptables");
  const { verbosity } = section("logging");
  return ok({
    mode,
    detectLocalMode,
    detectLocal,
    masqueradeAll: settings["masqueradeAll"] === true,
    masqueradeBit,
    localhostNodePorts: iptables["localhostNodePorts"] !== false,
    nodePortAddresses,
    minSyncPeriod,
    syncPeriod,
    nfacct: true,
    conntrackTCPBeLiberal: section("conntrack")["tcpBeLiberal"] === true,
    randomFully: true,
    ...(scheduler === undefined ? {} : { ipvsScheduler: scheduler }),
    ...(mode === "ipvs" && settings["strictARP"] === true ? { strictARP: true } : {}),
    ...(typeof verbosity === "number" && { verbosity }),
    ...(proxyPorts ? { proxyPorts } : {}),
  });
}

/**
 * `300-2000`, `300+1700` or `300`; null for none (empty, or beginning with 0), undefined when it is no range. Source: PortRange.Set
 * in k8s.io/apimachinery/pkg/util/net.
 */
function portRange(value: string): { readonly from: number; readonly to: number } | null | undefined {
  if (value.trim() === "") return null;
  const parts = /^(\d+)(?:([-+])(\d+))?$/.exec(value.trim());
  if (parts === null) return undefined;
  const from = Number(parts[1]);
  const second = Number(parts[3]);
  const to = parts[2] === undefined ? from : parts[2] === "-" ? second : Math.min(65_535, from + second);
  if (from > 65_535 || to > 65_535 || to < from) return undefined;
  return from === 0 ? null : { from, to };
}
