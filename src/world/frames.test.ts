import { expect, test } from "vitest";
import { canonicalJson } from "../base/json.ts";
import { KINDS } from "../model/kinds.ts";
import { type KubeObject, keyOf, type ObjectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Frame } from "../wire/protocol.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const web = (port: number, replicas: number): string => `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: ${port}}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
`;

/** What a page has that took every frame. */
function take(held: Map<ObjectKey, KubeObject>, frame: Frame): void {
  if (frame.full) held.clear();
  for (const object of frame.upserts) held.set(keyOf(object), object);
  for (const key of frame.removes) expect(held.delete(key)).toBe(true);
}

const sorted = (objects: Iterable<KubeObject>): readonly string[] => [...objects].map((o) => canonicalJson(o)).sort();

function all(world: World): readonly string[] {
  return sorted(KINDS.flatMap(({ kind }) => (kind === "Event" ? [] : world.objects.list(kind))));
}

test("whoever takes every frame has what there is, through edits, runs and looks back", () => {
  const world = createWorld({ seed: 1 });
  const held = new Map<ObjectKey, KubeObject>();
  const pod = (): ObjectKey => keyOf(world.objects.list("Pod", "default")[0] as KubeObject);
  const acts: readonly (() => unknown)[] = [
    () => world.dispatch({ type: "text", text: web(8080, 3) }),
    () => world.dispatch({ type: "text", text: web(9090, 3) }),
    () => world.dispatch({ type: "text", text: web(9090, 1) }),
    () => world.dispatch({ type: "pace", pace: "run" }),
    () => world.dispatch({ type: "delete", key: pod(), force: false }),
    ...Array.from({ length: 12 }, () => () => world.dispatch({ type: "run", micros: 400_000 })),
    () => world.dispatch({ type: "text", text: web(8080, 2) }),
    () => world.seek(1_000_000),
    () => world.dispatch({ type: "delete", key: pod(), force: true }),
    () => world.dispatch({ type: "text", text: web(8080, -1) }),
  ];
  take(held, world.frame(true));
  for (const act of acts) {
    act();
    take(held, world.frame(false));
    expect(sorted(held.values())).toEqual(all(world));
  }
});

test("an edit that comes to the same revision is told", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: web(8080, 1) });
  const { revision } = world.frame(true);
  world.dispatch({ type: "text", text: web(9090, 1) });
  const frame = world.frame(false);
  expect(frame.revision).toBe(revision);
  const service = frame.upserts.find((o): o is Service => o.kind === "Service" && o.metadata.name === "web");
  expect(service?.spec.ports?.[0]?.targetPort).toBe(9090);
});

test("a frame of a run carries what the run changed, in the order of kinds and names", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: web(8080, 2) });
  world.frame(true);
  world.dispatch({ type: "scale", key: "Deployment/default/web" as ObjectKey, replicas: 3 });
  const { upserts } = world.frame(false);
  expect(upserts.map((o) => o.kind)).toEqual(
    ["Pod", "EndpointSlice", "Endpoints", "Deployment", "ReplicaSet"].toSorted(byKind),
  );
  expect(upserts).toHaveLength(5);
});

function byKind(a: string, b: string): number {
  const place = (kind: string): number => KINDS.findIndex((info) => info.kind === kind);
  return place(a) - place(b);
}
