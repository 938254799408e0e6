import { expect, test } from "vitest";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import { changeOf, changeText, chosenOf, FIRST_WISH, offersOf, replicasOf, wrongWith } from "./wish.ts";

const deployment = (namespace: string, name: string, replicas?: number): KubeObject =>
  ({
    kind: "Deployment",
    metadata: { namespace, name },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } } },
    },
  }) as unknown as KubeObject;
const pod = (name: string, app: string, nodeName: string): KubeObject =>
  ({
    kind: "Pod",
    metadata: { namespace: "shop", name, labels: { app } },
    spec: { nodeName },
  }) as unknown as KubeObject;
const node = (name: string): KubeObject => ({ kind: "Node", metadata: { name } }) as unknown as KubeObject;
const service = {
  kind: "Service",
  metadata: { namespace: "shop", name: "web" },
  spec: { selector: { app: "web" } },
} as unknown as KubeObject;

const all = (...objects: readonly KubeObject[]): ReadonlyMap<ObjectKey, KubeObject> =>
  new Map(objects.map((one) => [keyOf(one), one]));

const objects = all(
  deployment("kube-system", "coredns", 2),
  deployment("shop", "api", 0),
  deployment("shop", "web", 5),
  service,
  pod("web-1", "web", "worker-1"),
  pod("curl", "curl", "worker-2"),
  node("worker-1"),
  node("worker-2"),
);

test("on offer is what a Service leads to, first; nodes that carry such pods; nothing of kube-system", () => {
  expect(offersOf(objects).map(({ value }) => value)).toEqual([
    "rollout Deployment/shop/web",
    "rollout Deployment/shop/api",
    "scale Deployment/shop/web",
    "drain worker-1",
  ]);
  expect(offersOf(objects).map(({ served }) => served)).toEqual([true, false, true, true]);
  expect(offersOf(all(node("worker-1"), service))).toEqual([]);
});

test("a choice that is gone gives way to the first offer", () => {
  const offers = offersOf(objects);
  expect(chosenOf({ ...FIRST_WISH, what: "drain worker-1" }, offers)?.group).toBe("Drain");
  expect(chosenOf({ ...FIRST_WISH, what: "rollout Deployment/shop/gone" }, offers)?.label).toBe("shop/web");
  expect(chosenOf(FIRST_WISH, [])).toBeNull();
});

test("a scale-down leaves half of the pods, or as many as were said", () => {
  const offer = chosenOf({ ...FIRST_WISH, what: "scale Deployment/shop/web" }, offersOf(objects));
  if (offer === null) throw new Error("no offer");
  expect(replicasOf(FIRST_WISH, offer, objects)).toBe(2);
  const change = changeOf({ ...FIRST_WISH, replicas: 1 }, offer, objects);
  expect(change).toEqual({ type: "scale", deployment: "Deployment/shop/web", replicas: 1 });
  expect(changeText(change)).toBe("Scaling shop/web down to 1");
});

test("a drain names its node", () => {
  const offer = chosenOf({ ...FIRST_WISH, what: "drain worker-1" }, offersOf(objects));
  if (offer === null) throw new Error("no offer");
  expect(changeOf(FIRST_WISH, offer, objects)).toEqual({ type: "drain", node: "worker-1" });
});

test("what makes no sense is said before anything runs", () => {
  expect(wrongWith(FIRST_WISH)).toBeNull();
  expect(wrongWith({ ...FIRST_WISH, seeds: Number.NaN })).toContain("Histories are a whole number");
  expect(wrongWith({ ...FIRST_WISH, seeds: 2.5 })).toContain("Histories are a whole number");
  expect(wrongWith({ ...FIRST_WISH, rate: 0 })).toContain("from 1 to 200");
  expect(wrongWith({ ...FIRST_WISH, seconds: 121 })).toContain("from 1 to 120 s");
  expect(wrongWith({ ...FIRST_WISH, rate: 200, seconds: 120 })).toContain("10,000 requests at most");
});
