import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256Base32 } from "../base/hash.ts";
import vectors from "./conformance/captures/chain-names.json" with { type: "json" };
import { clusterPolicyChain, endpointChain, externalChain, firewallChain, localPolicyChain } from "./names.ts";
import { sha256Base32Ascii16 } from "./sha256-base32.ts";

describe("chain names", () => {
  it("has the vectors of the real kube-proxy", () => {
    expect(vectors).toHaveLength(20);
  });

  it.each(vectors)("names the chains of $servicePortName $protocol, endpoint $endpoint, as kube-proxy does", (v) => {
    const protocol = v.protocol.toLowerCase();
    expect(clusterPolicyChain(v.servicePortName, protocol)).toBe(v.svc);
    expect(localPolicyChain(v.servicePortName, protocol)).toBe(v.svl);
    expect(externalChain(v.servicePortName, protocol)).toBe(v.ext);
    expect(firewallChain(v.servicePortName, protocol)).toBe(v.fw);
    expect(endpointChain(v.servicePortName, protocol, v.endpoint)).toBe(v.sep);
  });

  it("hashes any ASCII text as the general hash does, across block borders too", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200, unit: "binary-ascii" }), (text) => {
        expect(sha256Base32Ascii16(text)).toBe(sha256Base32(text, 16));
      }),
    );
    for (let length = 50; length < 135; length++) {
      expect(sha256Base32Ascii16("x".repeat(length))).toBe(sha256Base32("x".repeat(length), 16));
    }
  });
});
