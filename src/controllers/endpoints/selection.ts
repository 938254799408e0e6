import type { Commit, ObjectReader } from "../../apiserver/types.ts";
import { deepEqual } from "../../base/json.ts";
import { isIPv6 } from "../../base/ip.ts";
import { keyOf } from "../../model/meta/types.ts";
import type { Pod, TransportProtocol } from "../../model/pod/types.ts";
import type { IPFamily, Service, ServicePort } from "../../model/service/types.ts";
import { changesOf } from "../changes.ts";

export const HEADLESS_LABEL = "service.kubernetes.io/headless";

/** Does the Service pick pods? A selector without pairs does not survive storage in a real cluster: it is none. */
export function selects(service: Service): boolean {
  return Object.keys(service.spec.selector ?? {}).length > 0;
}

/** Services for which endpoints are made: they select, and they are not mere DNS aliases. */
export function hasEndpoints(service: Service): boolean {
  return selects(service) && service.spec.type !== "ExternalName";
}

export function isHeadless(service: Service): boolean {
  return service.spec.clusterIP === "None";
}

/** Pods that the selector picks. */
export function selectedPods(service: Service, reader: ObjectReader): readonly Pod[] {
  return reader.podsMatching(service.metadata.namespace ?? "", service.spec.selector ?? {});
}

/**
 * Keys of the Services whose endpoints may change with this commit: those that changed themselves, and those that select a
 * pod before or after its change, if the change is one that an endpoint shows.
 */
export function servicesTouched(commit: Commit, reader: ObjectReader): Set<string> {
  const isAsked = asked?.commit === commit && asked.reader === reader && asked.revision === reader.revision;
  if (!isAsked) asked = { commit, reader, revision: reader.revision, keys: touchedBy(commit, reader) };
  return new Set(asked?.keys);
}

/** What was asked last: both endpoints controllers ask the same, one right after the other. */
let asked: {
  readonly commit: Commit;
  readonly reader: ObjectReader;
  readonly revision: number;
  readonly keys: readonly string[];
} | null = null;

function touchedBy(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  for (const { from, to, object } of changesOf(commit)) {
    if (object.kind === "Service") keys.add(keyOf(object));
    if (object.kind !== "Pod") continue;
    if (from !== undefined && to !== undefined && !showsInEndpoints(from as Pod, to as Pod)) continue;
    for (const pod of [from, to]) {
      if (pod === undefined) continue;
      const { namespace = "", labels = {} } = pod.metadata;
      for (const service of reader.servicesSelecting(namespace, labels)) keys.add(keyOf(service));
    }
  }
  return [...keys];
}

/** Does anything differ that an endpoint is made of? Source: endpointslice/util GetPodUpdateProjectionKey. */
function showsInEndpoints(a: Pod, b: Pod): boolean {
  return (
    a.metadata.deletionTimestamp !== b.metadata.deletionTimestamp ||
    a.metadata.uid !== b.metadata.uid ||
    a.spec.nodeName !== b.spec.nodeName ||
    a.status.phase !== b.status.phase ||
    a.status.podIP !== b.status.podIP ||
    !deepEqual(a.status.podIPs, b.status.podIPs) ||
    readyStatus(a) !== readyStatus(b) ||
    !deepEqual(a.metadata.labels, b.metadata.labels) ||
    !deepEqual(a.spec.containers, b.spec.containers)
  );
}

function readyStatus(pod: Pod): string | undefined {
  return pod.status.conditions?.find((condition) => condition.type === "Ready")?.status;
}

/** The pod's addresses of one family. */
export function podIPsOf(pod: Pod, family: IPFamily): readonly string[] {
  const all = pod.status.podIPs?.map(({ ip }) => ip) ?? (pod.status.podIP === undefined ? [] : [pod.status.podIP]);
  return all.filter((ip) => isIPv6(ip) === (family === "IPv6"));
}

/** Families of the Service, primary first; a Service that names none has that of its ClusterIP, else IPv4. */
export function familiesOf(service: Service): readonly IPFamily[] {
  const { ipFamilies, clusterIP } = service.spec;
  if (ipFamilies !== undefined && ipFamilies.length > 0) return ipFamilies;
  return [clusterIP !== undefined && isIPv6(clusterIP) ? "IPv6" : "IPv4"];
}

/**
 * The number behind targetPort on this pod: a number as it is, unverified; a name by container port name and protocol, looked
 * up in the containers and then in init containers that keep running. null when the pod has no such port.
 * Source: podutil.FindPort.
 */
export function targetPortOn(pod: Pod, port: ServicePort): number | null {
  const target = port.targetPort ?? port.port;
  if (typeof target === "number") return target;
  const protocol: TransportProtocol = port.protocol ?? "TCP";
  const sidecars = (pod.spec.initContainers ?? []).filter(
    (container) => (container as { readonly restartPolicy?: string }).restartPolicy === "Always",
  );
  for (const container of [...pod.spec.containers, ...sidecars]) {
    for (const p of container.ports ?? []) {
      if (p.name === target && (p.protocol ?? "TCP") === protocol) return p.containerPort;
    }
  }
  return null;
}

/** A pod whose containers will never run again has no endpoints. */
export function isOver(pod: Pod): boolean {
  return pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
}

/** The pod's hostname in DNS, if it has one under this Service. Source: endpointutil.ShouldSetHostname. */
export function hostnameUnder(service: Service, pod: Pod): string | undefined {
  const named =
    pod.spec.hostname !== undefined && pod.spec.hostname !== "" && pod.spec.subdomain === service.metadata.name;
  return named ? pod.spec.hostname : undefined;
}
