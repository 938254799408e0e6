import { describe, expect, it } from "vitest";
import { diagnosisOf, expectMended, expectNoEdit, idsOf } from "../why-testing.ts";

const WEB = `apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, sessionAffinity: ClientIP, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: c, image: nginx }] } }
---
apiVersion: v1
kind: Pod
metadata: { name: curl }
spec: { containers: [{ name: c, image: curlimages/curl }] }
---
`;
const cloud = (source: string): string => `apiVersion: kubehop.dev/v1alpha1
kind: CloudProvider
metadata: { name: cloud }
spec: { loadBalancer: nodePort, source: ${source}, addresses: { from: 203.0.113.10, to: 203.0.113.20 } }
`;

describe("arrives, but otherwise than expected", () => {
  it("affinity behind a balancer that hides its clients", () => {
    const request = { from: "client/internet", to: "lb/default/web:80" };
    expectNoEdit({ yaml: WEB + cloud("snat"), ...request }, "AFFINITY-CLIENTS-MERGED");
    expect(idsOf(diagnosisOf({ yaml: WEB + cloud("keep"), ...request }))).not.toContain("AFFINITY-CLIENTS-MERGED");
  });

  it("a connection that is held open", () => {
    const request = { from: "pod/default/curl", to: "service/default/web:80", protocol: "tcp" } as const;
    const broken = { yaml: WEB, ...request };
    expect(idsOf(diagnosisOf(broken))).toEqual([]);
    const { cause } = expectNoEdit({ ...broken, after: [{ type: "connect", request }] }, "KEEPALIVE-PINNED");
    expect(cause).toContain("goes to default/web-");
  });

  it("questions asked in vain for a name of the outside", () => {
    const yaml = `${WEB}apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: { name: api }
spec: { ip: 198.51.100.80, names: [api.example.com], listen: "443" }
`;
    const { fix } = expectMended({ yaml, from: "pod/default/curl", to: "api.example.com:443" }, "DNS-NDOTS");
    expect(fix?.proof).toMatch(/^in a fork: 2 questions instead of 8/);
    expect(idsOf(diagnosisOf({ yaml, from: "pod/default/curl", to: "api.example.com.:443" }))).toEqual([]);
  });
});
