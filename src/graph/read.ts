import type { MirrorState } from "../mirror/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { SERVICE_NAME_LABEL } from "../model/endpointslice/types.ts";
import type { Client } from "../model/kubehop/types.ts";
import type { KubeObject, ObjectKey } from "../model/meta/types.ts";
import { keyOf, objectKey, splitKey } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import { isControlPlane, type Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { HostId, Hop, Walk } from "../model/trace/types.ts";
import { indexOf } from "./cast-index.ts";

/** What the map draws of the cluster, sorted by name. Read from the mirror as it is; nothing is worked out. */
export interface Cast {
  readonly clients: readonly { readonly name: string; readonly ip: string; readonly object: ObjectKey | null }[];
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  readonly services: readonly Service[];
  readonly slices: readonly EndpointSlice[];
  readonly policies: readonly NetworkPolicy[];
  /** The cluster's own DNS, wherever it runs. */
  readonly coreDns: readonly Pod[];
  /** Pods without a node that are not among `pods`. */
  readonly waiting: readonly Pod[];
}

/** What is asked of a large cluster: some nodes only. */
export type Only = ReadonlySet<string> | null;

/** `only`: these nodes with their pods, and nothing of the others. */
export function castOf(mirror: Pick<MirrorState, "objects">, walk: Walk | null, only: Only = null): Cast {
  const index = indexOf(mirror.objects);
  const of = <T extends KubeObject>(kind: string): readonly T[] => (index.get(kind) ?? []) as readonly T[];
  const clients = of<Client>("Client").map((c) => ({
    name: c.metadata.name,
    ip: c.spec.ip,
    object: keyOf(c) as ObjectKey | null,
  }));
  // A client that no object of the text describes still stands outside when a walk starts there.
  for (const hop of walk?.hops.slice(0, 1) ?? []) {
    const name = hop.place.startsWith("client/") ? hop.place.slice("client/".length) : null;
    if (name !== null && !clients.some((c) => c.name === name))
      clients.push({ name, ip: hop.before.src, object: null });
  }
  const all = of<Pod>("Pod");
  const away = awayNodes(of<Node>("Node"), all, walk);
  const isShown = (node: string): boolean => !away.has(node) && (only === null || only.has(node));
  return {
    clients,
    nodes: of<Node>("Node")
      .filter((node) => isShown(node.metadata.name))
      .sort((a, b) => Number(isControlPlane(a)) - Number(isControlPlane(b))),
    pods: all.filter((pod) => {
      const node = pod.spec.nodeName ?? "";
      return node === "" ? only === null : isShown(node);
    }),
    services: of<Service>("Service"),
    slices: of<EndpointSlice>("EndpointSlice"),
    policies: of<NetworkPolicy>("NetworkPolicy"),
    coreDns: all.filter(isCoreDns),
    waiting: only === null ? [] : all.filter((pod) => (pod.spec.nodeName ?? "") === ""),
  };
}

/** A pod of the cluster's own DNS, by the label that its Service selects. */
const isCoreDns = ({ metadata }: Pod): boolean =>
  metadata.namespace === "kube-system" && metadata.labels?.["k8s-app"] === "kube-dns";

/**
 * Nodes of the control plane stay off the map as long as nothing there concerns the reader: no pod of his own runs on them and the
 * walk does not come by. They stand below the others when it does, so that those keep their places.
 */
function awayNodes(nodes: readonly Node[], pods: readonly Pod[], walk: Walk | null): ReadonlySet<string> {
  const control = nodes.filter(isControlPlane).map((node) => node.metadata.name);
  if (control.length === 0 || control.length === nodes.length) return new Set();
  const visited = new Set([...(walk?.hops ?? []), ...(walk?.reply ?? [])].flatMap((hop) => [hop.place, hop.to ?? ""]));
  const named = `${walk?.request.from ?? ""} ${walk?.request.to ?? ""}`;
  return new Set(
    control.filter(
      (name) =>
        !visited.has(nodeHost(name)) &&
        !named.includes(`node/${name}`) &&
        !pods.some(
          (pod) =>
            pod.spec.nodeName === name && (pod.metadata.namespace !== "kube-system" || visited.has(podHost(pod))),
        ),
    ),
  );
}

export const podHost = (pod: Pod): HostId => `pod/${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
export const nodeHost = (name: string): HostId => `node/${name}`;

/** The Service whose rules the walk met, as the rules themselves say; else the one that the request names. */
export function serviceOfWalk(walk: Walk | null): ObjectKey | null {
  if (walk === null) return null;
  const named = /^(?:service|lb)\/([^/]+)\/([^/:]+)/.exec(walk.request.to);
  if (named !== null) return objectKey("Service", named[1], named[2] ?? "");
  for (const hop of walk.hops) {
    const key = hop.verdict === "continue" ? null : serviceOfHop(hop);
    if (key !== null) return key;
  }
  return null;
}

function serviceOfHop(hop: Hop): ObjectKey | null {
  const origin = hop.rule?.origin;
  if (origin === null || origin === undefined) return null;
  const keys = [origin.object, ...(origin.because ?? []).map((b) => b.object)];
  return keys.find((key) => key !== null && splitKey(key).kind === "Service") ?? null;
}

const BY_SERVICE = new WeakMap<readonly EndpointSlice[], ReadonlyMap<string, readonly EndpointSlice[]>>();

/** Slices of a Service, by the label that ties them to it. */
export function slicesOf({ slices }: Pick<Cast, "slices">, service: Service): readonly EndpointSlice[] {
  let grouped = BY_SERVICE.get(slices);
  if (grouped === undefined) {
    const made = new Map<string, EndpointSlice[]>();
    for (const slice of slices) {
      const key = `${slice.metadata.namespace ?? ""}/${slice.metadata.labels?.[SERVICE_NAME_LABEL] ?? ""}`;
      const list = made.get(key);
      if (list === undefined) made.set(key, [slice]);
      else list.push(slice);
    }
    BY_SERVICE.set(slices, (grouped = made));
  }
  return grouped.get(`${service.metadata.namespace ?? ""}/${service.metadata.name}`) ?? [];
}

/** The revision that a kube-proxy must have synced for its rules to be this Service's: its own and its slices' newest. */
export function revisionOf(service: Service, slices: readonly EndpointSlice[]): number {
  return Math.max(0, ...[service, ...slices].map((o) => Number(o.metadata.resourceVersion ?? 0) || 0));
}

/** Names of balancers longer than this are cut on the map. */
const NAME_LENGTH = 14;

/** MetalLB's addresses are the nodes' own affair: no machine stands between client and node. */
const isOnNodes = (service: Service): boolean =>
  service.metadata.annotations?.["metallb.io/ip-allocated-from-pool"] !== undefined;

/** Addresses, or where it has none the name, that the cloud has put into the status of some Service. */
export function balancerAddresses(cast: Cast): readonly string[] {
  const found = cast.services
    .filter((service) => !isOnNodes(service))
    .flatMap((s) =>
      (s.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? shortName(hostname) ?? []),
    );
  return [...new Set(found)];
}

function shortName(name: string | undefined): string | undefined {
  return name === undefined || name.length <= NAME_LENGTH ? name : `${name.slice(0, NAME_LENGTH - 1)}…`;
}
