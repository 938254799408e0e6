import { describe, expect, it } from "vitest";
import { diagnosisOf, expectMended, expectNoEdit, idsOf } from "../why-testing.ts";

/** A Service before pods, of a type and policies of the test's choice, and a pod on worker-1 that asks. */
const shop = ({ type = "ClusterIP", spec = "", pods = "", replicas = 3, more = "" } = {}): string => `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  type: ${type}
  selector: { app: web }
  ports: [{ port: 80, targetPort: 8080${type === "ClusterIP" ? "" : ", nodePort: 30080"} }]
  ${spec}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: ${String(replicas)}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      ${pods}
      containers: [{ name: web, image: nginx, ports: [{ containerPort: 8080 }] }]
---
apiVersion: v1
kind: Pod
metadata: { name: curl, namespace: shop, labels: { app: curl } }
spec: { nodeName: worker-1, containers: [{ name: curl, image: curlimages/curl }] }
${more === "" ? "" : `---\n${more}`}`;

const policy = (spec: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: guard, namespace: shop }
spec: ${spec}
`;

const CURL = { from: "pod/shop/curl", to: "service/shop/web:80" };
const CLIENT = "client/internet";

describe("traffic policies", () => {
  const onOne = { pods: "nodeName: worker-2" };

  it("Local, and the node dialled has no endpoint", () => {
    const yaml = shop({ type: "NodePort", spec: "externalTrafficPolicy: Local", ...onOne });
    for (const mode of ["iptables", "nftables"] as const) {
      expectMended({ yaml, from: CLIENT, to: "node/worker-1:30080", mode }, "LOCAL-EXTERNAL-NO-ENDPOINT");
    }
    expect(idsOf(diagnosisOf({ yaml, from: CLIENT, to: "node/worker-2:30080" }))).toEqual([]);
  });

  it("Local within, and the sender's node has no endpoint", () => {
    const yaml = shop({ spec: "internalTrafficPolicy: Local", ...onOne });
    for (const mode of ["iptables", "nftables"] as const) {
      expectMended({ yaml, ...CURL, mode }, "LOCAL-INTERNAL-NO-ENDPOINT");
    }
  });

  it("a pod dials a node port of Local on another node", () => {
    // With an endpoint on the pod's own node, and in nftables mode, nothing drops the answer, and nobody waits for it.
    for (const pods of ["nodeName: worker-2", "nodeName: worker-1"]) {
      const yaml = shop({ type: "NodePort", spec: "externalTrafficPolicy: Local", pods });
      for (const mode of ["iptables", "nftables"] as const)
        expectMended({ yaml, from: "pod/shop/curl", to: "node/worker-3:30080", mode }, "REMOTE-NODEPORT-LOCAL");
    }
  });

  it("Cluster hides the client's address, which is no error", () => {
    const yaml = shop({ type: "LoadBalancer" });
    const { fix, severity } = expectMended({ yaml, from: CLIENT, to: "lb/shop/web:80" }, "SOURCE-IP-SNAT");
    expect(severity).toBe("warning");
    expect(fix?.proof).toBe("every branch followed, in a fork: all 3 arrive with the client's own address");
  });

  it("Local would lose requests where a node has no endpoint, so it is not proposed there", () => {
    const yaml = shop({ type: "NodePort", ...onOne });
    expectNoEdit({ yaml, from: CLIENT, to: "node/worker-1:30080" }, "SOURCE-IP-SNAT");
  });
});

describe("NetworkPolicies", () => {
  it("name the Service's port where the pod's is meant", () => {
    const more = policy("{ podSelector: { matchLabels: { app: web } }, ingress: [{ ports: [{ port: 80 }] }] }");
    const { fix, cause } = expectMended({ yaml: shop({ more }), ...CURL }, "POLICY-DENIES");
    expect(fix?.edits).toEqual([{ document: 3, path: "spec.ingress[0].ports[0].port", from: 80, to: 8080 }]);
    expect(cause).toContain("after DNAT");
  });

  it("allow another peer", () => {
    const from = "[{ podSelector: { matchLabels: { app: other } } }]";
    const more = policy(`{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: ${from} }] }`);
    const { fix } = expectMended({ yaml: shop({ more }), ...CURL }, "POLICY-DENIES");
    expect(fix?.edits[0]?.to).toEqual({ podSelector: { matchLabels: { app: "curl" } } });
  });

  it("allow nothing", () => {
    const more = policy("{ podSelector: {}, policyTypes: [Ingress] }");
    expectMended({ yaml: shop({ more }), ...CURL }, "POLICY-DENIES");
  });

  it("forget port 53", () => {
    const more = policy("{ podSelector: { matchLabels: { app: curl } }, egress: [{ ports: [{ port: 8080 }] }] }");
    const { fix } = expectMended({ yaml: shop({ more }), from: "pod/shop/curl", to: "web:80" }, "POLICY-DENIES");
    expect(fix?.title).toBe("Allow DNS, port 53");
  });
});

describe("wires and addresses", () => {
  it("a pod that is its own endpoint, without hairpin mode", () => {
    const more = `apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: { name: lab }
spec: { network: { hairpin: false } }
`;
    const own = { from: "deploy/shop/web", to: "service/shop/web:80" };
    expectMended({ yaml: shop({ replicas: 1, more }), ...own }, "HAIRPIN");
    const three = diagnosisOf({ yaml: shop({ more }), ...own });
    expect(idsOf(three)).toEqual(["HAIRPIN"]);
    expect(three.delivered).toBeCloseTo(2 / 3, 9);
  });

  it("a node port on localhost, outside of iptables mode", () => {
    const yaml = shop({ type: "NodePort" });
    const local = { from: "node/worker-1", to: "127.0.0.1:30080" };
    expectNoEdit({ yaml, ...local, mode: "nftables" }, "NODEPORT-LOCALHOST");
    expectNoEdit({ yaml, ...local, mode: "ipvs" }, "NODEPORT-LOCALHOST");
    expect(idsOf(diagnosisOf({ yaml, ...local }))).toEqual([]);
  });
});
