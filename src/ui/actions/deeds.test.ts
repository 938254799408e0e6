import { expect, test } from "vitest";
import type { KubeObject, ObjectKey } from "../../model/meta/types.ts";
import { keyOf, objectKey } from "../../model/meta/types.ts";
import type { Choice } from "../../wire/protocol.ts";
import { titleOf } from "./commandTitle.ts";
import { deedsOf, NOTHING_BROKEN, senderOf, targetsOf, type Deed, type Entry, type Facts } from "./deeds.ts";

const of = (kind: string, name: string, rest: object = {}, namespace?: string): KubeObject =>
  ({
    apiVersion: "v1",
    kind,
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
    ...rest,
  }) as KubeObject;

const deployment = of("Deployment", "web", { spec: { replicas: 3 } }, "shop");
const replicaSet = {
  ...of("ReplicaSet", "web-1", { spec: { replicas: 3 } }),
  metadata: { name: "web-1", namespace: "shop", ownerReferences: [{ kind: "Deployment", name: "web" }] },
} as unknown as KubeObject;
const pod = {
  ...of("Pod", "web-1-a", { spec: { containers: [{ name: "web", readinessProbe: {} }, { name: "log" }] } }),
  metadata: { name: "web-1-a", namespace: "shop", ownerReferences: [{ kind: "ReplicaSet", name: "web-1" }] },
} as unknown as KubeObject;
const service = of("Service", "web", { spec: { type: "LoadBalancer", externalTrafficPolicy: "Local" } }, "shop");
const node = of("Node", "worker-1", { spec: {} });
const client = of("Client", "internet", { spec: { ip: "198.51.100.24" } });

const to: readonly Choice[] = [
  { value: "lb/shop/web:80", label: "", group: "load balancers", protocol: "tcp" },
  { value: "service/shop/web:80", label: "", group: "services", protocol: "tcp" },
  { value: "service/shop/web-two:80", label: "", group: "services", protocol: "tcp" },
];
const facts: Facts = {
  objects: new Map([deployment, replicaSet, pod, service, node, client].map((object) => [keyOf(object), object])),
  broken: NOTHING_BROKEN,
  choices: { from: [], to },
};

function entry(object: KubeObject, id: string, of_: Facts = facts): Entry {
  const all = (entries: readonly Entry[]): readonly Entry[] =>
    entries.flatMap((one) => [one, ...all(one.entries ?? [])]);
  const found = all(deedsOf(keyOf(object), of_)).find((one) => one.id === id);
  if (found === undefined) throw new Error(`no entry ${id}`);
  return found;
}

const commandOf = (deed: Deed | undefined): string | null => (deed?.do === "command" ? titleOf(deed.command) : null);

test("what was broken is mended by the entry that broke it", () => {
  const key = keyOf(pod);
  expect(commandOf(entry(pod, "hang").deed)).toBe("hang pod shop/web-1-a");
  const broken = {
    ...NOTHING_BROKEN,
    hung: [key],
    proxies: ["worker-1"],
    nodes: ["worker-1"],
    lag: { "worker-1": 5e6 },
  };
  const now = { ...facts, broken };
  expect(entry(pod, "hang", now).title).toMatch(/^Mend/);
  expect(commandOf(entry(pod, "hang", now).deed)).toBe("let pod shop/web-1-a answer again");
  expect(commandOf(entry(node, "kube-proxy", now).deed)).toBe("start kube-proxy on worker-1");
  expect(commandOf(entry(node, "power", now).deed)).toBe("power on worker-1");
  expect(entry(node, "lag 5", now).current).toBe(true);
  expect(commandOf(entry(node, "lag 0", now).deed)).toBe("kube-proxy on worker-1 hears of changes at once");
});

test("a pod with several containers is asked which of them crashes", () => {
  expect(entry(pod, "crash").entries?.map(({ title }) => title)).toEqual(["web", "log", "All of them"]);
  expect(commandOf(entry(pod, "crash log").deed)).toBe("crash container log of pod shop/web-1-a");
});

test("a pod's menu scales the Deployment above its ReplicaSet", () => {
  expect(entry(pod, "owner").title).toBe("Deployment web");
  expect(commandOf(entry(pod, "scale 2").deed)).toBe("kubectl scale -n shop deployment/web --replicas=2");
  expect(entry(pod, "restart").deed).toEqual({ do: "line", line: "kubectl -n shop rollout restart deployment/web" });
});

test("what a rollout or a drain would lose is asked where it is done", () => {
  const rollout = { do: "race", type: "rollout", object: keyOf(deployment) };
  expect(entry(deployment, "race").deed).toEqual(rollout);
  expect(entry(pod, "race").deed).toEqual(rollout);
  expect(entry(node, "race").deed).toEqual({ do: "race", type: "drain", object: keyOf(node) });
  expect(() => entry(replicaSet, "race")).toThrow("no entry race");
});

test("a node that is cordoned is uncordoned, by kubectl's own line", () => {
  expect(entry(node, "cordon").deed).toEqual({ do: "line", line: "kubectl cordon worker-1" });
  const cordoned = of("Node", "worker-1", { spec: { unschedulable: true } });
  const now = { ...facts, objects: new Map([[keyOf(cordoned), cordoned]]) };
  expect(entry(cordoned, "uncordon", now).deed).toEqual({ do: "line", line: "kubectl uncordon worker-1" });
  expect(() => entry(cordoned, "cordon", now)).toThrow("no entry cordon");
});

test("a Service's policy is an edit of the text at its field", () => {
  expect(entry(service, "externalTrafficPolicy Local").current).toBe(true);
  expect(entry(service, "externalTrafficPolicy Cluster").deed).toEqual({
    do: "edit",
    object: "Service/shop/web",
    path: "spec.externalTrafficPolicy",
    to: "Cluster",
  });
});

test("targets are the object's own ports, and a pod that declares none is still dialled", () => {
  expect(targetsOf(keyOf(service), facts).map(({ value }) => value)).toEqual(["lb/shop/web:80", "service/shop/web:80"]);
  expect(targetsOf(keyOf(pod), facts).map(({ value }) => value)).toEqual(["pod/shop/web-1-a:80"]);
  expect(targetsOf(keyOf(client), facts)).toEqual([]);
});

test("pods, nodes, Deployments and clients send; Services do not", () => {
  const all = [pod, node, deployment, client, service].map((object) => senderOf(keyOf(object)));
  expect(all).toEqual(["pod/shop/web-1-a", "node/worker-1", "deploy/shop/web", "client/internet", null]);
});

test("what is gone has no menu", () => {
  expect(deedsOf(objectKey("Pod", "shop", "gone"), facts)).toEqual([]);
  expect(deedsOf("Node//gone" as ObjectKey, facts)).toEqual([]);
});
