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
const options: RaceOptions = { change: { type: "rollout", deployment }, rate: 25, duration: 12 * SECOND };

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
  expect(plain?.sent).toBe(2 * 25 * 12);
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
