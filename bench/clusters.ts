/** Clusters that the browser is measured with, as links: the worker builds every one of them from its commands. */
import type { KubeObject } from "../src/model/meta/types.ts";
import { encodeShare } from "../src/ui/share/codec.ts";
import type { SharedState } from "../src/ui/share/schema.ts";
import type { Command, CommandRecord, Write } from "../src/wire/protocol.ts";
import { createWorld } from "../src/world/world.ts";

function node(i: number): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: `node-${String(i).padStart(4, "0")}` },
    spec: { podCIDR: `10.${64 + (i >> 8)}.${i & 255}.0/24` },
    status: { addresses: [{ type: "InternalIP", address: `172.${16 + (i >> 14)}.${(i >> 6) & 255}.${1 + (i & 63)}` }] },
  } as KubeObject;
}

/** `pods` pods of Deployments of at most 10,000, behind one load balancer. */
function text(pods: number): string {
  const parts = Array.from({ length: Math.ceil(pods / 10_000) }, (_, i) => Math.min(10_000, pods - i * 10_000));
  return [
    `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: LoadBalancer, selector: {app: web0}, ports: [{port: 80, targetPort: 8080}]}`,
    ...parts.map(
      (replicas, i) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web${i}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web${i}}}
  template:
    metadata: {labels: {app: web${i}}}
    spec: {containers: [{name: c, image: nginx, ports: [{containerPort: 8080}]}]}`,
    ),
  ].join("\n---\n");
}

function link(commands: readonly CommandRecord[], upTo: number | null, walk: number | null): string {
  const state: SharedState = {
    scenario: null,
    history: { seed: 1, commands },
    upTo,
    view: { walk, hop: null, object: null, center: "map" },
  };
  return encodeShare(state);
}

const atZero = (commands: readonly Command[]): readonly CommandRecord[] =>
  commands.map((command) => ({ at: 0, command }));

/** The commands that make so many nodes and pods. */
export function nodesAndPods(nodes: number, pods: number): readonly Command[] {
  const writes = Array.from({ length: nodes }, (_, i): Write => ({ verb: "create", object: node(i) }));
  return [
    { type: "write", title: `${nodes} nodes`, writes },
    { type: "text", text: text(pods) },
  ];
}

/** Nodes with as many pods on each, at rest. */
export function atRest(nodes: number, podsEach: number): string {
  return link(atZero(nodesAndPods(nodes, nodes * podsEach)), null, null);
}

/**
 * The same, at the moment at which `packets` requests of loads have just left the internet (a hundred per load, 10,000 a second
 * each), with one request beside them that is played.
 */
export function underLoad(nodes: number, podsEach: number, packets: number): string {
  const world = createWorld({ seed: 1 });
  const records: CommandRecord[] = [];
  const give = (command: Command): void => {
    records.push({ at: world.now, command });
    const { refusal } = world.dispatch(command);
    if (refusal !== null) throw new Error(refusal.message);
  };
  for (const command of nodesAndPods(nodes, nodes * podsEach)) give(command);
  give({ type: "pace", pace: "run" });
  const request = { from: "client/internet", to: "lb/default/web:80", protocol: "tcp" } as const;
  const { now } = world;
  for (let i = 0; i < packets / 100; i++) {
    const { from, ...to } = request;
    give({ type: "load", ...to, from: [from], rate: 10_000, duration: 10_000, keepAlive: false, clients: 1 });
  }
  give({ type: "send", request });
  return link(records, now, 1);
}
