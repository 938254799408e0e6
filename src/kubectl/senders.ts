/** Senders and targets as people write them, made into the forms that the world knows. */
import type { ObjectReader } from "../apiserver/types.ts";
import { parseIP } from "../base/ip.ts";
import { makerOf } from "../diagnose/endpoints.ts";
import type { Ingress } from "../model/ingress/types.ts";
import type { Client } from "../model/kubehop/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Protocol } from "../model/trace/types.ts";
import type { World } from "../world/types.ts";
import { Refused } from "./refused.ts";

export const PROTOCOLS: readonly Protocol[] = ["tcp", "udp", "icmp", "sctp"];

/** Kinds by the names that kubectl knows them by. */
const KINDS: Readonly<Record<string, string>> = Object.fromEntries(
  (
    [
      ["Pod", "pod pods po"],
      ["Deployment", "deploy deployment deployments deployment.apps"],
      ["StatefulSet", "sts statefulset statefulsets statefulset.apps"],
      ["DaemonSet", "ds daemonset daemonsets daemonset.apps"],
      ["ReplicaSet", "rs replicaset replicasets replicaset.apps"],
      ["Job", "job jobs job.batch"],
      ["Node", "node nodes no"],
      ["Client", "client clients"],
      ["Service", "svc service services"],
      ["Balancer", "lb loadbalancer"],
      ["NodePort", "nodeport"],
      ["Ingress", "ingress ingresses ing"],
    ] as const
  ).flatMap(([kind, names]) => names.split(" ").map((name) => [name, kind])),
);

const WORKLOADS = ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"] as const;

/** What people call somebody outside the cluster. */
const OUTSIDE = new Set(["outside", "external", "internet", "client", "user", "browser", "laptop", "world", "host"]);

/** Ports of schemes that are not HTTP's. */
const SCHEME_PORTS: Readonly<Record<string, string>> = {
  redis: "6379",
  rediss: "6379",
  postgres: "5432",
  postgresql: "5432",
  mysql: "3306",
  mongodb: "27017",
  amqp: "5672",
  nats: "4222",
  kafka: "9092",
  grpc: "50051",
  ws: "80",
  wss: "443",
  ldap: "389",
};

const namespaceIn = ({ metadata }: KubeObject): string => metadata.namespace ?? "default";

/** The namespace of an object that is named without one: the likeliest, the default one, or the only one that has it. */
function namespaceFor(objects: ObjectReader, kind: string, name: string, likely: string | null): string | null {
  const all = objects
    .list<KubeObject>(kind)
    .filter(({ metadata }) => metadata.name === name)
    .map(namespaceIn);
  const found = [likely, "default"].find((one) => one !== null && all.includes(one)) ?? all[0];
  if (found === undefined) return null;
  if (all.length > 1 && found !== likely && found !== "default")
    throw new Refused(
      `${kind} "${name}" is in namespaces ${all.join(", ")}: write ${kind.toLowerCase()}/NAMESPACE/${name}`,
    );
  return found;
}

/** A pod of this workload that can send, or else one that cannot. */
function podOf(objects: ObjectReader, kind: string, namespace: string, name: string): Pod | undefined {
  const key = objectKey(kind, namespace, name);
  const pods = objects.list<Pod>("Pod", namespace).filter((pod) => makerOf(objects, pod).key === key);
  return pods.find(({ status }) => status.podIP !== undefined) ?? pods[0];
}

const podName = (pod: Pod): string => `pod/${namespaceIn(pod)}/${pod.metadata.name}`;

/** Something of this kind as a sender or target: a Deployment as such, another workload by one of its pods; null: there is none. */
function placeOf(objects: ObjectReader, kind: string, namespace: string | null, name: string): string | null {
  const within = namespace ?? namespaceFor(objects, kind, name, null);
  if (within === null || objects.get(objectKey(kind, within, name)) === undefined) return null;
  if (kind === "Pod") return `pod/${within}/${name}`;
  if (kind === "Deployment") return `deploy/${within}/${name}`;
  const pod = podOf(objects, kind, within, name);
  return pod === undefined ? null : podName(pod);
}

const clientNames = (objects: ObjectReader): readonly string[] =>
  objects.list<Client>("Client").map(({ metadata }) => metadata.name);

function ofWorkloads(objects: ObjectReader, namespace: string | null, name: string): string | null {
  for (const kind of ["Pod", ...WORKLOADS]) {
    const found = placeOf(objects, kind, namespace, name);
    if (found !== null) return found;
  }
  return null;
}

/** A pod that carries a label, the namespace before a slash. */
function ofLabel(objects: ObjectReader, namespace: string | null, text: string): string | null {
  const [key = "", value = ""] = text.split("=");
  const pods = objects
    .list<Pod>("Pod", ...(namespace === null ? [] : [namespace]))
    .filter(({ metadata }) => metadata.labels?.[key] === value);
  const pod = pods.find(({ status }) => status.podIP !== undefined) ?? pods[0];
  return pod === undefined ? null : podName(pod);
}

function ofAddress(objects: ObjectReader, ip: string): string | null {
  const pod = objects.list<Pod>("Pod").find(({ status, spec }) => status.podIP === ip && spec.hostNetwork !== true);
  const node = objects
    .list<Node>("Node")
    .find(({ status }) => (status?.addresses ?? []).some(({ address }) => address === ip));
  const client = objects.list<Client>("Client").find(({ spec }) => spec.ip === ip);
  if (pod !== undefined) return podName(pod);
  if (node !== undefined) return `node/${node.metadata.name}`;
  return client === undefined ? null : `client/${client.metadata.name}`;
}

/** One word without a kind: a pod, a workload, a node, a client, somebody outside, or whoever has it as the label app. */
function ofName(objects: ObjectReader, namespace: string | null, name: string): string | null {
  const [client = "internet"] = clientNames(objects);
  const pod = ofWorkloads(objects, namespace, name);
  if (pod !== null || namespace !== null) return pod;
  if (objects.get(objectKey("Node", undefined, name)) !== undefined) return `node/${name}`;
  if (clientNames(objects).includes(name)) return `client/${name}`;
  if (OUTSIDE.has(name)) return `client/${client}`;
  return (
    ["app", "app.kubernetes.io/name", "run", "k8s-app"]
      .map((key) => ofLabel(objects, null, `${key}=${name}`))
      .find((found) => found !== null) ?? null
  );
}

/** A sender as the world knows it; the text itself where nothing is known of it, which is then refused in the world's words. */
export function senderOf(objects: ObjectReader, text: string): string {
  const [first = "", second = "", third, ...rest] = text.split("/");
  const kind = KINDS[first.toLowerCase()];
  if (rest.length > 0) return text;
  if (second === "") {
    if (first.includes("=")) return ofLabel(objects, null, first) ?? text;
    if (parseIP(first) !== null) return ofAddress(objects, first) ?? text;
    // Of a text that was refused there is nothing to look at.
    const isEmpty = objects.list("Node").length === 0;
    const guess = OUTSIDE.has(first) ? "client/internet" : `pod/default/${first}`;
    return ofName(objects, null, first) ?? (isEmpty ? guess : text);
  }
  const [namespace, name] = third === undefined ? [null, second] : [second, third];
  if (kind === "Node") return `node/${name}`;
  if (kind === "Client") {
    const known = clientNames(objects);
    return `client/${known.includes(name) || !OUTSIDE.has(name) ? name : (known[0] ?? name)}`;
  }
  if (kind === undefined) {
    if (third !== undefined) return text;
    return (second.includes("=") ? ofLabel(objects, first, second) : ofName(objects, first, second)) ?? text;
  }
  const canonical = { Pod: "pod", Deployment: "deploy" }[kind] ?? first;
  return (
    placeOf(objects, kind, namespace, name) ??
    // The pods of a workload have names of their own.
    (kind === "Pod" ? ofWorkloads(objects, namespace, name) : null) ??
    (namespace === null ? `${canonical}/default/${name}` : `${canonical}/${namespace}/${name}`)
  );
}

interface Target {
  readonly to: string;
  /** Of the Service that it names, where that leaves no choice. */
  readonly protocol?: Protocol;
}

/** The Service's port that is meant: its number or name, else the only one, else the first. */
function portOf({ spec }: Service, written: string, protocol: Protocol | null): Target {
  const ports = spec.ports ?? [];
  const named = ports.filter(({ port, name }) => written === "" || String(port) === written || name === written);
  const fitting = named.filter((one) => protocol === null || one.protocol.toLowerCase() === protocol);
  const chosen = fitting.find((one) => one.protocol === "TCP") ?? fitting[0] ?? named[0];
  if (chosen === undefined) return { to: written };
  return { to: String(chosen.port), protocol: chosen.protocol.toLowerCase() as Protocol };
}

const joined = (host: string, port: string): string => (port === "" ? host : `${host}:${port}`);

/** A Service by its kind and name. One without an address of its own is dialled by name. */
function toService(world: World, kind: string, service: Service, written: string, protocol: Protocol | null): Target {
  const { namespace = "default", name } = service.metadata;
  const { to: port, protocol: spoken } = portOf(service, written, protocol);
  const said = protocol !== null || spoken === undefined ? {} : { protocol: spoken };
  const at = protocol === "icmp" ? "" : port;
  if (kind === "NodePort") {
    const node = world.objects.list<Node>("Node")[0]?.metadata.name ?? "";
    const found = (service.spec.ports ?? []).find((one) => String(one.port) === port)?.nodePort;
    return { to: joined(`node/${node}`, String(found ?? "")), ...said };
  }
  if (kind === "Balancer") return { to: joined(`lb/${namespace}/${name}`, at), ...said };
  const isNamed = service.spec.type === "ExternalName" || service.spec.clusterIP === "None";
  const host = isNamed ? `${name}.${namespace}.svc.${world.config.cluster.dnsDomain}` : `service/${namespace}/${name}`;
  return { to: joined(host, at), ...said };
}

/** The Service that a name means to this sender; else one of that name anywhere. */
function serviceNamed(objects: ObjectReader, host: string, namespace: string): Service | undefined {
  const [name = "", within] = host.replace(/\.$/, "").split(".");
  const found = objects.get<Service>(objectKey("Service", within ?? namespace, name));
  return found ?? objects.list<Service>("Service").find(({ metadata }) => metadata.name === name);
}

function toIngress(objects: ObjectReader, namespace: string, name: string): Target | null {
  const ingress = objects.get<Ingress>(objectKey("Ingress", namespace, name));
  const rule = ingress?.spec.rules?.[0];
  if (rule?.host === undefined) return null;
  return { to: `http://${rule.host}${rule.http?.paths[0]?.path ?? "/"}` };
}

/** `KIND/[NS/]NAME[:PORT]`. */
function ofKind(
  world: World,
  kind: string,
  path: string,
  port: string,
  near: string,
  protocol: Protocol | null,
): Target | null {
  const { objects } = world;
  const [a = "", b] = path.split("/");
  if (kind === "Node") return { to: joined(`node/${a}`, port) };
  if (kind === "Client") return { to: joined(`client/${a}`, port) };
  const looked = kind === "Balancer" || kind === "NodePort" ? "Service" : kind;
  const [name = a, dotted] = b === undefined && looked === "Service" ? a.split(".") : [b ?? a];
  const namespace = b === undefined ? (dotted ?? namespaceFor(objects, looked, name, near)) : a;
  if (kind === "Ingress") return namespace === null ? null : toIngress(objects, namespace, name);
  if (looked === "Service") {
    const service = namespace === null ? undefined : objects.get<Service>(objectKey("Service", namespace, name));
    if (service !== undefined) return toService(world, kind, service, port, protocol);
    const canonical = kind === "Balancer" ? "lb" : "service";
    return { to: joined(`${canonical}/${namespace ?? near}/${name}`, port) };
  }
  const pod =
    kind === "Pod"
      ? `pod/${namespace ?? near}/${name}`
      : namespace === null
        ? null
        : ((found) => (found === undefined ? null : podName(found)))(podOf(objects, kind, namespace, name));
  return pod === null ? null : { to: joined(pod, port) };
}

/** A target as the world knows it, from where the sender stands; the text itself where nothing is known of it. */
export function targetOf(world: World, from: string, text: string, protocol: Protocol | null): Target {
  const { objects } = world;
  const [senderKind, senderNamespace = "default"] = from.split("/");
  const near = senderKind === "pod" || senderKind === "deploy" ? senderNamespace : "default";
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?/i.exec(text);
  if (scheme !== null) {
    const [, word = "", host = "", port] = scheme;
    const name = word.toLowerCase();
    if (name === "http" || name === "https") return { to: text };
    const spoken = PROTOCOLS.find((one) => one === name);
    return targetOf(world, from, joined(host, port ?? SCHEME_PORTS[name] ?? ""), protocol ?? spoken ?? null);
  }
  const [, before, spoken] = /^(.+:[\w-]*)\/(tcp|udp|sctp)$/i.exec(text) ?? [];
  if (before !== undefined) {
    const said = (spoken ?? "tcp").toLowerCase() as Protocol;
    return { ...targetOf(world, from, before, said), protocol: said };
  }
  const [, word = "", path = "", port = ""] = /^([A-Za-z.]+)\/([^:]+)(?::([^:]*))?$/.exec(text) ?? [];
  const kind = KINDS[word.toLowerCase()];
  if (kind !== undefined) return ofKind(world, kind, path, port, near, protocol) ?? { to: text };
  if (text.includes("/")) return { to: /^[^/]+\.?[^/]*\//.test(text) ? `http://${text}` : text };
  const [, host, written = ""] = /^([^:]+)(?::([^:]*))?$/.exec(text) ?? [];
  if (host === undefined || parseIP(host) !== null) return { to: text };
  const service = serviceNamed(objects, host, near);
  const node =
    objects.get<Node>(objectKey("Node", undefined, host)) ??
    (host === "node" ? objects.list<Node>("Node")[0] : undefined);
  if (service === undefined) return { to: node === undefined ? text : joined(`node/${node.metadata.name}`, written) };
  if (protocol === "icmp") return { to: host };
  const meant = portOf(service, written, protocol);
  return {
    to: joined(host, meant.to),
    ...(protocol === null && meant.protocol !== undefined ? { protocol: meant.protocol } : {}),
  };
}
