import { describe, expect, it } from "vitest";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import { liveHover } from "./liveHover.ts";
import { placeAt } from "./outline.ts";
import { liveSuggestions } from "./suggestions.ts";

const world = (...all: readonly unknown[]): ReadonlyMap<ObjectKey, KubeObject> =>
  new Map(all.map((one) => [keyOf(one as KubeObject), one as KubeObject]));

const pod = (name: string, app: string, namespace = "shop") => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels: { app, "pod-template-hash": "x" } },
  spec: { containers: [{ name: "c", image: "i", ports: [{ name: "http", containerPort: 8080 }] }] },
});
const service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: { type: "ClusterIP", clusterIP: "10.96.41.7", selector: { app: "web" }, ports: [{ name: "web", port: 80 }] },
};
const slice = {
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name: "web", port: 8080 }],
  endpoints: [
    { addresses: ["10.244.1.2"], conditions: { ready: true } },
    { addresses: ["10.244.1.3"], conditions: { ready: false } },
  ],
};
const node = { apiVersion: "v1", kind: "Node", metadata: { name: "worker-1", labels: { zone: "a" } }, spec: {} };
const objects = world(
  pod("web-1", "web"),
  pod("web-2", "web"),
  pod("db-1", "db"),
  pod("x", "other", "b"),
  service,
  slice,
  node,
);

const HEAD = "kind: Service\nmetadata:\n  name: web\n  namespace: shop\n";
function at<T>(marked: string, act: (place: ReturnType<typeof placeAt>) => T): T {
  const before = marked.slice(0, marked.indexOf("|")).split("\n");
  const lines = marked.replace("|", "").split("\n");
  return act(placeAt(lines, before.length, (before.at(-1) ?? "").length + 1));
}
const offered = (marked: string): readonly string[] =>
  at(marked, (place) => liveSuggestions(place, objects).map(({ label, detail }) => `${label} (${detail})`));
const hovered = (marked: string): readonly string[] => at(marked, (place) => liveHover(place, objects));

describe("suggestions from the live cluster", () => {
  it("offer the labels that pods of the namespace carry, and no generated ones", () => {
    expect(offered(`${HEAD}spec:\n  selector:\n    |`)).toEqual(["app (3 pods)"]);
    expect(offered(`${HEAD}spec:\n  selector:\n    app: |`)).toEqual(["web (2 pods)", "db (1 pod)"]);
  });

  it("offer the ports of the pods that the selector picks", () => {
    expect(offered(`${HEAD}spec:\n  selector:\n    app: web\n  ports:\n  - port: 80\n    targetPort: |`)).toEqual([
      "http (8080/TCP, 2 pods)",
      "8080 (8080/TCP, 2 pods)",
    ]);
  });

  it("offer Services and their ports to an Ingress, nodes to a pod", () => {
    const ingress = "kind: Ingress\nmetadata:\n  namespace: shop\nspec:\n  defaultBackend:\n    service:\n";
    expect(offered(`${ingress}      name: |`)).toEqual(["web (ClusterIP 10.96.41.7 :80)"]);
    expect(offered(`${ingress}      name: web\n      port:\n        number: |`)).toEqual(["80 (web)"]);
    expect(offered(`${ingress}      name: web\n      port:\n        name: |`)).toEqual(["web (web)"]);
    expect(offered("kind: Pod\nspec:\n  nodeName: |")).toEqual(["worker-1 (NotReady)"]);
    expect(offered("kind: Pod\nspec:\n  nodeSelector:\n    zone: |")).toEqual(["a (1 node)"]);
  });

  it("stay away from fields that the cluster knows nothing of", () => {
    expect(offered(`${HEAD}spec:\n  type: |`)).toEqual([]);
    expect(offered("kind: Pod\nspec:\n  selector:\n    app: |")).toEqual([]);
  });
});

describe("hovers from the live cluster", () => {
  it("say what the cluster has, and where the text differs", () => {
    expect(hovered(`${HEAD}spec:\n  clusterIP|: 10.96.0.9`)).toEqual([
      "**In the cluster** `10.96.41.7`, in the text `10.96.0.9`",
    ]);
    expect(hovered(`${HEAD}spec:\n  sel|ector:\n    app: web`)).toEqual(["**2 pods** `web-1`, `web-2`"]);
    expect(hovered(`${HEAD}spec:\n  ports:\n  - po|rt: 80`)).toEqual([
      "**In the cluster** `80`",
      "**1 of 2 endpoints ready** `10.244.1.2`",
    ]);
  });

  it("say nothing of what is not in the cluster", () => {
    expect(hovered("kind: Service\nmetadata:\n  name: x|")).toEqual([]);
  });
});
