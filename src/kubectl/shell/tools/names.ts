/** The addresses of a name as a tool's machine finds them: /etc/hosts first, then what its resolver asks for. */
import { parseIP } from "../../../base/ip.ts";
import type { Service } from "../../../model/service/types.ts";
import type { Pod } from "../../../model/pod/types.ts";
import { objectKey } from "../../../model/meta/types.ts";
import { nodeAddresses, podAddresses } from "../../../network/addresses.ts";
import type { Node } from "../../../model/node/types.ts";
import type { World } from "../../../world/types.ts";
import type { Seat } from "./seat.ts";

function ownAddresses({ world, pod, hostname, from }: Seat): readonly string[] {
  if (pod !== null && pod.spec.hostNetwork !== true) return podAddresses(pod);
  const node = world.objects.get<Node>(objectKey("Node", undefined, pod?.spec.nodeName ?? from.replace(/^node\//, "")));
  return node === undefined ? (hostname === "localhost" ? ["127.0.0.1"] : []) : nodeAddresses(node);
}

/** Every address that getaddrinfo() would return, in its order; none when there is no such name. */
export function addressesOf(seat: Seat, name: string): readonly string[] {
  if (parseIP(name) !== null) return [name];
  if (name === "localhost" || name === "ip6-localhost") return name === "localhost" ? ["127.0.0.1", "::1"] : ["::1"];
  if (name === seat.hostname) return ownAddresses(seat);
  return inCluster(seat, name);
}

/** The names of the cluster's domain, with the search list of the pod's resolv.conf. */
function inCluster({ world, pod }: Seat, name: string): readonly string[] {
  if (pod === null) return [];
  const { dnsDomain } = world.config.cluster;
  const namespace = pod.metadata.namespace ?? "default";
  const searches = [`${namespace}.svc.${dnsDomain}`, `svc.${dnsDomain}`, dnsDomain];
  const absolute = name.endsWith(".");
  const tried = absolute ? [name.slice(0, -1)] : [...searches.map((search) => `${name}.${search}`), name];
  for (const full of tried) {
    const found = zone(world, full.toLowerCase(), dnsDomain);
    if (found.length > 0) return found;
  }
  return [];
}

function zone(world: World, full: string, domain: string): readonly string[] {
  const suffix = `.svc.${domain}`;
  if (!full.endsWith(suffix)) return [];
  const labels = full.slice(0, -suffix.length).split(".");
  const [service, namespace] = labels.slice(-2);
  if (labels.length < 2 || labels.length > 3 || service === undefined || namespace === undefined) return [];
  const object = world.objects.get<Service>(objectKey("Service", namespace, service));
  if (object === undefined) return [];
  const ips = object.spec.clusterIPs ?? [object.spec.clusterIP ?? ""];
  if (ips[0] !== "None") return labels.length === 2 ? ips.filter((ip) => ip !== "") : [];
  const pods = world.objects.podsMatching(namespace, object.spec.selector ?? {});
  return pods
    .filter((one: Pod) => labels.length === 2 || one.spec.hostname === labels[0] || one.metadata.name === labels[0])
    .flatMap(podAddresses);
}
