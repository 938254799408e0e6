import { expect, it } from "vitest";
import type { Command } from "../wire/protocol.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const TEXT = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx, ports: [{containerPort: 8080}]}]}
`;

const load = (from: string, more: Partial<Extract<Command, { type: "load" }>> = {}): Command => ({
  type: "load",
  from: [from],
  to: "service/default/web:80",
  protocol: "tcp",
  rate: 3_000,
  duration: 20_000,
  keepAlive: false,
  clients: 1,
  ...more,
});

function busy(...loads: readonly Command[]): World {
  const world = createWorld({ seed: 1 });
  for (const command of [{ type: "text", text: TEXT }, { type: "pace", pace: "run" }, ...loads] as const) {
    expect(world.dispatch(command).refusal).toBeNull();
  }
  return world;
}

it("makes the packets in flight again, as the load counted them", () => {
  const world = busy(load("node/worker-1"), load("node/worker-2"));
  const before = world.journalHash();
  const { at, ways, packets } = world.flights();
  expect(at).toBe(world.now);
  // 3,000 a second leave thirty at a time.
  expect(packets).toHaveLength(60);
  expect(new Set(packets.map(([, startedAt]) => startedAt))).toEqual(new Set([world.now]));
  for (const [id, node] of [
    [1, "node/worker-1"],
    [2, "node/worker-2"],
  ] as const) {
    const own = packets.map(([way]) => ways[way]).filter((walk) => walk?.hops[0]?.place === node);
    const counted = world.loadReport(id)?.backends.map(({ pod, count }) => [pod, count]);
    const seen = counted?.map(([pod]) => [pod, own.filter((walk) => walk?.backend?.pod === pod).length]);
    expect(seen).toEqual(counted);
    expect(own).toHaveLength(30);
  }
  // Three endpoints from each of two nodes; what differs is only the port.
  expect(ways).toHaveLength(6);
  expect(
    ways.every(({ hops, reply }) =>
      [...hops, ...reply].every(({ steps, rule }) => steps.length === 0 && rule === null),
    ),
  ).toBe(true);
  expect(world.journalHash()).toBe(before);
});

it("knows those that have not arrived, until they have", () => {
  const world = busy(load("node/worker-1"));
  const sent = world.now;
  const { ways } = world.flights();
  const times = ways.map((walk) => walk.endedAt - walk.startedAt).sort((a, b) => a - b);
  world.dispatch({ type: "run", micros: (times[0] ?? 0) + 1 });
  const later = world.flights();
  expect(later.packets.length).toBeGreaterThan(0);
  expect(later.packets.length).toBeLessThan(30);
  expect(new Set(later.packets.map(([, startedAt]) => startedAt))).toEqual(new Set([sent]));
  world.dispatch({ type: "run", micros: 5_000 });
  expect(world.flights().packets).toEqual([]);
  // The next thirty.
  world.dispatch({ type: "run", micros: sent + 10_000 - world.now });
  expect(world.flights().packets).toHaveLength(30);
  world.seek(sent);
  expect(world.flights().packets).toHaveLength(30);
});

it("forgets what it could not make again truly: the objects have changed", () => {
  const world = busy(load("node/worker-1"));
  world.dispatch({ type: "scale", key: "Deployment/default/web" as never, replicas: 1 });
  expect(world.flights().packets).toEqual([]);
});

it("makes requests on connections that were kept again too", () => {
  const world = busy(load("node/worker-1", { keepAlive: true, clients: 5 }));
  const { packets, ways } = world.flights();
  expect(packets).toHaveLength(30);
  expect(ways.map(({ phase }) => phase)).toEqual(expect.arrayContaining(["open", "data"]));
});
