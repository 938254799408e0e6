import { describe, expect, it } from "vitest";
import { keyOf, type KubeObject } from "../../model/meta/types.ts";
import { differences, liveOf, objectsIn, withLive } from "./drift.ts";

const TEXT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop, resourceVersion: "7"}
spec:
  replicas: 3 # mine
  paused: no
  template:
    spec:
      containers:
      - name: c
        image: "a:1"
---
broken: [
---
apiVersion: v1
kind: List
items:
- kind: Node
  metadata: {name: n1}
`;
const live = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "shop", resourceVersion: "912" },
  spec: { replicas: 5, paused: false, template: { spec: { containers: [{ name: "c", image: "a:2", ports: [] }] } } },
  status: { readyReplicas: 5 },
} as unknown as KubeObject;

describe("a text held against live objects", () => {
  const found = objectsIn(TEXT);

  it("finds the objects of a file, in Lists too", () => {
    expect(found.map(({ title }) => title)).toEqual(["Deployment shop/web", "Node n1"]);
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } } as KubeObject;
    expect(found[1] !== undefined && liveOf(found[1], new Map([[keyOf(node), node]]))).toBe(node);
  });

  it("names the fields that the cluster has otherwise, and only those that are written", () => {
    const all = found[0] === undefined ? [] : differences(found[0], live);
    expect(all.map(({ path, written, live: now }) => [path, written, now])).toEqual([
      ["spec.replicas", "3", "5"],
      ["spec.template.spec.containers[0].image", "a:1", "a:2"],
    ]);
    const taken = withLive(TEXT, all);
    expect(taken).toBe(TEXT.replace("3 # mine", "5 # mine").replace("a:1", "a:2"));
    const after = objectsIn(taken)[0];
    expect(after !== undefined && differences(after, live)).toEqual([]);
  });

  it("names lists of another length as a whole", () => {
    const two = structuredClone(live) as unknown as { spec: { template: { spec: { containers: unknown[] } } } };
    two.spec.template.spec.containers.push({ name: "d" });
    const all = found[0] === undefined ? [] : differences(found[0], two as unknown as KubeObject);
    expect(all.find(({ path }) => path === "spec.template.spec.containers")).toMatchObject({ word: null });
  });
});
