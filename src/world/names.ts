/** What each machine knows of names by itself: its resolv.conf, its hosts file, and the resolvers outside the cluster. */
import type { ObjectReader } from "../apiserver/types.ts";
import { answerOutside, outsideNames } from "../dns/outside.ts";
import { MACHINE_RESOLV_CONF, podResolvConf, PROVIDER_RESOLVER, type ResolvConf } from "../dns/resolv-conf.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { Client } from "../model/kubehop/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { HostsLine, NameService, Sender } from "../network/lookup.ts";

/** `/etc/hosts` as kubelet writes it. Source: pkg/kubelet/kubelet_pods.go ensureHostsFile. */
export function podHosts(pod: Pod, { dnsDomain }: ClusterConfig): readonly HostsLine[] {
  const { hostname = pod.metadata.name, subdomain = "", hostNetwork, hostAliases = [] } = pod.spec;
  const ips = pod.status.podIPs?.map(({ ip }) => ip) ?? (pod.status.podIP === undefined ? [] : [pod.status.podIP]);
  const qualified =
    subdomain === "" ? [] : [`${hostname}.${subdomain}.${pod.metadata.namespace ?? "default"}.svc.${dnsDomain}`];
  return [
    { ip: "127.0.0.1", names: ["localhost"] },
    { ip: "::1", names: ["localhost", "ip6-localhost", "ip6-loopback"] },
    { ip: "fe00::0", names: ["ip6-localnet"] },
    { ip: "fe00::0", names: ["ip6-mcastprefix"] },
    { ip: "fe00::1", names: ["ip6-allnodes"] },
    { ip: "fe00::2", names: ["ip6-allrouters"] },
    ...(hostNetwork === true ? [] : ips.map((ip) => ({ ip, names: [...qualified, hostname] }))),
    ...hostAliases.map(({ ip = "", hostnames = [] }) => ({ ip, names: hostnames })),
  ];
}

/** The resolv.conf of whoever sends: a pod, a node or a client. */
export function resolvConfOf(
  reader: ObjectReader,
  cluster: ClusterConfig,
  { host, pod }: Pick<Sender, "host" | "pod">,
): ResolvConf {
  const own = pod === null ? undefined : reader.get<Pod>(objectKey("Pod", pod.namespace, pod.name));
  if (own !== undefined) return podResolvConf(own, cluster);
  const client = host.startsWith("client/")
    ? reader.get<Client>(objectKey("Client", undefined, host.slice("client/".length)))
    : undefined;
  const { nameservers, searches = [] } = client?.spec ?? {};
  return { ...MACHINE_RESOLV_CONF, nameservers: nameservers ?? MACHINE_RESOLV_CONF.nameservers, search: searches };
}

/** Everything about names that needs no packet. */
export function nameService(reader: ObjectReader, cluster: ClusterConfig): NameService {
  return {
    resolverOf: (sender) => resolvConfOf(reader, cluster, sender),
    hostsOf: ({ host, pod }) => {
      const own = pod === null ? undefined : reader.get<Pod>(objectKey("Pod", pod.namespace, pod.name));
      const local = [
        { ip: "127.0.0.1", names: ["localhost", host.split("/").at(-1) ?? ""] },
        { ip: "::1", names: ["localhost"] },
      ];
      return own === undefined ? local : podHosts(own, cluster);
    },
    outside: (nameserver, question) =>
      nameserver === PROVIDER_RESOLVER ? answerOutside(outsideNames(reader), question) : null,
  };
}
