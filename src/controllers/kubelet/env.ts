import type { ObjectReader } from "../../apiserver/types.ts";
import { isIPv6 } from "../../base/ip.ts";
import type { Container, Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import type { PodRuntime } from "./runtime.ts";

export interface EnvVar {
  readonly name: string;
  readonly value: string;
}

/** A Service as variables know it: only those with a cluster IP of their own. */
function hasVariables(service: Service): boolean {
  const { clusterIP } = service.spec;
  return clusterIP !== undefined && clusterIP !== "" && clusterIP !== "None" && service.spec.type !== "ExternalName";
}

const upper = (name: string): string => name.toUpperCase().replaceAll("-", "_");

/** `REDIS_MASTER_SERVICE_HOST` and the docker-links form of every port. Source: pkg/kubelet/envvars/envvars.go. */
function variablesOf(service: Service): readonly EnvVar[] {
  const prefix = upper(service.metadata.name);
  const host = service.spec.clusterIP ?? "";
  const joined = isIPv6(host) ? `[${host}]` : host;
  const ports = service.spec.ports ?? [];
  const [first] = ports;
  if (first === undefined) return [];
  return [
    { name: `${prefix}_SERVICE_HOST`, value: host },
    { name: `${prefix}_SERVICE_PORT`, value: String(first.port) },
    ...ports.flatMap(({ name, port }) =>
      name === undefined || name === "" ? [] : [{ name: `${prefix}_SERVICE_PORT_${upper(name)}`, value: String(port) }],
    ),
    ...ports.flatMap(({ port, protocol }, i): EnvVar[] => {
      const transport = protocol.toLowerCase();
      const url = `${transport}://${joined}:${port}`;
      const base = `${prefix}_PORT_${port}_${protocol}`;
      return [
        ...(i === 0 ? [{ name: `${prefix}_PORT`, value: url }] : []),
        { name: base, value: url },
        { name: `${base}_PROTO`, value: transport },
        { name: `${base}_PORT`, value: String(port) },
        { name: `${base}_ADDR`, value: host },
      ];
    }),
  ];
}

/**
 * The Service variables that a container of this pod is born with when it starts while the cluster is as `reader` says:
 * Services of its own namespace (none when enableServiceLinks is false), and always `kubernetes` of the namespace default.
 * Sorted by name: the real order is that of a Go map.
 */
export function serviceEnv(reader: ObjectReader, pod: Pod): readonly EnvVar[] {
  const namespace = pod.metadata.namespace ?? "default";
  const links = (pod.spec as { readonly enableServiceLinks?: boolean }).enableServiceLinks !== false;
  const services = new Map<string, Service>();
  for (const service of reader.list<Service>("Service", "default")) {
    if (service.metadata.name === "kubernetes" && hasVariables(service)) services.set("kubernetes", service);
  }
  for (const service of links ? reader.list<Service>("Service", namespace) : []) {
    if (hasVariables(service)) services.set(service.metadata.name, service);
  }
  return [...services.values()]
    .flatMap(variablesOf)
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** A variable as a container declares it. */
interface DeclaredVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath?: string } };
}

function fieldOf(pod: Pod, path: string): string {
  switch (path) {
    case "metadata.name":
      return pod.metadata.name;
    case "metadata.namespace":
      return pod.metadata.namespace ?? "";
    case "metadata.uid":
      return pod.metadata.uid ?? "";
    case "spec.nodeName":
      return pod.spec.nodeName ?? "";
    case "status.podIP":
      return pod.status.podIP ?? "";
    case "status.hostIP":
      return pod.status.hostIP ?? "";
    default: {
      const label = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
      const map = label?.[1] === "labels" ? pod.metadata.labels : pod.metadata.annotations;
      return map?.[label?.[2] ?? ""] ?? "";
    }
  }
}

/** `$(NAME)` of a variable known so far; `$$(NAME)` stays as text. Source: third_party/forked/golang/expansion. */
function expanded(value: string, known: ReadonlyMap<string, string>): string {
  return value.replace(/\$(\$|\(([^)]+)\))/g, (all, dollar: string, name: string | undefined) =>
    dollar === "$" ? "$" : (known.get(name ?? "") ?? all),
  );
}

/**
 * What `env` prints in a container: its path, its host name, the Service variables frozen at its start, and its own
 * variables, which win. `readAt` gives the objects of a revision. Empty when kubelet does not know the pod.
 */
export function containerEnv(
  pod: Pod,
  container: Container,
  runtime: PodRuntime | undefined,
  readAt: (revision: number) => ObjectReader,
): readonly EnvVar[] {
  const index = pod.spec.containers.findIndex(({ name }) => name === container.name);
  const started = runtime?.containers[index];
  if (started === undefined || started.stage !== "running") return [];
  const services = serviceEnv(readAt(started.revision), pod);
  const known = new Map<string, string>([
    ["PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ["HOSTNAME", pod.spec.hostNetwork === true ? (pod.spec.nodeName ?? "") : (pod.spec.hostname ?? pod.metadata.name)],
  ]);
  for (const { name, value } of services) known.set(name, value);
  for (const { name, value, valueFrom } of (container as { readonly env?: readonly DeclaredVar[] }).env ?? []) {
    const path = valueFrom?.fieldRef?.fieldPath;
    known.set(name, path === undefined ? expanded(value ?? "", known) : fieldOf(pod, path));
  }
  known.set("HOME", "/root");
  return [...known].map(([name, value]) => ({ name, value }));
}
