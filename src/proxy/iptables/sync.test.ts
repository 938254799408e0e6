import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { printSave } from "../../kernel/iptables/save.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { Service } from "../../model/service/types.ts";
import { clusterPolicyChain } from "../names.ts";
import { CONFIG, endpoint, NODE, reader, service, slice } from "../testing.ts";
import { buildView, type ProxyView } from "../view.ts";
import { compileIptables } from "./compile.ts";
import { syncIptables, type SyncedRules } from "./sync.ts";

function view(services: readonly Service[], slices: readonly EndpointSlice[]): ProxyView {
  return buildView(reader(services, slices));
}

function crowd(n: number): EndpointSlice {
  return slice(
    "crowd",
    Array.from({ length: n }, (_, i) => endpoint(`10.245.${i >> 8}.${i & 255}`, "n2")),
  );
}

const WEB = service("web", {});
const CROWD = service("crowd", { clusterIP: "10.96.0.51", clusterIPs: ["10.96.0.51"] });
const PODS = slice("web", [endpoint("10.244.1.5", "n1"), endpoint("10.244.2.3", "n2")]);

describe("syncIptables", () => {
  it("writes everything at first, then what changed, and everything again when the node or the configuration changes", () => {
    const first = syncIptables(null, view([WEB, CROWD], [PODS, crowd(2)]), NODE, CONFIG);
    expect([first.full, first.changed]).toEqual([true, ["default/crowd", "default/web"]]);
    const second = syncIptables(first, view([WEB, CROWD], [PODS, crowd(3)]), NODE, CONFIG);
    expect([second.full, second.changed]).toEqual([false, ["default/crowd"]]);
    const same = syncIptables(
      second,
      view([structuredClone(WEB), CROWD], [structuredClone(PODS), crowd(3)]),
      NODE,
      CONFIG,
    );
    expect([same.full, same.changed]).toEqual([false, []]);
    expect(syncIptables(same, same.view, { ...NODE, zone: "z2" }, CONFIG).full).toBe(true);
    expect(syncIptables(same, same.view, NODE, { ...CONFIG, masqueradeAll: true }).full).toBe(true);
    expect(syncIptables(same, same.view, NODE, CONFIG, { full: true }).changed).toHaveLength(2);
  });

  it("keeps a chain in its place and puts new ones last", () => {
    const first = syncIptables(null, view([WEB], [PODS]), NODE, CONFIG);
    const second = syncIptables(first, view([WEB, CROWD], [PODS, crowd(1)]), NODE, CONFIG);
    const chains = (s: SyncedRules): string[] => [...(s.ruleset.tables.nat?.chains.keys() ?? [])];
    expect(chains(second).slice(0, chains(first).length)).toEqual(chains(first));
    expect(chains(second)).toHaveLength(chains(first).length + 2);
  });

  it("leaves untouched Services commented as they were when the cluster becomes large, and bare when it is small again", () => {
    const comments = (s: SyncedRules): string[] =>
      printSave(s.ruleset).match(/default\/\w+ -> 10\.24[45]\.\d\.[0-5]:/g) ?? [];
    const small = syncIptables(null, view([WEB, CROWD], [PODS, crowd(2)]), NODE, CONFIG);
    expect(comments(small)).toHaveLength(4);
    const large = syncIptables(small, view([WEB, CROWD], [PODS, crowd(1200)]), NODE, CONFIG);
    expect(comments(large)).toEqual(["default/web -> 10.244.1.5:", "default/web -> 10.244.2.3:"]);
    const bare = syncIptables(large, large.view, NODE, CONFIG, { full: true });
    expect(comments(bare)).toEqual([]);
    const again = syncIptables(bare, view([WEB, CROWD], [PODS, crowd(2)]), NODE, CONFIG);
    expect(comments(again)).toEqual(["default/crowd -> 10.245.0.0:", "default/crowd -> 10.245.0.1:"]);
  });

  it("leaves stale chains behind in a large cluster until it cleans up", () => {
    const large = syncIptables(null, view([WEB, CROWD], [PODS, crowd(1200)]), NODE, CONFIG);
    const gone = view([CROWD], [crowd(1200)]);
    const webChain = clusterPolicyChain("default/web", "tcp");
    expect(large.ruleset.tables.nat?.chains.has(webChain)).toBe(true);
    const left = syncIptables(large, gone, NODE, CONFIG);
    expect(left.ruleset.tables.nat?.chains.has(webChain)).toBe(true);
    expect(printSave(left.ruleset)).not.toContain("-A KUBE-SERVICES -d 10.96.0.50/32");
    const clean = syncIptables(left, gone, NODE, CONFIG, { cleanUp: true });
    expect(clean.ruleset.tables.nat?.chains.has(webChain)).toBe(false);
  });

  it("comes, step by step, to what a compile from scratch gives", () => {
    const state = fc.array(
      fc.record({
        name: fc.constantFrom("a", "b", "c", "d"),
        pods: fc.subarray(["10.244.1.5", "10.244.1.6", "10.244.2.7"]),
        local: fc.boolean(),
        np: fc.boolean(),
      }),
      { maxLength: 4 },
    );
    const viewOf = (specs: readonly { name: string; pods: string[]; local: boolean; np: boolean }[]): ProxyView => {
      const unique = [...new Map(specs.map((s) => [s.name, s])).values()];
      return view(
        unique.map((s) => {
          const ip = `10.96.1.${s.name.charCodeAt(0)}`;
          return service(s.name, {
            type: s.np ? "NodePort" : "ClusterIP",
            clusterIP: ip,
            clusterIPs: [ip],
            ports: [
              {
                protocol: "TCP",
                port: 80,
                targetPort: 8080,
                ...(s.np ? { nodePort: 30000 + s.name.charCodeAt(0) } : {}),
              },
            ],
            externalTrafficPolicy: s.local ? "Local" : "Cluster",
          });
        }),
        unique.map((s) =>
          slice(
            s.name,
            s.pods.map((ip) => endpoint(ip, ip.startsWith("10.244.1.") ? "n1" : "n2")),
          ),
        ),
      );
    };
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), (history) => {
        let synced: SyncedRules | null = null;
        for (const specs of history) {
          const now = viewOf(specs);
          synced = syncIptables(synced, now, NODE, CONFIG);
          expect(printSave(synced.ruleset)).toBe(printSave(compileIptables(now, NODE, CONFIG)));
        }
      }),
    );
  });
});
