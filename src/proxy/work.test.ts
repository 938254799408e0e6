import { describe, expect, it } from "vitest";
import { iptablesRules } from "../kernel/iptables/evaluate.ts";
import { hookContext } from "../kernel/iptables/testing.ts";
import { countRules, type Rule as IptablesRule } from "../kernel/iptables/types.ts";
import { nftablesRules } from "../kernel/nftables/evaluate.ts";
import type { Rules } from "../kernel/netfilter.ts";
import type { Service } from "../model/service/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { recompile as recompileIptables } from "./iptables/compile.ts";
import { recompile as recompileIpvs, virtualService } from "./ipvs/compile.ts";
import { recompile as recompileNftables } from "./nftables/compile.ts";
import { recompile as recompileUserspace } from "./userspace/compile.ts";
import { CONFIG, endpoint, NODE, service, slice } from "./testing.ts";
import { trackView, type ProxyView, updateView, type TrackedView } from "./view.ts";

/** Counts of work, which no machine makes slower: how many rules a packet has tried, how many a change writes. */

const MANY = 2_000;

const clusterIP = (i: number): string => `10.96.${i >> 8}.${i & 255}`;

function cluster(count: number, more: (i: number) => readonly string[] = () => []): TrackedView {
  const slices = new Map<string, EndpointSlice>();
  const services: Service[] = [];
  for (let i = 0; i < count; i++) {
    const name = `svc-${i}`;
    services.push(service(name, { clusterIP: clusterIP(i), clusterIPs: [clusterIP(i)] }));
    const ips = [0, 1, 2, 3, 4].map((k) => `10.244.${k}.${i % 250}`);
    slices.set(
      name,
      slice(
        name,
        [...ips, ...more(i)].map((ip) => endpoint(ip, ip.startsWith("10.244.1.") ? "n1" : "n2")),
      ),
    );
  }
  READ.services = new Map(services.map((s) => [s.metadata.name, s]));
  READ.slices = slices;
  return trackView({ list: () => services as never, slicesOf }, 4);
}

/** What a view reads, and how often. */
const READ = { services: new Map<string, Service>(), slices: new Map<string, EndpointSlice>(), count: 0 };

function slicesOf(_: string, name: string): readonly EndpointSlice[] {
  READ.count += 1;
  const found = READ.slices.get(name);
  return found === undefined ? [] : [found];
}

/** One Service has another endpoint. */
function change(tracked: TrackedView, i: number): TrackedView {
  const name = `svc-${i}`;
  READ.slices.set(
    name,
    slice(
      name,
      [...[0, 1, 2, 3].map((k) => `10.244.${k}.${i % 250}`), "10.245.0.1"].map((ip) => endpoint(ip, "n2")),
    ),
  );
  READ.count = 0;
  return updateView(tracked, { get: () => READ.services.get(name) as never, slicesOf }, [`default/${name}`]);
}

const NFT = { ...CONFIG, mode: "nftables" as const };
const USERSPACE = { ...CONFIG, mode: "userspace" as const };
const IPVS = { ...CONFIG, mode: "ipvs" as const };

describe("one changed endpoint among 2,000 Services", () => {
  it.each([
    [
      "iptables",
      (previous: ReturnType<typeof recompileIptables> | null, view: ProxyView) =>
        recompileIptables(previous, view, NODE, CONFIG),
    ],
    [
      "nftables",
      (previous: ReturnType<typeof recompileNftables> | null, view: ProxyView) =>
        recompileNftables(previous, view, NODE, NFT),
    ],
    [
      "ipvs",
      (previous: ReturnType<typeof recompileIpvs> | null, view: ProxyView) => recompileIpvs(previous, view, NODE, IPVS),
    ],
    [
      "userspace",
      (previous: ReturnType<typeof recompileUserspace> | null, view: ProxyView) =>
        recompileUserspace(previous, view, NODE, USERSPACE),
    ],
  ] as const)("reads one Service and writes fewer than 50 rules: %s", (_, recompile) => {
    const run = recompile as (
      previous: { readonly touched: number } | null,
      view: ProxyView,
    ) => {
      readonly touched: number;
      readonly blocks: readonly unknown[];
    };
    const before = cluster(MANY);
    const first = run(null, before.view);
    expect(first.touched).toBeGreaterThan(MANY);
    const after = change(before, 1_234);
    expect(READ.count).toBe(1);
    const second = run(first, after.view);
    expect(second.touched).toBeGreaterThan(0);
    expect(second.touched).toBeLessThan(50);
    // All other blocks are the very same ones.
    expect(second.blocks.filter((block, i) => block !== first.blocks[i])).toHaveLength(1);
    expect(run(second, after.view).touched).toBe(0);
  });
});

describe("a packet among 2,000 Services", () => {
  const { view } = cluster(MANY);
  const packet = { dst: clusterIP(MANY - 1), dport: 80 };

  /** Rules that are looked at while a packet passes nat PREROUTING, by a hook into each rule's conditions. */
  function tried(
    rules: Rules,
    watched: readonly IptablesRule[],
  ): { readonly considered: number; readonly tried: number } {
    const seen = new Set<number>();
    watched.forEach((rule, i) => {
      const { matches } = rule;
      Object.defineProperty(rule, "matches", { get: () => (seen.add(i), matches), configurable: true });
    });
    const { considered, verdict } = rules.run("nat", hookContext({ packet }));
    expect(verdict.kind).toBe("dnat");
    return { considered, tried: seen.size };
  }

  it("tries few rules of KUBE-SERVICES, and counts all that Linux would have looked at: iptables", () => {
    const { ruleset } = recompileIptables(null, view, NODE, CONFIG);
    expect(countRules(ruleset)).toBeGreaterThan(17 * MANY);
    const services = ruleset.tables.nat?.chains.get("KUBE-SERVICES")?.rules ?? [];
    const rules = iptablesRules(ruleset);
    // The first packet makes the index.
    rules.run("nat", hookContext({ packet }));
    // Entries are sorted by name: svc-1999 stands after a good half of the others.
    const before = services.findIndex((rule) => rule.role.includes(`svc-${MANY - 1}/`));
    const work = tried(rules, services);
    expect(work.considered).toBeGreaterThan(before);
    expect(before).toBeGreaterThan(1_000);
    // The few that a walk lists are read for their words, too.
    expect(work.tried).toBeLessThan(60);
  });

  it("looks its Service up in a map: nftables", () => {
    const { ruleset } = recompileNftables(null, view, NODE, NFT);
    const result = nftablesRules(ruleset).run("nat", hookContext({ packet }));
    expect(result.verdict.kind).toBe("dnat");
    // As Linux: rules, not elements, are gone through.
    expect(result.considered).toBeLessThan(10);
  });

  it("looks its virtual server up: ipvs", () => {
    const { ipvs } = recompileIpvs(null, view, NODE, IPVS);
    const virtual = virtualService(ipvs);
    expect(virtual.servers).toHaveLength(MANY);
    expect(virtual.find({ dst: packet.dst, dport: 80, protocol: "tcp" })?.ip).toBe(packet.dst);
    const result = iptablesRules(ipvs.ruleset, virtual).run("nat", hookContext({ packet }));
    expect(result.considered).toBeLessThan(20);
  });
});
