import { describe, expect, it } from "vitest";
import { seededChooser } from "../base/draw.ts";
import type { Service } from "../model/service/types.ts";
import type { Walk } from "../model/trace/types.ts";
import { explore } from "./explore.ts";
import { send } from "./send.ts";
import { saveRules, testView } from "./testing.ts";
import { type BalancerTarget, type ClusterView, EMPTY_NETWORK } from "./types.ts";

const VIP = "203.0.113.10";
const RULES = saveRules(`*nat
-A PREROUTING -p tcp -m tcp --dport 30080 -j DNAT --to-destination 10.244.1.2:8080
-A POSTROUTING -p tcp -m tcp --dport 8080 -j MASQUERADE
COMMIT
`);
const SERVICE: Service = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default" },
  spec: {
    type: "LoadBalancer",
    clusterIP: "10.96.0.50",
    ports: [{ name: "http", port: 80, targetPort: 8080, nodePort: 30_080, protocol: "TCP" }],
  },
  status: { loadBalancer: { ingress: [{ ip: VIP }] } },
};
const base: ClusterView = testView({
  pods: [{ name: "web", node: "worker-1", ip: "10.244.1.2", listen: "8080/TCP" }],
  services: [SERVICE],
  rules: RULES,
});
const node = (n: number, healthy: boolean): BalancerTarget => ({
  name: `worker-${n}`,
  addresses: [`192.168.56.${10 + n}`],
  healthy,
  pod: null,
});
const options = { id: 1, chooser: seededChooser(1) };
const request = (to: string) => ({ from: "client/internet", to, protocol: "tcp" }) as const;

function walks(view: ClusterView): readonly Walk[] {
  const explored = explore(view, EMPTY_NETWORK, request(`${VIP}:80`), options);
  if (!explored.ok) throw new Error(explored.error.message);
  return explored.value.walks;
}

const lbNote = (walk: Walk | undefined): string => walk?.hops.find((h) => h.stage === "lb")?.note ?? "";
const entries = (view: ClusterView): readonly string[] =>
  walks(view).map((w) => w.hops.find((h) => h.place.startsWith("node/"))?.place ?? "none");

describe("a cloud's load balancer and its targets", () => {
  it("gives each healthy node an equal share, and the others none", () => {
    const view = { ...base, targetsOf: () => [node(1, true), node(2, false), node(3, true)] };
    expect(entries(view)).toEqual(["node/worker-1", "node/worker-3"]);
    expect(walks(view).map((w) => w.probability)).toEqual([1 / 2, 1 / 2]);
    expect(lbNote(walks(view)[0])).toContain("picks worker-1, one of 2 healthy nodes,");
  });

  it("fails open: with no healthy node all of them have a share", () => {
    const view = { ...base, targetsOf: () => [1, 2, 3].map((n) => node(n, false)) };
    expect(walks(view).map((w) => w.probability)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(lbNote(walks(view)[2])).toContain(
      "picks worker-3, although no node passes its health check (it fails open to all 3), and rewrites",
    );
  });

  it("lets in only clients of the Service's source ranges, by field or by annotation, where it forwards itself", () => {
    const fenced = (ranges: readonly string[], annotations = {}): ClusterView => {
      const service = {
        ...SERVICE,
        metadata: { ...SERVICE.metadata, annotations },
        spec: { ...SERVICE.spec, loadBalancerSourceRanges: ranges },
      };
      return {
        ...testView({
          pods: [{ name: "web", node: "worker-1", ip: "10.244.1.2", listen: "8080/TCP" }],
          services: [service],
          rules: RULES,
        }),
        targetsOf: () => [node(1, true)],
      };
    };
    const annotation = "service.beta.kubernetes.io/load-balancer-source-ranges";
    const [out] = walks(fenced(["192.0.2.0/24", "10.0.0.0/8"]));
    expect([out?.outcome, lbNote(out)]).toEqual([
      "timeout",
      expect.stringContaining("lets in 192.0.2.0/24, 10.0.0.0/8, and 198.51.100.24 is in none of them"),
    ]);
    expect(walks(fenced(["192.0.2.0/24", "198.51.100.0/24"]))[0]?.outcome).toBe("delivered");
    expect(walks(fenced([], { [annotation]: "192.0.2.0/24" }))[0]?.outcome).toBe("timeout");
    const view = fenced(["192.0.2.0/24"]);
    const [kept] = walks({ ...view, cloud: { ...view.cloud, loadBalancer: "vip" } });
    expect(lbNote(kept)).toContain("keeps the header");
  });

  it("without any target it drops in silence", () => {
    const [walk] = walks({ ...base, targetsOf: () => [] });
    expect([walk?.outcome, lbNote(walk)]).toEqual([
      "timeout",
      "The load balancer of default/web has no target; it drops the packet.",
    ]);
  });

  it("sends to a target that is no longer there until it is taken out", () => {
    const gone = { ...node(9, true), name: "worker-9" };
    const [walk] = walks({ ...base, targetsOf: () => [gone] });
    expect(walk?.outcome).not.toBe("delivered");
    expect(walk?.hops.map((h) => h.note).join(" ")).toContain("192.168.56.19");
  });

  it("a pod is dialled on the port that serves the Service's port of that name", () => {
    const pod = { ip: "10.244.1.2", name: "default/web", ports: [{ name: "http", protocol: "TCP", port: 8080 }] };
    const target: BalancerTarget = { name: pod.name, addresses: [pod.ip], healthy: true, pod };
    const view = (ports: typeof pod.ports): ClusterView => ({
      ...base,
      cloud: { ...base.cloud, loadBalancer: "pod" },
      targetsOf: () => [{ ...target, pod: { ...pod, ports } }],
    });
    const sent = send(view(pod.ports), EMPTY_NETWORK, request(`${VIP}:80`), options);
    if (!sent.ok) throw new Error(sent.error.message);
    expect([sent.value.walk.outcome, lbNote(sent.value.walk)]).toEqual([
      "delivered",
      "The load balancer picks pod default/web, the only healthy target, and rewrites the destination to 10.244.1.2:8080; the client's address is kept.",
    ]);
    const [other] = walks(view([{ name: "metrics", protocol: "TCP", port: 9090 }]));
    expect([other?.outcome, lbNote(other)]).toEqual([
      "timeout",
      "Port 80 of default/web is not served by pod default/web, so the load balancer has no target.",
    ]);
  });
});
