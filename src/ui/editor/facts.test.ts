import { describe, expect, it } from "vitest";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import { factsOf } from "./facts.ts";

const object = (value: unknown): KubeObject => value as KubeObject;
const world = (...all: readonly KubeObject[]): ReadonlyMap<ObjectKey, KubeObject> =>
  new Map(all.map((one) => [keyOf(one), one]));
const words = (objects: ReadonlyMap<ObjectKey, KubeObject>): readonly string[] =>
  factsOf(objects).map(({ path, words: said, wanting }) => `${path} ${said}${wanting ? " !" : ""}`);

const service = object({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    type: "LoadBalancer",
    clusterIP: "10.96.41.7",
    clusterIPs: ["10.96.41.7"],
    ipFamilies: ["IPv4"],
    selector: { app: "web" },
    ports: [{ port: 80, targetPort: 8080, nodePort: 31480, protocol: "TCP" }],
  },
  status: { loadBalancer: {} },
});
const pod = (name: string, app: string): KubeObject =>
  object({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "shop", labels: { app } },
    spec: { nodeName: "worker-1", containers: [] },
    status: { podIP: "10.244.1.2" },
  });
const slice = object({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { name: "web-1", namespace: "shop", labels: { "kubernetes.io/service-name": "web" } },
  addressType: "IPv4",
  ports: [{ name: "", port: 8080, protocol: "TCP" }],
  endpoints: [
    { addresses: ["10.244.1.2"], conditions: { ready: true } },
    { addresses: ["10.244.1.3"], conditions: { ready: false } },
  ],
});

describe("facts beside the text", () => {
  it("say what a Service was given and what it lacks", () => {
    expect(words(world(service))).toEqual([
      "metadata.name 10.96.41.7",
      "spec.type <pending> !",
      "spec.selector no pod matches !",
      "spec.ports[0].port nodePort 31480",
    ]);
  });

  it("count the pods that match and the endpoints that are ready", () => {
    const said = words(world(service, pod("a", "web"), pod("b", "web"), pod("c", "other"), slice));
    expect(said).toContain("spec.selector 2 pods match");
    expect(said).toContain("spec.ports[0].targetPort 1/2 ready !");
    expect(said).toContain("metadata.name 10.244.1.2 on worker-1");
  });
});
