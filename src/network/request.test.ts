import { describe, expect, it } from "vitest";
import type { Service } from "../model/service/types.ts";
import type { Request } from "../model/trace/types.ts";
import { resolve } from "./request.ts";
import { testView } from "./testing.ts";

function service(name: string, spec: Partial<Service["spec"]>, ip?: string): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: {
      type: "ClusterIP",
      clusterIP: "10.96.0.50",
      ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 80 }],
      ...spec,
    },
    status: { loadBalancer: ip === undefined ? {} : { ingress: [{ ip }] } },
  };
}

const view = testView({
  pods: [
    { name: "web-b", node: "worker-1", ip: "10.244.1.5", container: { ports: [{ name: "web", containerPort: 8080 }] } },
    { name: "web-a", node: "worker-1", ip: "10.244.1.4" },
    { name: "host", node: "worker-2", ip: "192.168.56.12", hostNetwork: true },
  ],
  services: [
    service("web", {}),
    service("front", { type: "LoadBalancer" }, "203.0.113.10"),
    service("pending", { type: "LoadBalancer" }),
    service("headless", { clusterIP: "None" }),
    service("elsewhere", { type: "ExternalName", externalName: "example.com" }),
    service("dual", { clusterIPs: ["10.96.0.60", "fd00:96::60"], clusterIP: "10.96.0.60" }),
  ],
});

const ask = (from: string, to: string, more: Partial<Request> = {}) =>
  resolve(view, { from, to, protocol: "tcp", ...more });

describe("resolve", () => {
  it.each([
    ["pod/default/web-a", "10.96.0.50:80", "pod/default/web-a", "10.96.0.50", 80],
    ["pod/default/web-a", "service/default/web:http", "pod/default/web-a", "10.96.0.50", 80],
    ["pod/default/web-a", "service/default/web:81", "pod/default/web-a", "10.96.0.50", 81],
    ["pod/default/web-a", "service/default/web", "pod/default/web-a", "10.96.0.50", 80],
    ["deploy/default/web", "node/worker-2:30000", "pod/default/web-b", "192.168.56.12", 30_000],
    ["node/worker-1", "pod/default/web-b:web", "node/worker-1", "10.244.1.5", 8080],
    ["client/internet", "lb/default/front:http", "client/internet", "203.0.113.10", 80],
    ["pod/default/host", "10.244.1.5:8080", "node/worker-2", "10.244.1.5", 8080],
    ["pod/default/web-a", "service/default/dual:80", "pod/default/web-a", "10.96.0.60", 80],
  ])("%s to %s", (from, to, host, ip, port) => {
    expect(ask(from, to)).toMatchObject({ ok: true, value: { host, ip, port } });
  });

  it("takes no port for ICMP", () => {
    expect(ask("pod/default/web-a", "10.96.0.50", { protocol: "icmp" })).toMatchObject({
      ok: true,
      value: { port: 0 },
    });
  });

  it.each([
    ["pod/default/wbe-a", "10.96.0.50:80", "from", /pod "default\/wbe-a" not found\. Did you mean pod\/default\/web-a/],
    ["node/worker1", "10.96.0.50:80", "from", /Did you mean node\/worker-1/],
    ["client/moon", "10.96.0.50:80", "from", /Did you mean client\/internet\?/],
    ["deploy/default/none", "10.96.0.50:80", "from", /has no pods/],
    ["web-a", "10.96.0.50:80", "from", /write pod\/NAMESPACE\/NAME/],
    ["pod/default/web-a", "10.96.0.50", "to", /names no port/],
    ["pod/default/web-a", "10.96.0.50:99999", "to", /not between 1 and 65535/],
    ["pod/default/web-a", "service/default/wbe:80", "to", /Did you mean service\/default\/web,/],
    ["pod/default/web-a", "service/default/web:https", "to", /no port named "https"\. It has http \(80\/TCP\)/],
    ["pod/default/web-a", "service/default/headless:80", "to", /headless/],
    ["pod/default/web-a", "service/default/elsewhere:80", "to", /ExternalName/],
    ["pod/default/web-a", "lb/default/pending:80", "to", /<pending>/],
    ["pod/default/web-a", "lb/default/web:80", "to", /not LoadBalancer/],
    ["pod/default/web-a", "http//web", "to", /cannot read the target/],
    ["pod/default/web-a", "[fd00:96::60]:80", "family", /has no IPv6 address/],
  ])("refuses %s to %s", (from, to, field, message) => {
    const result = ask(from, to);
    expect(result).toMatchObject({ ok: false, error: { field, message: expect.stringMatching(message) } });
  });

  it("refuses a family that the target does not have", () => {
    expect(ask("pod/default/web-a", "service/default/web:80", { family: 6 })).toMatchObject({
      ok: false,
      error: { field: "family" },
    });
  });
});
