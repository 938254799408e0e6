/** What two worlds are compared by, and how a history that sets them apart is made short. */
import { deepEqual } from "../base/json.ts";
import type { Endpoints } from "../model/endpoints/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { KINDS } from "../model/kinds.ts";
import { type KubeObject, objectKey } from "../model/meta/types.ts";
import { type Node, nodeReady } from "../model/node/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Session } from "./commands.ts";
import { type Act, historyOf } from "./random.ts";
import { KEPT } from "./random-kept.ts";

interface Counted extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: Readonly<Record<string, unknown>>;
}

const COUNTS = [
  "replicas",
  "readyReplicas",
  "availableReplicas",
  "updatedReplicas",
  "numberReady",
  "numberAvailable",
  "updatedNumberScheduled",
] as const;

const NONE: ReadonlySet<string> = new Set();

/**
 * What the cluster offers, without names that were drawn, addresses, slice packing, revisions and times (DESIGN: settled ≡
 * quiet run). Of the workloads in `without` (`namespace/name`) pods, counts and endpoints are left out, and then the rules too.
 */
export function offer({ cluster }: Session, without: ReadonlySet<string> = NONE): unknown {
  const { store } = cluster;
  const isLeftOut = (namespace: string | undefined, name: string | undefined): boolean =>
    without.has(`${namespace ?? ""}/${name ?? ""}`);
  const services = store.list<Service>("Service");
  return {
    modes: store.list<Node>("Node").map((node) => cluster.modeOf(node.metadata.name)),
    namespaces: store.list<KubeObject>("Namespace").map(({ metadata }) => metadata.name),
    nodes: store.list<Node>("Node").map((node) => [node.metadata.name, nodeReady(node), node.spec.taints ?? []]),
    services: services.map((service) => {
      const { namespace, name } = service.metadata;
      const selected = service.spec.selector?.["app"];
      return {
        name: `${namespace ?? ""}/${name}`,
        type: service.spec.type,
        hasAddress: (service.spec.clusterIP ?? "") !== "",
        nodePorts: (service.spec.ports ?? []).filter(({ nodePort }) => nodePort !== undefined).length,
        healthCheck: service.spec.healthCheckNodePort !== undefined,
        balanced: (service.status.loadBalancer.ingress ?? []).length,
        // Nobody keeps the endpoints of what is an external name now: those of before stay as they were.
        endpoints: service.spec.type === "ExternalName" || isLeftOut(namespace, selected) ? [] : endpointsOf(service),
      };
    }),
    owners: ["Deployment", "StatefulSet", "DaemonSet", "ReplicationController"].map((kind) =>
      store
        .list<Counted>(kind)
        .filter(({ metadata }) => !isLeftOut(metadata.namespace, metadata.name))
        .map(({ metadata, spec, status = {} }) => [
          `${metadata.namespace ?? ""}/${metadata.name}`,
          spec.replicas ?? "",
          COUNTS.map((field) => status[field] ?? 0),
        ]),
    ),
    pods: store
      .list<Pod>("Pod")
      .filter(({ metadata }) => !isLeftOut(metadata.namespace, metadata.labels?.["app"]))
      .map((pod) => {
        const { namespace, labels, deletionTimestamp } = pod.metadata;
        const app = labels?.["app"] ?? "";
        const image = pod.spec.containers[0]?.image ?? "";
        const place = store.get(objectKey("DaemonSet", namespace, app)) && labels?.["of"] && pod.spec.nodeName;
        const { phase } = pod.status;
        return [namespace, app, image, phase, podReady(pod), deletionTimestamp !== undefined, place].join(" ");
      })
      .toSorted(),
    // Which node has which pods is drawn too, and with it the rules of Services that mind where their pods are.
    rules:
      without.size > 0 || services.some(minds)
        ? []
        : store.list<Node>("Node").map(({ metadata }) => [metadata.name, rulesOf(metadata.name)]),
  };

  function endpointsOf({ metadata }: Service): readonly string[] {
    const { namespace = "", name } = metadata;
    const slices = store
      .slicesOf(namespace, name)
      .flatMap((slice: EndpointSlice) =>
        (slice.endpoints ?? []).map((e) => `${slice.ports?.[0]?.port ?? "-"} ${JSON.stringify(e.conditions)}`),
      );
    const endpoints = store.get<Endpoints>(objectKey("Endpoints", namespace, name));
    const subsets = (endpoints?.subsets ?? []).map(
      ({ addresses = [], notReadyAddresses = [] }) => `Endpoints ${addresses.length} ${notReadyAddresses.length}`,
    );
    return [...slices, ...subsets].toSorted();
  }

  /** A node's rules by what they say, without addresses, drawn ports and the hashes that follow from them. */
  function rulesOf(node: string): readonly string[] {
    return (
      cluster
        // What a former mode left depends on how far its kube-proxy had come.
        .rulesOf(node, true)
        .text()
        .replace(/\d+\.\d+\.\d+\.\d+/g, "ip")
        .replace(/\b3[0-2]\d\d\d\b/g, "port")
        .replace(/\b(KUBE-[A-Z]+-)[A-Z2-7]{16}\b/g, "$1#")
        .replace(/\b(service|endpoint|external|firewall|affinity)-[A-Z2-7]{8}-/g, "$1-#-")
        // Sets are listed by address. Hairpins of nftables mode are of the pods that the node has.
        .split(/elements = \{| \}\n|,?\n/)
        .map((line) => line.replaceAll(/\s+/g, " ").trim())
        .filter((line) => line !== "" && !line.startsWith("ip . ip ."))
        .toSorted()
    );
  }
}

/** Do a Service's rules depend on where its pods are? */
function minds({ spec }: Service): boolean {
  return spec.externalTrafficPolicy === "Local" || spec.trafficDistribution !== undefined;
}

/** All that there is at the present: equal states are equal worlds. Rules follow from the rest; comparing them too costs time. */
export function stateOf({ cluster }: Session, withRules = false): unknown {
  const { store, log, state, now, events } = cluster;
  const { version: _, ...rest } = state;
  return {
    now,
    log: log.slice(-30),
    handled: log.length,
    commits: store.revision,
    events: events.length,
    objects: KINDS.flatMap(({ kind }) => store.list(kind)),
    rest,
    rules: !withRules ? [] : store.list<Node>("Node").map(({ metadata }) => cluster.rulesOf(metadata.name).text()),
  };
}

/** The shortest history, found by leaving acts out one by one, that still fails; what `fails` says of it, or null when none does. */
function shrunk(
  acts: readonly Act[],
  fails: (acts: readonly Act[]) => string | null,
): { readonly acts: readonly Act[]; readonly why: string } | null {
  let why = fails(acts);
  if (why === null) return null;
  let shortest = acts;
  for (let i = shortest.length - 1; i >= 0; i--) {
    const shorter = shortest.filter((_, j) => j !== i);
    const reason = fails(shorter);
    if (reason === null) continue;
    shortest = shorter;
    why = reason;
  }
  return { acts: shortest, why };
}

/**
 * Plays the kept histories and those numbered 1 to `count`. The first that fails, as short as it can be made; null when none
 * does. Kept ones have numbers below 0.
 */
export function firstFailure(count: number, fails: (acts: readonly Act[], n: number) => string | null): string | null {
  const numbers = [...KEPT.map((_, i) => -1 - i), ...Array.from({ length: count }, (_, i) => i + 1)];
  for (const n of numbers) {
    const found = shrunk(KEPT[-1 - n] ?? historyOf(n), (acts) => fails(acts, n));
    if (found !== null) return [`history ${n}: ${found.why}`, ...found.acts.map((a) => JSON.stringify(a))].join("\n");
  }
  return null;
}

/** Where two plain values differ first, as text; null when they are equal. */
export function difference(a: unknown, b: unknown, path = ""): string | null {
  if (deepEqual(a, b)) return null;
  if (typeof a === "object" && typeof b === "object" && a !== null && b !== null) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const found = difference(
        (a as Record<string, unknown>)[key],
        (b as Record<string, unknown>)[key],
        `${path}.${key}`,
      );
      if (found !== null) return found;
    }
  }
  return `${path}: ${JSON.stringify(a)?.slice(0, 300)} ≠ ${JSON.stringify(b)?.slice(0, 300)}`;
}
