import { parseCidr } from "../../base/ip.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { isRecord } from "../../base/json.ts";
import { type Cause, invalid } from "../status.ts";
import { subdomain1123Problems } from "../names.ts";
import type { ClusterConfig, ConfigObject } from "./types.ts";

/** kubeadm's defaults, with the pod subnet that flannel's manifest and most tutorials use. */
export const DEFAULT_CLUSTER: ClusterConfig = {
  serviceSubnet: "10.96.0.0/12",
  podSubnet: "10.244.0.0/16",
  dnsDomain: "cluster.local",
  nodePortRange: { from: 30000, to: 32767 },
};

const CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

const ONE_OF_EACH = "expected one (IPv4 or IPv6) CIDR or two CIDRs from each family for dual-stack networking";

/**
 * ClusterConfiguration (kubeadm.k8s.io/v1beta4) → what the network needs. The node port range is read from the API server's
 * flag `service-node-port-range` in apiServer.extraArgs, where kubeadm users put it.
 */
export function clusterConfig(object: ConfigObject | undefined): Result<ClusterConfig, readonly Cause[]> {
  if (object === undefined) return ok(DEFAULT_CLUSTER);
  const causes: Cause[] = [];
  const networking = isRecord(object["networking"]) ? object["networking"] : {};
  const text = (name: string, standard: string): string => {
    const value = networking[name];
    return typeof value === "string" && value !== "" ? value : standard;
  };
  const serviceSubnet = text("serviceSubnet", DEFAULT_CLUSTER.serviceSubnet);
  const podSubnet = text("podSubnet", DEFAULT_CLUSTER.podSubnet);
  const dnsDomain = text("dnsDomain", DEFAULT_CLUSTER.dnsDomain);
  for (const [field, value] of [
    ["networking.serviceSubnet", serviceSubnet],
    ["networking.podSubnet", podSubnet],
  ] as const) {
    const parts = value.split(",");
    const families = new Set(parts.map((part) => parseCidr(part.trim())?.family));
    if (families.has(undefined)) causes.push(invalid(field, value, CIDR));
    else if (parts.length > 2 || families.size < parts.length) causes.push(invalid(field, value, ONE_OF_EACH));
  }
  for (const problem of subdomain1123Problems(dnsDomain))
    causes.push(invalid("networking.dnsDomain", dnsDomain, problem));
  let nodePortRange = DEFAULT_CLUSTER.nodePortRange;
  const flag = flagOf(object, "service-node-port-range");
  if (flag !== undefined) {
    const match = /^(\d+)-(\d+)$/.exec(flag.value);
    const from = Number(match?.[1]);
    const to = Number(match?.[2]);
    if (match === null || from < 1 || to > 65535 || from > to) {
      causes.push(invalid(flag.field, flag.value, "must be a range of ports, as 30000-32767"));
    } else {
      nodePortRange = { from, to };
    }
  }
  return causes.length > 0 ? err(causes) : ok({ serviceSubnet, podSubnet, dnsDomain, nodePortRange });
}

function flagOf(object: ConfigObject, name: string): { readonly field: string; readonly value: string } | undefined {
  const server = object["apiServer"];
  const flags =
    isRecord(server) && Array.isArray(server["extraArgs"]) ? (server["extraArgs"] as readonly unknown[]) : [];
  for (const [i, flag] of flags.entries()) {
    if (isRecord(flag) && flag["name"] === name && typeof flag["value"] === "string") {
      return { field: `apiServer.extraArgs[${i}].value`, value: flag["value"] };
    }
  }
  return undefined;
}
