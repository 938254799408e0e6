/**
 * What a cluster costs, from text to rest: events, commits, objects that queries looked at, memory; and what one changed label
 * costs in clusters of several sizes, which must not depend on the size.
 */
import type { Pod } from "../src/model/pod/types.ts";
import { type KubeObject, keyOf } from "../src/model/meta/types.ts";
import type { Write } from "../src/wire/protocol.ts";
import { Session } from "../src/world/commands.ts";

export const SETTLE_COLUMNS = [
  "endpoints",
  "settle",
  "per Deployment",
  "ratio",
  "events",
  "per Deployment",
  "objects read",
  "checkpoints",
  "heap",
] as const;

export const LABEL_COLUMNS = ["pods", "objects read", "events", "commits", "time", "heap"] as const;

/** Nodes for the sizes of the first table (a /24 holds 253 pods), and for all of the second: only the Services grow there. */
const NODES: Readonly<Record<number, number>> = { 10: 8, 100: 15, 1000: 40 };
const NODES_FOR_LABELS = 250;

function node(i: number): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: `node-${i}` },
    spec: { podCIDR: `10.64.${i}.0/24` },
    status: { addresses: [{ type: "InternalIP", address: `172.16.0.${1 + i}` }] },
  } as KubeObject;
}

/** A Service and a Deployment that matches, as items of a List, in few words: a text may have 4 MiB and 20,000 documents. */
function app(i: number, replicas: number): string {
  const name = `w${i}`;
  const template = `{metadata: {labels: {app: ${name}}}, spec: {containers: [{name: c, image: nginx}]}}`;
  return `
- {apiVersion: v1, kind: Service, metadata: {name: ${name}}, spec: {selector: {app: ${name}}, ports: [{port: 80}]}}
- {apiVersion: apps/v1, kind: Deployment, metadata: {name: ${name}},
   spec: {replicas: ${replicas}, selector: {matchLabels: {app: ${name}}}, template: ${template}}}`;
}

interface Measured {
  readonly session: Session;
  readonly milliseconds: number;
  /** Bytes in use after a collection; NaN where none can be asked for. */
  readonly heap: number;
}

/** `count` Deployments with their Services, from nothing to rest. */
function settled(count: number, replicas: number, nodes: number): Measured {
  const { gc } = globalThis as { readonly gc?: () => void };
  gc?.();
  const before = process.memoryUsage().heapUsed;
  const items = Array.from({ length: count }, (_, i) => app(i, replicas));
  const text = `apiVersion: v1\nkind: List\nitems:${items.join("")}`;
  const start = performance.now();
  const session = new Session(1);
  // Beside the three that a text without nodes has: 20,000 documents leave no room for more in it.
  const writes = Array.from({ length: nodes - 3 }, (_, i): Write => ({ verb: "create", object: node(i) }));
  session.dispatch({ type: "write", title: "nodes", writes });
  const { refusal } = session.dispatch({ type: "text", text });
  const milliseconds = performance.now() - start;
  if (refusal !== null) throw new Error(refusal.message);
  gc?.();
  return { session, milliseconds, heap: gc === undefined ? Number.NaN : process.memoryUsage().heapUsed - before };
}

const mb = (bytes: number): string => (Number.isNaN(bytes) ? "-" : `${Math.round(bytes / 1e6)} MB`);

function endpoints({ cluster }: Session): number {
  return cluster.store
    .list<{ readonly endpoints?: readonly unknown[] } & Pod>("EndpointSlice", "default")
    .reduce((sum, slice) => sum + (slice.endpoints ?? []).length, 0);
}

/** One row per size: from the text to all endpoints. */
export function benchSettle(sizes: readonly number[], row: (name: string, ...cells: readonly string[]) => void): void {
  let last: number | null = null;
  settled(10, 3, 8);
  for (const count of sizes) {
    const { session, milliseconds, heap } = settled(count, 3, NODES[count] ?? 100);
    const { store, log, history } = session.cluster;
    const each = milliseconds / count;
    row(
      `${count} Deployments with a Service x 3 pods`,
      // The API server's own Service has one too.
      String(endpoints(session) - 1),
      `${(milliseconds / 1000).toFixed(2)} s`,
      `${each.toFixed(2)} ms`,
      last === null ? "" : (each / last).toFixed(2),
      String(log.length),
      (log.length / count).toFixed(1),
      String(store.scanned),
      String(history.checkpoints),
      mb(heap),
    );
    last = each;
  }
}

/** One row per size: a pod leaves its Service by a changed label, and its Deployment makes another. */
export function benchLabel(sizes: readonly number[], row: (name: string, ...cells: readonly string[]) => void): void {
  for (const count of sizes) {
    const { session, heap } = settled(count, 5, NODES_FOR_LABELS);
    const { store } = session.cluster;
    const pod = store.podsMatching("default", { app: "w7" })[0];
    if (pod === undefined) throw new Error("no pod");
    const object = { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, app: "taken-out" } } };
    const pods = store.list<Pod>("Pod", "default").length;
    const { revision, scanned } = store;
    const handled = session.cluster.log.length;
    const start = performance.now();
    const title = `kubectl label --overwrite ${keyOf(pod)} app=taken-out`;
    const { refusal } = session.dispatch({ type: "write", title, writes: [{ verb: "update", object }] });
    const milliseconds = performance.now() - start;
    if (refusal !== null) throw new Error(refusal.message);
    row(
      `${count} Services x 5 endpoints`,
      String(pods),
      String(store.scanned - scanned),
      String(session.cluster.log.length - handled),
      String(store.revision - revision),
      `${milliseconds.toFixed(1)} ms`,
      mb(heap),
    );
  }
}
