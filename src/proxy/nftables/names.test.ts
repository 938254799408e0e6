import { describe, expect, it } from "vitest";
import vectors from "../conformance/captures/nftables-names.json" with { type: "json" };
import { clusterChain, endpointBase, externalChain, firewallChain, isServiceChain, localChain } from "./names.ts";

function splitEndpoint(text: string): { readonly ip: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return { ip: text.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(text.slice(colon + 1)) };
}

describe("chain names", () => {
  it("has the vectors of the real kube-proxy", () => {
    expect(vectors).toHaveLength(20);
  });

  it.each(vectors)("names the chains of $namespace/$service $portName, endpoint $endpoint, as kube-proxy does", (v) => {
    const port = {
      namespace: v.namespace,
      serviceName: v.service,
      portName: v.portName,
      protocol: v.protocol.toLowerCase() as "tcp" | "udp" | "sctp",
    };
    expect(clusterChain(port)).toBe(v.service_chain);
    expect(localChain(port)).toBe(v.local_chain);
    expect(externalChain(port)).toBe(v.external_chain);
    expect(firewallChain(port)).toBe(v.firewall_chain);
    const base = endpointBase(port, splitEndpoint(v.endpoint));
    expect(`endpoint-${base}`).toBe(v.endpoint_chain);
    expect(`affinity-${base}`).toBe(v.affinity_set);
  });

  it("cuts what is longer than nft takes", () => {
    const long = {
      namespace: "n".repeat(63),
      serviceName: "s".repeat(63),
      portName: "p".repeat(63),
      protocol: "sctp",
    } as const;
    const base = endpointBase(long, { ip: "2001:db8:1111:2222:3333:4444:5555:6666", port: 65_535 });
    expect(base).toHaveLength(240);
    expect(base.endsWith("...")).toBe(true);
    expect(base).toContain("__2001.db8.1111");
  });

  it("tells chains of Services from the others", () => {
    expect(isServiceChain("service-ULMVA6XW-ns1/svc1/tcp/p80")).toBe(true);
    expect(isServiceChain("service-endpoints-check")).toBe(false);
  });
});
