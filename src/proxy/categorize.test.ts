import { describe, expect, it } from "vitest";
import { categorizeEndpoints } from "./categorize.ts";
import { endpoint, reader, service, slice } from "./testing.ts";
import { buildView } from "./view.ts";

type Kind = "ready" | "draining" | "unready" | "dead";
const CONDITIONS = {
  ready: { ready: true, serving: true, terminating: false },
  draining: { ready: false, serving: true, terminating: true },
  unready: { ready: false, serving: false, terminating: false },
  dead: { ready: false, serving: false, terminating: true },
} as const;

interface Ep {
  readonly node: string;
  readonly kind: Kind;
  readonly zones?: readonly string[];
  readonly nodes?: readonly string[];
}

const POLICIES = {
  cluster: {},
  internalLocal: { internalTrafficPolicy: "Local" },
  externalLocal: {
    type: "NodePort",
    externalTrafficPolicy: "Local",
    ports: [{ protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30080 }],
  },
} as const;

/** Endpoints are numbered from 1 in the order given; the sets come back as their numbers. */
function categorize(
  policy: keyof typeof POLICIES,
  eps: readonly Ep[],
  zone: string | null = "z1",
): [string, string, string, boolean] {
  const endpoints = eps.map((ep, i) =>
    endpoint(`10.244.0.${i + 1}`, ep.node, {
      conditions: CONDITIONS[ep.kind],
      hints: {
        ...(ep.zones ? { forZones: ep.zones.map((name) => ({ name })) } : {}),
        ...(ep.nodes ? { forNodes: ep.nodes.map((name) => ({ name })) } : {}),
      },
    }),
  );
  const entry = buildView(reader([service("web", POLICIES[policy])], [slice("web", endpoints)])).entries[0];
  if (entry === undefined) throw new Error("no entry");
  const { cluster, local, reachable, hasAny } = categorizeEndpoints(entry.port, entry.endpoints, { name: "n1", zone });
  const numbers = (list: readonly { readonly ip: string }[]): string => list.map((e) => e.ip.split(".")[3]).join("");
  return [numbers(cluster), numbers(local), numbers(reachable), hasAny];
}

describe("categorizeEndpoints", () => {
  it("uses ready endpoints, and draining ones only when there is no ready one anywhere", () => {
    expect(
      categorize("cluster", [
        { node: "n1", kind: "ready" },
        { node: "n2", kind: "draining" },
      ]),
    ).toEqual(["1", "", "1", true]);
    expect(
      categorize("cluster", [
        { node: "n1", kind: "unready" },
        { node: "n2", kind: "draining" },
      ]),
    ).toEqual(["2", "", "2", true]);
    expect(
      categorize("cluster", [
        { node: "n1", kind: "unready" },
        { node: "n2", kind: "dead" },
      ]),
    ).toEqual(["", "", "", false]);
    expect(categorize("cluster", [])).toEqual(["", "", "", false]);
  });

  it("falls back to draining ones per node for policy Local, whatever the cluster has", () => {
    const eps: Ep[] = [
      { node: "n1", kind: "draining" },
      { node: "n2", kind: "ready" },
    ];
    expect(categorize("externalLocal", eps)).toEqual(["2", "1", "12", true]);
    expect(categorize("internalLocal", eps)).toEqual(["", "1", "1", true]);
  });

  it("tells none here from none anywhere", () => {
    expect(categorize("internalLocal", [{ node: "n2", kind: "ready" }])).toEqual(["", "", "", true]);
    expect(categorize("internalLocal", [{ node: "n2", kind: "unready" }])).toEqual(["", "", "", false]);
    expect(categorize("externalLocal", [{ node: "n2", kind: "ready" }])).toEqual(["1", "", "1", true]);
  });

  it("prefers the zone only if every ready endpoint has a hint and one is for this zone", () => {
    const eps: Ep[] = [
      { node: "n1", kind: "ready", zones: ["z1"] },
      { node: "n2", kind: "ready", zones: ["z2"] },
      { node: "n3", kind: "unready" },
    ];
    expect(categorize("cluster", eps)[0]).toBe("1");
    expect(categorize("cluster", eps, "z3")[0]).toBe("12");
    expect(categorize("cluster", eps, null)[0]).toBe("12");
    expect(categorize("cluster", [...eps, { node: "n2", kind: "ready" }])[0]).toBe("124");
  });

  it("prefers the node over the zone", () => {
    const eps: Ep[] = [
      { node: "n1", kind: "ready", zones: ["z1"], nodes: ["n1"] },
      { node: "n2", kind: "ready", zones: ["z1"], nodes: ["n2"] },
    ];
    expect(categorize("cluster", eps)[0]).toBe("1");
    expect(categorize("cluster", [eps[1] as Ep])[0]).toBe("1");
  });

  it("never looks at hints for policy Local, and unites both sets", () => {
    const eps: Ep[] = [
      { node: "n2", kind: "ready", zones: ["z1"] },
      { node: "n1", kind: "ready", zones: ["z2"] },
    ];
    expect(categorize("externalLocal", eps)).toEqual(["1", "2", "12", true]);
  });
});
