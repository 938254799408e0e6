import { describe, expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import type { Ingress } from "../model/ingress/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { keyIn, service, TestCluster } from "./testing.ts";

const NGINX = "registry.k8s.io/ingress-nginx/controller:v1.13.3";
const PUBLISH = "--publish-service=$(POD_NAMESPACE)/front";

function controllerPod(name: string, image: string, args: readonly string[], more: object = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: "front" }, ...more },
    spec: { containers: [{ name: "controller", image, args, ports: [{ containerPort: 80 }] }] },
  } as KubeObject;
}

function ingress(name: string, spec: object = { ingressClassName: "nginx" }, annotations?: object): KubeObject {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, ...(annotations === undefined ? {} : { annotations }) },
    spec: { defaultBackend: { service: { name: "web", port: { number: 80 } } }, ...spec },
  } as KubeObject;
}

const ingressClass = (name: string, controller: string, isDefault = false): KubeObject =>
  ({
    apiVersion: "networking.k8s.io/v1",
    kind: "IngressClass",
    metadata: {
      name,
      ...(isDefault ? { annotations: { "ingressclass.kubernetes.io/is-default-class": "true" } } : {}),
    },
    spec: { controller },
  }) as KubeObject;

const CLASS = ingressClass("nginx", "k8s.io/ingress-nginx");
const front = (spec: object = { type: "LoadBalancer" }): KubeObject =>
  service("front", { selector: { app: "front" }, ...spec });

const addresses = (c: TestCluster, name = "site"): readonly (string | undefined)[] =>
  (c.get<Ingress>("Ingress", "default", name)?.status.loadBalancer.ingress ?? []).map(
    ({ ip, hostname }) => ip ?? hostname,
  );
const told = (c: TestCluster): readonly string[] => c.events.filter((e) => e.includes(" Sync "));

test("without a controller nothing happens: no address, no event", () => {
  const c = new TestCluster();
  c.apply(CLASS, front(), ingress("site"));
  expect(c.rest().quiet).toBe(true);
  expect([addresses(c), told(c)]).toEqual([[], []]);
});

test("the address comes within a minute of the controller's Service having one, with an event before and after", () => {
  const c = new TestCluster({ pace: "run" });
  c.apply(CLASS, front(), controllerPod("front-1", NGINX, [PUBLISH]));
  c.run(90 * SECOND);
  c.apply(ingress("site"));
  c.run(0.5 * SECOND);
  expect(told(c)).toEqual(["nginx-ingress-controller Sync Scheduled for sync"]);
  c.run(60 * SECOND);
  expect(addresses(c)).toEqual(["203.0.113.10"]);
  expect(told(c)).toHaveLength(2);
  expect(c.refusals).toEqual([]);
});

describe("where the address comes from", () => {
  test.each<[string, object, readonly string[], readonly string[]]>([
    ["a LoadBalancer Service", { type: "LoadBalancer" }, [PUBLISH], ["203.0.113.10"]],
    [
      "and its externalIPs",
      { type: "LoadBalancer", externalIPs: ["192.0.2.1"] },
      [PUBLISH],
      ["192.0.2.1", "203.0.113.10"],
    ],
    ["a NodePort Service's externalIPs", { type: "NodePort", externalIPs: ["192.0.2.1"] }, [PUBLISH], ["192.0.2.1"]],
    ["a NodePort Service's ClusterIP", { type: "NodePort", clusterIP: "10.96.7.7" }, [PUBLISH], ["10.96.7.7"]],
    ["a fixed address", {}, ["--publish-status-address=192.0.2.9"], ["192.0.2.9"]],
    ["without a flag the nodes of its pods", {}, [], ["192.168.56.11"]],
    ["with --update-status=false none", {}, [PUBLISH, "--update-status=false"], []],
  ])("%s", (_, spec, args, expected) => {
    const c = new TestCluster();
    const pod = controllerPod("front-1", NGINX, args);
    c.apply(CLASS, front(spec), {
      ...pod,
      spec: { ...(pod as { spec?: object }).spec, nodeName: "worker-1" },
    } as KubeObject);
    c.apply(ingress("site"));
    c.rest();
    expect(addresses(c)).toEqual(expected);
  });

  test("a pod that the annotation makes a controller publishes the Service that selects it", () => {
    const c = new TestCluster();
    const annotations = { "kubehop.dev/program": "ingress-controller", "kubehop.dev/ingress-class": "mine" };
    c.apply(front(), controllerPod("front-1", "example.com/ingress", [], { annotations }));
    c.apply(ingress("site", { ingressClassName: "mine" }), ingress("other", { ingressClassName: "theirs" }));
    c.rest();
    expect([addresses(c), addresses(c, "other")]).toEqual([["203.0.113.10"], []]);
  });
});

describe("whose an Ingress is", () => {
  const legacy = { "kubernetes.io/ingress.class": "nginx" };
  test.each<[string, KubeObject, readonly KubeObject[], readonly string[], boolean]>([
    ["by the controller of its class", ingress("site"), [CLASS], [], true],
    ["a class that does not exist is nobody's", ingress("site"), [], [], false],
    ["another controller's class", ingress("site"), [ingressClass("nginx", "example.com/other")], [], false],
    ["by the old annotation", ingress("site", {}, legacy), [], [], true],
    [
      "the old annotation with another name",
      ingress("site", {}, { "kubernetes.io/ingress.class": "gce" }),
      [],
      [],
      false,
    ],
    ["without a class", ingress("site", {}), [], [], false],
    ["without a class, where the flag says so", ingress("site", {}), [], ["--watch-ingress-without-class=true"], true],
    ["by the default class", ingress("site", {}), [ingressClass("d", "k8s.io/ingress-nginx", true)], [], true],
    ["in a namespace that it does not watch", ingress("site"), [CLASS], ["--watch-namespace=elsewhere"], false],
  ])("%s", (_, object, classes, args, isMine) => {
    const c = new TestCluster();
    c.apply(...classes, front(), controllerPod("front-1", NGINX, [PUBLISH, ...args]), object);
    c.rest();
    expect(addresses(c)).toEqual(isMine ? ["203.0.113.10"] : []);
    expect(told(c).length > 0).toBe(isMine);
  });
});

test("the last pod of a controller takes its addresses away; a Service that loses its address is followed", () => {
  const c = new TestCluster();
  c.apply(CLASS, front(), controllerPod("front-1", NGINX, [PUBLISH]), ingress("site"));
  c.rest();
  c.apply(front({ type: "ClusterIP" }));
  c.rest();
  const [ip] = addresses(c);
  expect(ip).toMatch(/^10\./);
  c.delete(keyIn("Pod", "front-1"));
  c.rest();
  expect(addresses(c)).toEqual([]);
  expect(c.refusals).toEqual([]);
});

test("Traefik tells nothing, and publishes what its flag names", () => {
  const c = new TestCluster();
  const flag = "--providers.kubernetesingress.ingressendpoint.publishedservice=default/front";
  c.apply(front(), controllerPod("front-1", "traefik:v3.5", [flag]), ingress("site", {}));
  c.rest();
  expect([addresses(c), told(c)]).toEqual([["203.0.113.10"], []]);
});
