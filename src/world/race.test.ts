import { expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Race } from "../model/trace/race.ts";
import type { RaceOptions } from "./race.ts";
import { createWorld } from "./world.ts";
import type { World } from "./types.ts";
import { worldOf } from "./why-testing.ts";

const yaml = (hook = ""): string => `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: curlimages/curl}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "acme/web:1", ports: [{containerPort: 8080}], readinessProbe: {httpGet: {port: 8080}, periodSeconds: 1}${hook}}
`;
const deployment = objectKey("Deployment", "default", "web");
const options: RaceOptions = { change: { type: "rollout", deployment }, rate: 10, duration: 8 * SECOND };

function raced(world: World, given: RaceOptions, seeds: number): Race {
  const found = world.race({ ...given, seeds });
  if ("message" in found) throw new Error(found.message);
  return found;
}

test("a rolling update loses requests in some histories; preStop closes the race in the same seeds", () => {
  const world = worldOf({ yaml: yaml() });
  const hash = world.journalHash();
  const { load, rows } = raced(world, options, 2);
  expect(load).toMatchObject({ from: "pod/default/client", to: "service/default/web:80" });
  const [plain, preStop] = rows;
  expect(plain?.lost).toBeGreaterThan(0);
  expect(plain?.sent).toBe(2 * 10 * 8);
  expect([preStop?.knob, preStop?.lost, preStop?.skipped]).toEqual(["preStop", 0, null]);
  expect(rows).toHaveLength(5);
  const first = plain?.runs.find(({ lost }) => lost > 0)?.first;
  // The pod had been told to go before, and no node's rules had left it out yet on all nodes.
  expect(first?.podTerminating).toBeLessThanOrEqual(0);
  expect(first?.rulesWritten.some(({ after }) => after === null || after > 0)).toBe(true);
  expect(world.journalHash()).toBe(hash);
});

test("one history is there to step through, and loses the same", () => {
  const world = worldOf({ yaml: yaml() });
  const one = world.raceRun(options, 1, null);
  if ("message" in one) throw new Error(one.message);
  const again = createWorld({ seed: null });
  expect(again.load(one.history, null)).toBeNull();
  const report = again.loadReport(null);
  expect((report?.sent ?? 0) - (report?.outcomes.delivered ?? 0)).toBe(one.run.lost);
});

test("what happened in a history, in order: the pod ends, the slice says it, requests are lost, and the rules leave it out", () => {
  const world = worldOf({ yaml: yaml() });
  const drain: RaceOptions = { change: { type: "drain", node: "worker-2" }, rate: 20, duration: 2 * SECOND };
  const one = world.raceRun(drain, 1, null, true);
  if ("message" in one) throw new Error(one.message);
  const { run, history, steps = [] } = one;
  const lost = steps.filter(({ kind }) => kind === "lost");
  expect(run.lost).toBeGreaterThan(0);
  expect(lost).toHaveLength(run.lost);
  expect(run.times.lost.reduce((sum, [, count]) => sum + count, 0)).toBe(run.lost);
  expect(run.reasons.reduce((sum, { count }) => sum + count, 0)).toBe(run.lost);
  expect(lost.every(({ walk, outcome }) => walk !== undefined && walk.outcome === outcome)).toBe(true);
  const kinds = steps.map(({ kind }) => kind);
  expect(kinds.slice(0, 2)).toEqual(["change", "terminating"]);
  const at = (words: RegExp): number => steps.findIndex(({ text }) => words.test(text));
  const places = [
    at(/^kubectl drain worker-2 --ignore-daemonsets$/),
    at(/^web-\S+ is told to end: SIGTERM comes at once\.$/),
    at(/^EndpointSlice web-\S+: web-\S+ is terminating\.$/),
    at(/^web-\S+ has ended and is removed from worker-2\.$/),
    kinds.indexOf("lost"),
    at(/^Rules of all \d nodes no longer lead to web-\S+\.$/),
  ];
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBe(0);
  // Each is an event of the history that can be looked back to.
  const again = createWorld({ seed: null });
  expect(again.load(history, null)).toBeNull();
  for (const step of [steps[1], lost[0], steps.find(({ kind }) => kind === "rules")]) {
    again.seek(step?.at ?? -1, step?.event ?? null);
    expect(again.now).toBe(step?.at);
  }
});

test("with a preStop hook nothing is lost, and no knob is tried", () => {
  const world = worldOf({ yaml: yaml(", lifecycle: {preStop: {sleep: {seconds: 5}}}") });
  expect(raced(world, options, 2).rows.map(({ knob, lost }) => [knob, lost])).toEqual([[null, 0]]);
});

test("scale-down and drain; what makes no sense is refused", () => {
  const world = worldOf({ yaml: yaml() });
  const short = { rate: 10, duration: 4 * SECOND };
  for (const change of [
    { type: "scale", deployment, replicas: 1 },
    { type: "drain", node: "worker-2" },
  ] as const) {
    const one = world.raceRun({ ...short, change }, 1, null);
    expect("run" in one ? one.run.sent : one.message).toBe(40);
    expect("run" in one ? one.history.commands.length : 0).toBeGreaterThan(3);
  }
  expect(world.race({ change: { type: "drain", node: "nowhere" }, seeds: 1 })).toMatchObject({ field: "change" });
  expect(
    world.race({ change: { type: "rollout", deployment: objectKey("Deployment", "default", "gone") }, seeds: 1 }),
  ).toMatchObject({ field: "change" });
  expect(world.raceRun({ change: { type: "rollout", deployment }, rate: 0 }, 1, null)).toMatchObject({ field: "rate" });
});
