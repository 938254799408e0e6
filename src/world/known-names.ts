/** What a process in a pod finds behind a name, where its own lookups are not walked: HAProxy at its start, nginx behind an ExternalName. */
import type { ObjectReader } from "../apiserver/types.ts";
import { parseIP } from "../base/ip.ts";
import { absolute } from "../dns/names.ts";
import { outsideNames } from "../dns/outside.ts";
import { MACHINE_RESOLV_CONF, podResolvConf } from "../dns/resolv-conf.ts";
import { answerZone, type ZoneContext } from "../dns/zone.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { DnsQuestion, DnsResponse } from "../model/trace/message.ts";

/** An alias may lead to an alias, but not for ever. */
const MAX_ALIASES = 4;

/**
 * The first IPv4 address of a name by the pod's resolver: with its search list, and the cluster's names only where it asks the
 * cluster's DNS, which a hostNetwork pod does not unless its dnsPolicy says so. A literal is its own; null: nobody knows it.
 */
export function knownAddress(reader: ObjectReader, cluster: ClusterConfig, pod: Pod, name: string): string | null {
  if (parseIP(name) !== null) return name;
  const { nameservers, search } = podResolvConf(pod, cluster);
  const inCluster = nameservers[0] !== MACHINE_RESOLV_CONF.nameservers[0];
  const names = name.endsWith(".") ? [name] : [...search.map((domain) => `${name}.${domain}.`), absolute(name)];
  for (const one of names) {
    const found = ask(reader, cluster, inCluster, { kind: "dns", name: one.toLowerCase(), type: "A" }, 0);
    const address = found?.answer.find((record) => record.type === "A")?.data;
    if (address !== undefined) return address;
  }
  return null;
}

function ask(
  reader: ObjectReader,
  cluster: ClusterConfig,
  inCluster: boolean,
  question: DnsQuestion,
  depth: number,
): DnsResponse | null {
  const bare = { question, flags: [], authority: [], additional: [], took: 0 } as const;
  const context: ZoneContext = {
    reader,
    plugin: {
      zones: [absolute(cluster.dnsDomain)],
      pods: "insecure",
      ttl: 30,
      fallthrough: [],
      endpointPodNames: false,
      namespaces: [],
      ignoreEmpty: false,
    },
    serial: 0,
    own: [],
    ask: (next) => (depth >= MAX_ALIASES ? null : ask(reader, cluster, inCluster, next, depth + 1)),
  };
  const zone = inCluster ? answerZone(context, question) : null;
  if (zone !== null && zone !== "fallthrough") return { ...bare, ...zone };
  const ips = outsideNames(reader).get(question.name) ?? [];
  const answer = ips
    .filter((ip) => !ip.includes(":"))
    .map((data) => ({ name: question.name, ttl: 300, type: "A" as const, data }));
  return { ...bare, rcode: answer.length === 0 ? "NXDOMAIN" : "NOERROR", answer };
}
