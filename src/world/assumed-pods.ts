/**
 * Pods that nobody brought. Services and EndpointSlices read from a cluster name addresses of pods that the text leaves out; the
 * endpoint slice controller of that cluster had seen those pods, so they stand where the slices say, and accept what they are sent.
 */
import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { cidrContains } from "../base/ip.ts";
import {
  ENDPOINTSLICE_CONTROLLER,
  type Endpoint,
  type EndpointSlice,
  MANAGED_BY_LABEL,
  SERVICE_NAME_LABEL,
} from "../model/endpointslice/types.ts";
import type { Client } from "../model/kubehop/types.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import { nodeAddresses, podCidrs } from "../network/addresses.ts";
import type { ClusterView } from "../network/types.ts";

const isControllers = ({ metadata }: KubeObject): boolean =>
  metadata.labels?.[MANAGED_BY_LABEL] === ENDPOINTSLICE_CONTROLLER;

/** The slices as the controller of this cluster takes them: those whose pods are not in the text refer to none. */
export function withoutStrangers<T extends KubeObject>(objects: readonly T[]): readonly T[] {
  if (!objects.some(({ kind }) => kind === "EndpointSlice")) return objects;
  const pods = new Set(objects.flatMap((object) => (object.kind === "Pod" ? [keyOf(object)] : [])));
  return objects.map((object) => {
    if (object.kind !== "EndpointSlice" || !isControllers(object)) return object;
    const { endpoints, metadata } = object as unknown as EndpointSlice;
    const isStranger = ({ targetRef }: Endpoint): boolean =>
      targetRef?.kind === "Pod" &&
      !pods.has(objectKey("Pod", targetRef.namespace ?? metadata.namespace, targetRef.name ?? ""));
    if (!Array.isArray(endpoints) || !(endpoints as readonly Endpoint[]).some(isStranger)) return object;
    const known = (endpoints as readonly Endpoint[]).map((endpoint) => {
      if (!isStranger(endpoint)) return endpoint;
      const { targetRef: _, ...rest } = endpoint;
      return rest;
    });
    return { ...object, endpoints: known };
  });
}

interface Assumed {
  readonly byIP: ReadonlyMap<string, Pod>;
  readonly byName: ReadonlyMap<string, Pod>;
  readonly onNode: ReadonlyMap<string, readonly Pod[]>;
}

type Ports = NonNullable<Pod["spec"]["containers"][number]["ports"]>;

const portsOf = ({ ports }: EndpointSlice): Ports =>
  (ports ?? []).flatMap(({ port, protocol = "TCP" }) =>
    port === undefined ? [] : [{ containerPort: port, protocol }],
  );

function podOf(slice: EndpointSlice, labels: Pod["metadata"]["labels"], node: Node, ip: string, ports: Ports): Pod {
  const isHost = nodeAddresses(node).includes(ip);
  // With its own address it may listen on more than the slices tell, but what is taken on trust is no SCTP.
  const isTold = isHost || ports.some(({ protocol }) => protocol === "SCTP");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: isHost ? `${slice.metadata.name}-${ip}` : ip,
      namespace: slice.metadata.namespace ?? "default",
      ...(labels === undefined ? {} : { labels }),
    },
    spec: {
      nodeName: node.metadata.name,
      containers: [{ name: "assumed", image: "", ...(isTold ? { ports } : {}) }],
      ...(isHost ? { hostNetwork: true } : {}),
    },
    status: { phase: "Running", podIP: ip, podIPs: [{ ip }] },
  };
}

function assumedBehind(reader: ObjectReader, keys: readonly ObjectKey[]): Assumed | null {
  const byIP = new Map<string, Pod>();
  const byName = new Map<string, Pod>();
  const onNode = new Map<string, Pod[]>();
  const isGiven = (slice: EndpointSlice): boolean =>
    isControllers(slice) && (slice.endpoints ?? []).some(({ targetRef }) => targetRef === undefined);
  const slices = keys.flatMap((key) => reader.get<EndpointSlice>(key) ?? []).filter(isGiven);
  if (slices.length === 0) return null;
  const nodes = reader.list<Node>("Node");
  const byNode = new Map(nodes.map((node) => [node.metadata.name, node] as const));
  const outside = new Set(reader.list<Client>("Client").map(({ spec }) => spec.ip));
  const homeOf = ({ nodeName }: Endpoint, ip: string): Node | undefined =>
    byNode.get(nodeName ?? "") ?? nodes.find((node) => podCidrs(node).some((cidr) => cidrContains(cidr, ip)));
  const ports = new Map<string, Ports>();
  for (const slice of slices) {
    for (const ip of (slice.endpoints ?? []).flatMap(({ addresses }) => addresses[0] ?? []))
      ports.set(ip, [...(ports.get(ip) ?? []), ...portsOf(slice)]);
  }
  for (const slice of slices) {
    const { namespace = "default", labels } = slice.metadata;
    const service = reader.get<Service>(objectKey("Service", namespace, labels?.[SERVICE_NAME_LABEL] ?? ""));
    for (const endpoint of slice.endpoints ?? []) {
      const [ip] = endpoint.addresses;
      if (ip === undefined || endpoint.targetRef !== undefined) continue;
      const home = homeOf(endpoint, ip);
      if (home === undefined || outside.has(ip) || byIP.has(ip) || reader.podByIP(ip) !== undefined) continue;
      const isHost = nodeAddresses(home).includes(ip);
      const told = isHost ? portsOf(slice) : (ports.get(ip) ?? []);
      const pod = podOf(slice, service?.spec.selector, home, ip, told);
      if (byName.has(keyOf(pod))) continue;
      if (pod.spec.hostNetwork !== true) byIP.set(ip, pod);
      byName.set(keyOf(pod), pod);
      const others = onNode.get(home.metadata.name);
      if (others === undefined) onNode.set(home.metadata.name, [pod]);
      else others.push(pod);
    }
  }
  return byName.size === 0 ? null : { byIP, byName, onNode };
}

/** What was worked out for these keys, from which reader and after which commit: in a fork another has the same revision. */
interface Known {
  readonly slices: readonly ObjectKey[];
  reader: ObjectReader | null;
  last: Commit | undefined;
  assumed: Assumed | null;
}
const known = new WeakMap<readonly ObjectKey[], Known>();

function assumedIn(reader: ObjectReader, text: readonly ObjectKey[], last: Commit | undefined): Assumed | null {
  let entry = known.get(text);
  if (entry === undefined) {
    const slices = text.filter((key) => key.startsWith("EndpointSlice/"));
    known.set(text, (entry = { slices, reader: null, last: undefined, assumed: null }));
  }
  if (entry.slices.length === 0) return null;
  if (entry.reader !== reader || entry.last !== last) {
    entry.reader = reader;
    entry.last = last;
    entry.assumed = assumedBehind(reader, entry.slices);
  }
  return entry.assumed;
}

/** The view with the pods that the slices of the text name and nobody brought. `text`: keys of the objects of the text; `last`: the latest commit. */
export function withAssumedPods(
  view: ClusterView,
  reader: ObjectReader,
  text: readonly ObjectKey[],
  last: Commit | undefined,
): ClusterView {
  const assumed = assumedIn(reader, text, last);
  if (assumed === null) return view;
  const { byIP, byName, onNode } = assumed;
  return {
    ...view,
    pod: (namespace, name) => view.pod(namespace, name) ?? byName.get(objectKey("Pod", namespace, name)),
    podByIP: (ip) => view.podByIP(ip) ?? byIP.get(ip),
    podsOnNode: (node) => {
      const more = onNode.get(node);
      return more === undefined ? view.podsOnNode(node) : [...view.podsOnNode(node), ...more];
    },
  };
}
