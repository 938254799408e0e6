import { describe, expect, it } from "vitest";
import { type Broken, diagnosisOf, expectNoEdit, idsOf, expectMended } from "../why-testing.ts";

/** A Service before three pods, each part of which a test may break, and a pod that asks. */
const shop = ({
  service = "",
  ports = "[{ port: 80, targetPort: 8080 }]",
  replicas = "3",
  container = "ports: [{ containerPort: 8080, name: http }]",
  annotations = "{}",
  more = "",
}: Partial<Record<"service" | "ports" | "replicas" | "container" | "annotations" | "more", string>> = {}): string => `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  selector: { app: web }
  ports: ${ports}
  ${service}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: ${annotations}
    spec:
      containers:
        - name: web
          image: nginx
          ${container}
---
apiVersion: v1
kind: Pod
metadata: { name: curl, namespace: shop, labels: { app: curl } }
spec: { containers: [{ name: curl, image: curlimages/curl }] }
${more}`;

const broken = (parts: Parameters<typeof shop>[0], request: Partial<Broken> = {}): Broken => ({
  yaml: shop(parts),
  from: "pod/shop/curl",
  to: "service/shop/web:80",
  ...request,
});

const probe = (probed: string): string => `ports: [{ containerPort: 8080, name: http }]
          readinessProbe: ${probed}`;

describe("a Service's own faults", () => {
  it("has none when it is well", () => {
    expect(idsOf(diagnosisOf(broken({})))).toEqual([]);
  });

  it("targets a port on which nothing listens", () => {
    const { fix } = expectMended(broken({ ports: "[{ port: 80, targetPort: 8081 }]" }), "SVC-TARGET-PORT-CLOSED");
    expect(fix?.edits).toEqual([{ document: 0, path: "spec.ports[0].targetPort", from: 8081, to: 8080 }]);
  });

  it("targets the default, its own port, where the pods listen on another", () => {
    const { fix } = expectMended(broken({ ports: "[{ port: 80 }]" }), "SVC-TARGET-PORT-CLOSED");
    expect(fix?.edits).toEqual([{ document: 0, path: "spec.ports[0].targetPort", from: null, to: 8080 }]);
  });

  it("targets a name that no container port has", () => {
    const { fix } = expectMended(broken({ ports: "[{ port: 80, targetPort: htpp }]" }), "SVC-NAMED-PORT-MISSING");
    expect(fix?.edits).toEqual([{ document: 0, path: "spec.ports[0].targetPort", from: "htpp", to: "http" }]);
  });

  it("targets a name where ports have none", () => {
    const parts = { ports: "[{ port: 80, targetPort: http }]", container: "ports: [{ containerPort: 8080 }]" };
    expect(expectMended(broken(parts), "SVC-NAMED-PORT-MISSING").fix?.edits[0]?.to).toBe(8080);
  });

  it("selects pods whose probe asks the wrong port", () => {
    const parts = { container: probe("{ httpGet: { port: 9090 } }") };
    const { fix, cause } = expectMended(broken(parts), "SVC-ENDPOINTS-NOT-READY");
    expect(fix?.edits).toEqual([
      { document: 1, path: "spec.template.spec.containers[0].readinessProbe.httpGet.port", from: 9090, to: 8080 },
    ]);
    expect(cause).toContain("asks port 9090, on which nothing listens");
  });

  it("selects pods of a Deployment with replicas 0", () => {
    const { fix } = expectMended(broken({ replicas: "0" }), "SVC-NO-ENDPOINTS");
    expect(fix?.edits).toEqual([{ document: 1, path: "spec.replicas", from: 0, to: 1 }]);
  });

  it("selects pods that bind their loopback", () => {
    const parts = { annotations: '{ kubehop.dev/listen: "127.0.0.1:8080" }' };
    expect(expectMended(broken(parts), "LISTENER-LOOPBACK").fix?.edits[0]?.to).toBe("8080");
  });

  it("does not answer ping", () => {
    for (const mode of ["iptables", "nftables", "ipvs"] as const) {
      expectNoEdit(broken({}, { to: "service/shop/web", protocol: "icmp", mode }), "SVC-ICMP");
    }
  });

  it("has no way in from outside by its ClusterIP", () => {
    expectNoEdit(broken({}, { from: "client/internet" }), "OUTSIDE-CLUSTERIP");
    expectNoEdit(broken({}, { from: "client/internet", to: "web.shop.svc.cluster.local:80" }), "OUTSIDE-CLUSTERIP");
  });

  it("waits for a load balancer that nobody makes", () => {
    const more = `---
apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: { name: cloud }
spec: { loadBalancer: none, source: keep, addresses: { from: 203.0.113.10, to: 203.0.113.20 } }
`;
    expectNoEdit(
      broken({ service: "type: LoadBalancer", more }, { from: "client/internet", to: "lb/shop/web:80" }),
      "LB-PENDING",
    );
    const classed = { service: "type: LoadBalancer\n  loadBalancerClass: example.com/lb" };
    expectMended(broken(classed, { from: "client/internet", to: "lb/shop/web:80" }), "LB-PENDING");
  });
});
