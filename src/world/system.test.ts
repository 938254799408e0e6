import { describe, expect, test } from "vitest";
import type { Endpoints } from "../model/endpoints/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import { createWorld } from "./world.ts";

function worldOf(text: string) {
  const world = createWorld({ seed: null });
  const { refusal } = world.dispatch({ type: "text", text });
  expect(refusal).toBeNull();
  expect(world.report.diagnostics).toEqual([]);
  return world;
}

const pods = (text: string): readonly string[] =>
  worldOf(text)
    .objects.list<Pod>("Pod")
    .filter((pod) => pod.metadata.namespace === "kube-system")
    .map((pod) => `${pod.spec.nodeName ?? ""} ${pod.status.podIP ?? ""}`);

const node = (name: string, address: string, podCIDR: string, labels = "{}"): string => `
apiVersion: v1
kind: Node
metadata: {name: ${name}, labels: ${labels}}
spec: {podCIDR: ${podCIDR}}
status: {addresses: [{type: InternalIP, address: ${address}}]}
---`;

describe("what a new cluster has", () => {
  test("DNS runs on the control plane's node, reached by the tenth address of the service range", () => {
    const world = worldOf("");
    expect(world.objects.get<Service>(objectKey("Service", "kube-system", "kube-dns"))?.spec.clusterIP).toBe(
      "10.96.0.10",
    );
    expect(world.objects.slicesOf("kube-system", "kube-dns").flatMap((s) => s.endpoints ?? [])).toMatchObject([
      { addresses: ["10.244.0.2"], nodeName: "control-plane", conditions: { ready: true } },
      { addresses: ["10.244.0.3"], nodeName: "control-plane", conditions: { ready: true } },
    ]);
    // The workers' addresses are all the user's.
    expect(world.objects.list<Node>("Node").map((n) => [n.metadata.name, n.spec.podCIDR])).toEqual([
      ["control-plane", "10.244.0.0/24"],
      ["worker-1", "10.244.1.0/24"],
      ["worker-2", "10.244.2.0/24"],
      ["worker-3", "10.244.3.0/24"],
    ]);
  });

  test("the control plane stands in the network of the text's nodes, beside them, and the API server there", () => {
    const text = node("node-a", "10.89.0.10", "10.244.0.0/24") + node("node-b", "10.89.0.11", "10.244.1.0/24");
    expect(pods(text)).toEqual(["control-plane 10.244.2.2", "control-plane 10.244.2.3"]);
    const { objects } = worldOf(text);
    const control = objects.get<Node>(objectKey("Node", undefined, "control-plane"));
    expect(control?.status.addresses?.[0]?.address).toBe("10.89.0.12");
    expect(objects.get<Endpoints>(objectKey("Endpoints", "default", "kubernetes"))?.subsets?.[0]?.addresses).toEqual([
      { ip: "10.89.0.12" },
    ]);
    expect(objects.slicesOf("default", "kubernetes")[0]?.endpoints?.[0]?.addresses).toEqual(["10.89.0.12"]);
  });

  test("a text that names the control plane's node, or brings its own DNS, is believed", () => {
    const master = node("master", "192.168.0.1", "10.244.0.0/24", '{node-role.kubernetes.io/master: ""}');
    expect(pods(master)).toEqual(["master 10.244.0.2", "master 10.244.0.3"]);
    const named = node("cp", "192.168.0.1", "10.244.0.0/24", '{node-role.kubernetes.io/control-plane: ""}');
    expect(pods(named)).toEqual(["cp 10.244.0.2", "cp 10.244.0.3"]);
    const own = `
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.53, ports: [{port: 53, protocol: UDP}]}`;
    expect(pods(own)).toEqual([]);
  });

  test("a text that changes one part of the DNS add-on has the others as they are", () => {
    const selecting = (selector: string): string => `
apiVersion: v1
kind: Service
metadata: {name: kube-dns, namespace: kube-system}
spec: {clusterIP: 10.96.0.10, selector: {k8s-app: ${selector}}, ports: [{port: 53, protocol: UDP}]}`;
    expect(pods(selecting("coredns"))).toEqual(["control-plane 10.244.0.2", "control-plane 10.244.0.3"]);
    const scaled = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: coredns, namespace: kube-system}
spec:
  replicas: 0
  selector: {matchLabels: {k8s-app: kube-dns}}
  template: {metadata: {labels: {k8s-app: kube-dns}}, spec: {containers: [{name: c, image: coredns/coredns}]}}`;
    expect(pods(scaled)).toEqual([]);
    expect(
      worldOf(scaled)
        .objects.list("Service", "kube-system")
        .map(({ metadata }) => metadata.name),
    ).toEqual(["kube-dns"]);
  });

  test("an edit after something has happened does not move the control plane", () => {
    const world = worldOf("");
    world.dispatch({ type: "run", micros: 1 });
    const { refusal } = world.dispatch({ type: "text", text: node("node-a", "10.89.0.11", "10.244.0.0/24") });
    expect(refusal).toBeNull();
    expect(world.report.accepted).toBe(true);
    expect(world.objects.get<Node>(objectKey("Node", undefined, "control-plane"))?.spec.podCIDR).toBe("10.244.0.0/24");
  });
});
