import { expect, test } from "vitest";
import { createStore } from "../../apiserver/store.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import { containerEnv, serviceEnv } from "./env.ts";
import { WAITING } from "./container.ts";

const service = (namespace: string, name: string, spec: object): KubeObject =>
  ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec,
    status: { loadBalancer: {} },
  }) as KubeObject;
const port = (n: number, name?: string, protocol = "TCP"): object => ({ port: n, protocol, ...(name && { name }) });
const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "shop" },
  spec: { containers: [{ name: "c", image: "x" }] },
  status: { podIP: "10.244.1.5" },
} as Pod;

const store = createStore();
store.commit(
  {
    puts: [
      service("default", "kubernetes", { clusterIP: "10.96.0.1", ports: [port(443, "https")] }),
      service("default", "other", { clusterIP: "10.96.0.2", ports: [port(1)] }),
      service("shop", "redis-master", { clusterIP: "172.17.0.6", ports: [port(6379)] }),
      service("shop", "my-web", { clusterIP: "fd00::7", ports: [port(80, "http"), port(9100, "my-metrics", "UDP")] }),
      service("shop", "headless", { clusterIP: "None", ports: [port(1)] }),
      service("shop", "alias", { type: "ExternalName", externalName: "example.com" }),
    ],
  },
  { at: 0, cause: 0, writer: "test" },
);
const lines = (pod: Pod): readonly string[] => serviceEnv(store, pod).map(({ name, value }) => `${name}=${value}`);

test("docker-links form of the namespace's Services and kubernetes", () => {
  expect(lines(POD)).toEqual(
    [
      "KUBERNETES_PORT=tcp://10.96.0.1:443",
      "KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443",
      "KUBERNETES_PORT_443_TCP_ADDR=10.96.0.1",
      "KUBERNETES_PORT_443_TCP_PORT=443",
      "KUBERNETES_PORT_443_TCP_PROTO=tcp",
      "KUBERNETES_SERVICE_HOST=10.96.0.1",
      "KUBERNETES_SERVICE_PORT=443",
      "KUBERNETES_SERVICE_PORT_HTTPS=443",
      "REDIS_MASTER_SERVICE_HOST=172.17.0.6",
      "REDIS_MASTER_SERVICE_PORT=6379",
      "REDIS_MASTER_PORT=tcp://172.17.0.6:6379",
      "REDIS_MASTER_PORT_6379_TCP=tcp://172.17.0.6:6379",
      "REDIS_MASTER_PORT_6379_TCP_PROTO=tcp",
      "REDIS_MASTER_PORT_6379_TCP_PORT=6379",
      "REDIS_MASTER_PORT_6379_TCP_ADDR=172.17.0.6",
      "MY_WEB_SERVICE_HOST=fd00::7",
      "MY_WEB_SERVICE_PORT=80",
      "MY_WEB_SERVICE_PORT_HTTP=80",
      "MY_WEB_SERVICE_PORT_MY_METRICS=9100",
      "MY_WEB_PORT=tcp://[fd00::7]:80",
      "MY_WEB_PORT_80_TCP=tcp://[fd00::7]:80",
      "MY_WEB_PORT_80_TCP_PROTO=tcp",
      "MY_WEB_PORT_80_TCP_PORT=80",
      "MY_WEB_PORT_80_TCP_ADDR=fd00::7",
      "MY_WEB_PORT_9100_UDP=udp://[fd00::7]:9100",
      "MY_WEB_PORT_9100_UDP_PROTO=udp",
      "MY_WEB_PORT_9100_UDP_PORT=9100",
      "MY_WEB_PORT_9100_UDP_ADDR=fd00::7",
    ].sort(),
  );
});

test("enableServiceLinks false leaves only kubernetes", () => {
  const pod: Pod = { ...POD, spec: { ...POD.spec, enableServiceLinks: false } };
  expect(new Set(lines(pod).map((line) => line.split("_")[0]))).toEqual(new Set(["KUBERNETES"]));
});

test("a container's own variables win, and may use those before them", () => {
  const env = [
    { name: "MY_WEB_PORT", value: "8080" },
    { name: "URL", value: "http://$(REDIS_MASTER_SERVICE_HOST):$(MY_WEB_PORT)/$$(X)$(NOBODY)" },
    { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
  ];
  const container = { name: "c", image: "x", env };
  const pod: Pod = { ...POD, spec: { containers: [container] } };
  const up = { ...WAITING, stage: "running" as const, revision: 1 };
  const runtime = {
    uid: "",
    stage: "running" as const,
    due: null,
    ips: [],
    asGiven: false,
    init: [],
    containers: [up],
    unready: false,
    closingAt: null,
  };
  const all = new Map(containerEnv(pod, container, runtime, () => store).map(({ name, value }) => [name, value]));
  expect([all.get("MY_WEB_PORT"), all.get("URL"), all.get("IP"), all.get("HOSTNAME")]).toEqual([
    "8080",
    "http://172.17.0.6:8080/$(X)$(NOBODY)",
    "10.244.1.5",
    "p",
  ]);
  expect(containerEnv(pod, container, undefined, () => store)).toEqual([]);
});
