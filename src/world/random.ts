/** Random histories for tests, by number: the same number is the same history on any machine. */
import { drawBelow } from "../base/draw.ts";
import { deepEqual } from "../base/json.ts";
import { MILLISECOND, SECOND } from "../base/time.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { KINDS } from "../model/kinds.ts";
import { type KubeObject, type ObjectKey, objectKey } from "../model/meta/types.ts";
import { type Node, nodeReady } from "../model/node/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Command } from "../wire/protocol.ts";
import { Session } from "./commands.ts";

/** One act of a history. Acts name pods by their place, since names differ between histories. */
export type Act =
  | { readonly do: "text"; readonly apps: readonly App[] }
  | { readonly do: "delete"; readonly key: ObjectKey }
  | { readonly do: "scale"; readonly key: ObjectKey; readonly replicas: number }
  | { readonly do: "pod"; readonly what: "delete" | "force" | "kill" | "crash"; readonly nth: number }
  | { readonly do: "hang" | "unready"; readonly nth: number; readonly on: boolean }
  | { readonly do: "node" | "kube-proxy"; readonly node: string; readonly on: boolean }
  | { readonly do: "lag"; readonly node: string; readonly micros: number }
  | { readonly do: "send" }
  | { readonly do: "wait"; readonly micros: number };

interface App {
  readonly name: string;
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet" | "none";
  readonly replicas: number;
  readonly image: string;
  readonly behavior: string;
  readonly service: "ClusterIP" | "NodePort" | "LoadBalancer" | "none";
}

const NODES = ["a", "b"] as const;
const LENGTH = 9;

/** History number `n`. */
export function historyOf(n: number): readonly Act[] {
  let drawn = 0;
  const below = (limit: number): number => drawBelow(n, `history ${drawn++}`, limit);
  const one = <T>(all: readonly T[]): T => all[below(all.length)] as T;
  const app = (name: string): App => ({
    name,
    kind: one(["Deployment", "Deployment", "Deployment", "StatefulSet", "DaemonSet", "none"]),
    replicas: below(4),
    image: one(["v1", "v2"]),
    behavior: one(["", "", "start=2s", "stop=3s", "stop=never", "ready=4s", "ready=false"]),
    service: one(["ClusterIP", "NodePort", "LoadBalancer", "none"]),
  });
  const text = (): Act => ({ do: "text", apps: [app("web"), ...(below(2) === 0 ? [app("api")] : [])] });
  const acts: Act[] = [text()];
  const length = 2 + below(LENGTH);
  while (acts.length < length) {
    const name = one(["web", "api"]);
    switch (below(12)) {
      case 0:
      case 1:
        acts.push(text());
        break;
      case 2:
        acts.push({ do: "delete", key: objectKey(one(["Deployment", "Service", "StatefulSet"]), "default", name) });
        break;
      case 3:
        acts.push({ do: "scale", key: objectKey("Deployment", "default", name), replicas: below(5) });
        break;
      case 4:
      case 5:
        acts.push({ do: "pod", what: one(["delete", "force", "kill", "crash"]), nth: below(4) });
        break;
      case 6:
        acts.push({ do: one(["hang", "unready"]), nth: below(4), on: below(3) > 0 });
        break;
      case 7:
        acts.push({ do: one(["node", "kube-proxy"]), node: one(NODES), on: below(2) === 0 });
        break;
      case 8:
        acts.push({ do: "lag", node: one(NODES), micros: below(3) * SECOND });
        break;
      case 9:
        acts.push({ do: "send" });
        break;
      default:
        acts.push({ do: "wait", micros: below(2) === 0 ? below(500) * MILLISECOND : below(40) * SECOND });
    }
  }
  return acts;
}

function textOf(apps: readonly App[]): string {
  const documents = NODES.map(
    (name, i) =>
      `kind: Node\napiVersion: v1\nmetadata: {name: ${name}, labels: {topology.kubernetes.io/zone: z${i}}}\n`,
  );
  for (const { name, kind, replicas, image, behavior, service } of apps) {
    if (service !== "none") {
      documents.push(
        `kind: Service\napiVersion: v1\nmetadata: {name: ${name}}\nspec: {type: ${service}, selector: {app: ${name}}, ports: [{port: 80, targetPort: 8080}]}\n`,
      );
    }
    if (kind === "none") continue;
    const count = kind === "DaemonSet" ? "" : `\n  replicas: ${replicas}`;
    documents.push(`kind: ${kind}
apiVersion: apps/v1
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}${count}
  template:
    metadata: {labels: {app: ${name}}, annotations: {kubehop.dev/behavior: "${behavior}"}}
    spec:
      containers:
        - name: c
          image: ${image}
          ports: [{containerPort: 8080}]
          readinessProbe: {httpGet: {port: 8080}, periodSeconds: 2}
`);
  }
  return documents.join("---\n");
}

/** The command that an act is at this moment; null when there is nobody for it to befall. */
export function commandOf(act: Act, session: Session): Command | null {
  const running = session.cluster.store.list<Pod>("Pod", "default").filter((pod) => pod.spec.nodeName !== undefined);
  const nth = (n: number): ObjectKey | null => {
    const pod = running[n % Math.max(1, running.length)];
    return pod === undefined ? null : objectKey("Pod", "default", pod.metadata.name);
  };
  switch (act.do) {
    case "text":
      return { type: "text", text: textOf(act.apps) };
    case "delete":
      return { type: "delete", key: act.key, force: false };
    case "scale":
      return { type: "scale", key: act.key, replicas: act.replicas };
    case "pod": {
      const pod = nth(act.nth);
      if (pod === null) return null;
      if (act.what === "kill") return { type: "kill", pod };
      if (act.what === "crash") return { type: "fault", fault: "crash", pod, container: null };
      return { type: "delete", key: pod, force: act.what === "force" };
    }
    case "hang":
    case "unready": {
      const pod = nth(act.nth);
      return pod === null ? null : { type: "fault", fault: act.do, pod, on: act.on };
    }
    case "node":
    case "kube-proxy":
      return { type: "fault", fault: act.do, node: act.node, on: act.on };
    case "lag":
      return { type: "fault", fault: "watch-lag", node: act.node, micros: act.micros };
    case "send":
      return { type: "send", request: { from: "node/a", to: "service/default/web:80", protocol: "tcp" } };
    case "wait":
      return { type: "run", micros: act.micros };
  }
}

const WAIT: Command = { type: "run", micros: SECOND };

/** Is a Service held by its finalizer? */
function isLeaving({ cluster }: Session): boolean {
  return cluster.store.list<Service>("Service", "default").some((s) => s.metadata.deletionTimestamp !== undefined);
}

/** Plays a history; `settle` leaves out the waiting. Commands that are refused leave no trace. */
export function played(acts: readonly Act[], pace: "run" | "settle", patient = false, seed = 1): Session {
  const session = new Session(seed);
  if (pace === "run") session.dispatch({ type: "pace", pace: "run" });
  for (const act of acts) {
    if (pace === "settle" && (act.do === "wait" || act.do === "send")) continue;
    // Text that names a Service on its way out changes it, and then it is gone: as on a real server, but not when settling.
    if (patient && act.do === "text") for (let n = 0; n < 60 && isLeaving(session); n++) session.dispatch(WAIT);
    const command = commandOf(act, session);
    if (command !== null) session.dispatch(command);
  }
  return session;
}

/** Mends everything that is broken, and lets the cluster come to rest at its present pace. False when it never rests. */
export function mended(session: Session): boolean {
  const { cluster } = session;
  const { faults } = cluster.state;
  for (const node of Object.keys(faults.down)) session.dispatch({ type: "fault", fault: "node", node, on: true });
  for (const node of Object.keys(faults.proxyStopped)) {
    session.dispatch({ type: "fault", fault: "kube-proxy", node, on: true });
  }
  for (const node of Object.keys(faults.lag)) session.dispatch({ type: "fault", fault: "watch-lag", node, micros: 0 });
  for (const what of ["hang", "unready"] as const) {
    for (const pod of Object.keys(what === "hang" ? faults.hung : faults.unready) as ObjectKey[]) {
      session.dispatch({ type: "fault", fault: what, pod, on: false });
    }
  }
  return cluster.history.runToQuiet().quiet;
}

interface Counted extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: Readonly<Record<string, unknown>>;
}

/** What the cluster offers, without names that were drawn, addresses, slice packing, revisions and times (DESIGN: settled ≡ quiet run). */
export function offer({ cluster }: Session): unknown {
  const { store } = cluster;
  const pods = store.list<Pod>("Pod", "default");
  return {
    nodes: store.list<Node>("Node").map((node) => [node.metadata.name, nodeReady(node), node.spec.taints ?? []]),
    services: store.list<Service>("Service", "default").map((service) => ({
      name: service.metadata.name,
      type: service.spec.type,
      balanced: (service.status.loadBalancer.ingress ?? []).length,
      endpoints: store
        .slicesOf("default", service.metadata.name)
        .flatMap((slice: EndpointSlice) =>
          (slice.endpoints ?? []).map((e) => `${slice.ports?.[0]?.port ?? "-"} ${JSON.stringify(e.conditions)}`),
        )
        .toSorted(),
    })),
    owners: ["Deployment", "StatefulSet", "DaemonSet"].map((kind) =>
      store
        .list<Counted>(kind, "default")
        .map(({ metadata, status = {} }) => [
          metadata.name,
          ["replicas", "readyReplicas", "availableReplicas", "updatedReplicas", "numberReady", "numberAvailable"].map(
            (field) => status[field] ?? 0,
          ),
        ]),
    ),
    pods: pods
      .map((pod) => {
        const { labels, deletionTimestamp } = pod.metadata;
        const image = pod.spec.containers[0]?.image ?? "";
        const place = store.get(objectKey("DaemonSet", "default", labels?.["app"] ?? "")) && pod.spec.nodeName;
        return [labels?.["app"], image, pod.status.phase, podReady(pod), deletionTimestamp !== undefined, place].join(
          " ",
        );
      })
      .toSorted(),
    rules: store.list<Node>("Node").map((node) => {
      const text = cluster.rulesOf(node.metadata.name).text();
      // Chains by what they are, without the hashes of drawn addresses.
      const chains = [...text.matchAll(/^:KUBE-(SVC|SEP|EXT|FW|SVL)-/gm)].map(([, chain]) => chain ?? "");
      return [node.metadata.name, chains.toSorted().join(" ")];
    }),
  };
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
export function shrunk(
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
