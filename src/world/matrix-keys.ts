/**
 * What a cell of the table depends on, as a text: equal texts, equal cells. It holds everything that the packet paths of this sender
 * and this Service can meet, and of the rest only what is cheap to hold whole (nodes, clients, faults, what kernels remember).
 */
import { keyOf, type KubeObject, objectKey } from "../model/meta/types.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { MatrixColumn, MatrixRow } from "../model/trace/matrix.ts";
import type { ProxyMode } from "../model/config/types.ts";
import { clusterIPsOf } from "../diagnose/target.ts";
import { nodeAddresses, podAddresses } from "../network/addresses.ts";
import { podHost } from "../network/topology/pod.ts";
import { createTopology } from "../network/topology/topology.ts";
import { relevantRevision } from "./proxies.ts";
import type { Cluster } from "./simulation.ts";

/** Fields that differ between histories and make no difference to a packet. */
const IDLE: ReadonlySet<string> = new Set([
  "resourceVersion",
  "uid",
  "creationTimestamp",
  "generation",
  "observedGeneration",
  "managedFields",
  "lastTransitionTime",
  "lastHeartbeatTime",
  "lastUpdateTime",
  "startedAt",
  "startTime",
  "finishedAt",
  "containerID",
  "kubectl.kubernetes.io/last-applied-configuration",
]);

const DIGESTS = new WeakMap<object, string>();

/** Objects are replaced and never changed: what one comes to is worked out once. */
function digest(value: object): string {
  let known = DIGESTS.get(value);
  if (known === undefined) {
    known = JSON.stringify(value, (key, inner: unknown) => (IDLE.has(key) ? undefined : inner));
    DIGESTS.set(value, known);
  }
  return known;
}

/** Texts as small numbers, the same ones for as long as the table is kept. */
export class Interned {
  private readonly numbers = new Map<string, number>();

  of(text: string): number {
    let number = this.numbers.get(text);
    if (number === undefined) this.numbers.set(text, (number = this.numbers.size));
    return number;
  }
}

interface ServicePart {
  readonly own: number;
  readonly namespaces: ReadonlySet<string>;
  /** Its addresses, and those of its endpoints. */
  readonly addresses: readonly string[];
  readonly vips: readonly string[];
  /** Ports at which its endpoints are nodes themselves: another Service's node port may be there. */
  readonly onNodes: readonly number[];
  /** An endpoint whose process goes on from there: anything may matter. */
  readonly isOpen: boolean;
}

/** `epoch`: which history it is; revisions of another say nothing. */
export function keysOf(
  cluster: Cluster,
  interned: Interned,
  epoch: number,
): (row: MatrixRow, column: MatrixColumn, mode: ProxyMode | null) => string {
  const { store, state } = cluster;
  const view = cluster.view();
  const topology = createTopology(view);
  const latest = relevantRevision(store.journal, store.revision);
  const nodes = store.list<Node>("Node");
  const pods = store.list<Pod>("Pod");
  const services = store.list<Service>("Service");
  const process = (pod: Pod): string => view.processOf?.(pod) ?? "answers";
  const podPart = (pod: Pod): string => digest(pod) + process(pod);
  const all = (kind: string): string => store.list(kind).map(digest).join("\n");
  const isOnHost = ({ spec }: Pod): boolean =>
    spec.hostNetwork === true ||
    spec.containers.some(({ ports = [] }) => ports.some(({ hostPort = 0 }) => hostPort > 0));
  const idle = Object.keys(state.network.hosts).length === 0;
  const whole = interned.of(
    [
      ...[
        "Node",
        "Client",
        "Lab",
        "CloudProvider",
        "Namespace",
        "IPAddressPool",
        "L2Advertisement",
        "BGPAdvertisement",
        "BGPPeer",
      ].map(all),
      ...pods.filter(isOnHost).map(podPart),
      ...nodes.map(({ metadata: { name } }) => {
        const { sync, config, failure, kernel, localnet } = cluster.proxyOf(name);
        // Rules that lag behind are told by their revision; those that do not, by the objects.
        const isCurrent = (sync?.syncedRevision ?? 0) >= latest && config !== null;
        const rules = isCurrent ? "current" : `${String(epoch)}/${String(cluster.rulesRevision(name))}`;
        const written = kernel === null ? "" : digest({ ...kernel.config });
        return [name, cluster.modeOf(name), rules, config === null, failure, localnet, written].join(" ");
      }),
      digest(state.faults),
      digest(state.cluster),
      digest(state.cloud),
      digest(state.network),
      idle ? "" : String(cluster.now),
      String(state.seed),
    ].join("\n"),
  );
  const everything = `${String(epoch)}/${String(store.revision)}/${String(cluster.now)}/${String(state.version)}`;
  const reports = new Map(cluster.balancerReports().map((report) => [report.service, JSON.stringify(report)]));
  const podsByIP = new Map(pods.flatMap((pod) => podAddresses(pod).map((ip) => [ip, pod] as const)));
  const nodeIPs = new Set(nodes.flatMap(nodeAddresses));

  const vipsOf = (service: Service): readonly string[] => [
    ...clusterIPsOf(service),
    ...(service.spec.externalIPs ?? []),
    ...(service.status.loadBalancer.ingress ?? []).flatMap(({ ip }) => ip ?? []),
    ...(service.spec.type === "LoadBalancer" ? (view.balancerAddresses?.(service) ?? []) : []),
  ];
  /** What processes of a pod do with a client that only connects. */
  const reactionsOf = (pod: Pod): readonly string[] =>
    (topology.host(podHost(pod))?.listeners ?? []).map((listener) => {
      const local = { ip: podAddresses(pod)[0] ?? "", port: listener.port ?? 0 };
      const heard = { says: null, source: { ip: "192.0.2.1", port: 40_000 }, local, now: cluster.now, sample: () => 0 };
      return view.programOf?.(pod, listener)?.react(heard)?.kind ?? "";
    });
  const parts = new Map<string, ServicePart>();
  const partOf = (service: Service): ServicePart => {
    const key = keyOf(service);
    let part = parts.get(key);
    if (part !== undefined) return part;
    const namespace = service.metadata.namespace ?? "default";
    const slices = store.slicesOf(namespace, service.metadata.name);
    const ips = slices.flatMap(({ endpoints }) => (endpoints ?? []).flatMap(({ addresses }) => addresses));
    const behind = ips.flatMap((ip) => podsByIP.get(ip) ?? []);
    const reactions = [...new Set(behind)].flatMap(reactionsOf);
    const vips = vipsOf(service);
    part = {
      own: interned.of(
        [digest(service), ...slices.map(digest), ...behind.map(podPart), reports.get(key) ?? "", ...reactions].join(
          "\n",
        ),
      ),
      namespaces: new Set([namespace, ...behind.map(({ metadata }) => metadata.namespace ?? "default")]),
      addresses: [...vips, ...ips],
      vips,
      onNodes: ips.some((ip) => nodeIPs.has(ip))
        ? slices.flatMap(({ ports }) => (ports ?? []).flatMap(({ port }) => port ?? []))
        : [],
      isOpen: reactions.includes("relay"),
    };
    parts.set(key, part);
    return part;
  };
  /** Services by each of their addresses, to find those that meddle with another's. */
  const byVip = new Map<string, Service[]>();
  for (const service of services) for (const ip of vipsOf(service)) byVip.set(ip, [...(byVip.get(ip) ?? []), service]);
  const meddling = (own: Service, ips: readonly string[]): readonly Service[] =>
    [...new Set(ips.flatMap((ip) => byVip.get(ip) ?? []))].filter((other) => other !== own);
  const onNodes = [...nodeIPs];
  const hasNodePort = ({ spec }: Service, wanted: readonly number[]): boolean =>
    wanted.includes(spec.healthCheckNodePort ?? 0) ||
    (spec.ports ?? []).some(({ nodePort = 0 }) => wanted.includes(nodePort));

  const policies = store.list<NetworkPolicy>("NetworkPolicy");
  const policyPart = (namespaces: ReadonlySet<string>): string =>
    policies
      .filter(({ metadata }) => namespaces.has(metadata.namespace ?? "default"))
      .map(digest)
      .join("\n");
  const dns = (): string => {
    const servers = services
      .filter(({ metadata }) => metadata.namespace === "kube-system")
      .map((service) => partOf(service).own);
    const file = store.get<ConfigMap>(objectKey("ConfigMap", "kube-system", "coredns"));
    return `${servers.join(" ")} ${file === undefined ? "" : digest(file)} ${policyPart(new Set(["kube-system"]))}`;
  };
  let dnsPart: number | null = null;

  return (row, column, mode) => {
    const service = store.get<Service>(column.service);
    const [, namespace = "", name = ""] = row.from.split("/");
    const pod = row.kind === "pod" ? store.get<Pod>(objectKey("Pod", namespace, name)) : undefined;
    const part = service === undefined ? null : partOf(service);
    if (service === undefined || part === null) return everything;
    const ips = [...part.addresses, ...(pod === undefined ? [] : podAddresses(pod)), ...onNodes];
    const taken = part.onNodes.length === 0 ? [] : services.filter((other) => hasNodePort(other, part.onNodes));
    const others = [...meddling(service, ips), ...taken].map(partOf);
    const isOpen = part.isOpen || others.some((other) => other.isOpen);
    const namespaces = new Set([...part.namespaces, ...(pod === undefined ? [] : [namespace])]);
    const sender: readonly KubeObject[] = pod === undefined ? [] : [pod];
    return [
      mode ?? "",
      row.from,
      column.to,
      column.protocol,
      column.family ?? "",
      whole,
      part.own,
      others.map(({ own }) => own).join(","),
      interned.of(sender.map((one) => podPart(one as Pod)).join("")),
      interned.of(policyPart(namespaces)),
      column.road === "headless" ? (dnsPart ??= interned.of(dns())) : "",
      isOpen ? everything : "",
    ].join(" ");
  };
}
