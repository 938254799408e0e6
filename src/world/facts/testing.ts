/** Worlds for the tables of facts, made of the text that a learner would write. */
import type { ProxyMode } from "../../model/config/types.ts";
import type { Exploration, Protocol, Walk } from "../../model/trace/types.ts";
import type { World } from "../types.ts";
import { createWorld } from "../world.ts";

/** Modes in which the facts were measured. */
export const MODES = ["iptables", "nftables"] as const satisfies readonly ProxyMode[];

export const CLIENT = "pod/default/client";
export const OUTSIDE = "client/internet";

const pod = (name: string, node: string, ip: string, labels: string): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {${labels}}}
spec: {nodeName: ${node}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
status: {podIP: ${ip}}
`;

const service = (name: string, address: number, selector: string, more = ""): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  clusterIP: 10.96.0.${address}
  selector: {${selector}}
  ports: [{port: 80, targetPort: 8080, nodePort: ${30_000 + address}}]
  type: NodePort${more === "" ? "" : `\n  ${more}`}
`;

/**
 * worker-1 has client and web-1, worker-2 has web-2, worker-3 has other. All Services are of type NodePort; by the last byte of the
 * ClusterIP, which is that of the node port too:
 *
 * | endpoints | web-1 and web-2 | web-1 | web-2 | none |
 * | --- | --- | --- | --- | --- |
 * | policies Cluster | 50 | 51 | 52 | 55 |
 * | externalTrafficPolicy Local | 60 | 61 | 62 | |
 * | internalTrafficPolicy Local | | | 72 | |
 */
export const SCENARIO = [
  pod("client", "worker-1", "10.244.1.9", "app: client"),
  pod("web-1", "worker-1", "10.244.1.5", "app: web, at: one"),
  pod("web-2", "worker-2", "10.244.2.3", "app: web, at: two"),
  pod("other", "worker-3", "10.244.3.4", "app: client"),
  service("all", 50, "app: web"),
  service("one", 51, "at: one"),
  service("two", 52, "at: two"),
  service("empty", 55, "at: none"),
  service("local-all", 60, "app: web", "externalTrafficPolicy: Local"),
  service("local-one", 61, "at: one", "externalTrafficPolicy: Local"),
  service("local-two", 62, "at: two", "externalTrafficPolicy: Local"),
  service("inner-two", 72, "at: two", "internalTrafficPolicy: Local"),
].join("---\n");

const known = new Map<string, World>();

/** A world at rest with this text (the scenario and `more` documents), one per mode and text: do not change it. */
export function worldOf(mode: ProxyMode = "iptables", more: readonly string[] = [], base: string = SCENARIO): World {
  const key = [mode, base, ...more].join("---\n");
  const world = known.get(key) ?? freshWorld(mode, more, base);
  known.set(key, world);
  return world;
}

/** The same, to do something to. */
export function freshWorld(mode: ProxyMode = "iptables", more: readonly string[] = [], base: string = SCENARIO): World {
  const world = createWorld({ seed: 1 });
  const text = [base, ...more].join("---\n");
  for (const command of [{ type: "mode", mode } as const, { type: "text", text } as const]) {
    const { refusal } = world.dispatch(command);
    if (refusal !== null) throw new Error(refusal.message);
  }
  const errors = world.report.diagnostics.filter((d) => d.severity === "error");
  if (errors.length > 0) throw new Error(errors.map((d) => d.message).join("\n"));
  return world;
}

export function explored(world: World, from: string, to: string, protocol: Protocol = "tcp"): Exploration {
  const result = world.explore({ from, to, protocol });
  if (!("walks" in result)) throw new Error(result.message);
  return result;
}

/** How a request can end, each with its weight in per mille: "500 delivered web-1 10.244.1.1", alike ends as one, sorted. */
export function ends(world: World, from: string, to: string, protocol: Protocol = "tcp"): readonly string[] {
  const sums = new Map<string, number>();
  for (const walk of explored(world, from, to, protocol).walks) {
    const key = `${walk.outcome} ${walk.backend?.pod?.replace("default/", "") ?? "-"} ${walk.sourceSeen ?? "-"}`;
    sums.set(key, (sums.get(key) ?? 0) + walk.probability);
  }
  return [...sums].map(([key, weight]) => `${Math.round(weight * 1000)} ${key}`).toSorted();
}

/** The only walk of a request that has no choice. */
export function only(world: World, from: string, to: string, protocol: Protocol = "tcp"): Walk {
  const { walks } = explored(world, from, to, protocol);
  const [walk] = walks;
  if (walk === undefined || walks.length > 1) throw new Error(`${walks.length} ways from ${from} to ${to}`);
  return walk;
}

/** The one walk of a request, by draw, with what it leaves behind. */
export function sent(world: World, from: string, to: string, protocol: Protocol = "tcp"): Walk {
  const { walk, refusal } = world.dispatch({ type: "send", request: { from, to, protocol } });
  if (walk === null) throw new Error(refusal?.message ?? "no walk");
  return walk;
}
