import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MILLISECOND, SECOND } from "../../base/time.ts";
import { commandsText, type Command } from "../../kernel/nftables/command.ts";
import { parseRuleset } from "../../kernel/nftables/parse.ts";
import { printRuleset } from "../../kernel/nftables/print.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { Service } from "../../model/service/types.ts";
import { CONFIG, endpoint, NODE, reader, service, slice } from "../testing.ts";
import { buildView, type ProxyView } from "../view.ts";
import { compileNftables, tableId } from "./compile.ts";
import { isServiceChain } from "./names.ts";
import { syncNftables, type SyncedTable } from "./sync.ts";

const NFT: ProxyConfig = { ...CONFIG, mode: "nftables", serviceCIDRs: ["10.96.0.0/12"] };

function view(services: readonly Service[], slices: readonly EndpointSlice[]): ProxyView {
  return buildView(reader(services, slices));
}

const text = (commands: readonly Command[]): readonly string[] =>
  commandsText(commands, tableId(4)).replaceAll(" ip kube-proxy", "").trimEnd().split("\n");

const WEB = service("web", {});
const OTHER = service("other", { clusterIP: "10.96.0.51", clusterIPs: ["10.96.0.51"] });
const PODS = slice("web", [endpoint("10.244.1.5", "n1"), endpoint("10.244.2.3", "n2")]);
const STICKY = service("web", { sessionAffinity: "ClientIP" });

describe("syncNftables", () => {
  it("makes base chains anew at first and only then", () => {
    const first = syncNftables(null, view([WEB], [PODS]), NODE, NFT, 0);
    expect(first.full).toBe(true);
    expect(text(first.transaction).slice(0, 3)).toEqual([
      'add table { comment "rules for kube-proxy" ; }',
      "add chain filter-prerouting-pre-dnat",
      "delete chain filter-prerouting-pre-dnat",
    ]);
    const again = syncNftables(first, first.view, NODE, NFT, SECOND, { full: true });
    expect(again.full).toBe(true);
    const written = text(again.transaction);
    expect(written.some((line) => line.startsWith("delete"))).toBe(false);
    // Elements that stand stay; the set of node port addresses alone is filled anew.
    expect(written.filter((line) => line.startsWith("add element"))).toEqual([
      "add element nodeport-ips { 192.168.56.11 }",
    ]);
    expect(printRuleset({ tables: [again.table] })).toBe(printRuleset({ tables: [first.table] }));
  });

  it("writes nothing when nothing changes, and everything when node or configuration do", () => {
    const first = syncNftables(null, view([WEB, OTHER], [PODS]), NODE, NFT, 0);
    const same = syncNftables(first, view([structuredClone(WEB), OTHER], [structuredClone(PODS)]), NODE, NFT, SECOND);
    expect([same.transaction, same.changed, same.full]).toEqual([[], [], false]);
    expect(syncNftables(first, first.view, { ...NODE, zone: "z2" }, NFT, SECOND).full).toBe(true);
    expect(syncNftables(first, first.view, NODE, { ...NFT, masqueradeAll: true }, SECOND).full).toBe(true);
  });

  it("rewrites a changed Service in three lines, and the elements that differ", () => {
    const first = syncNftables(
      null,
      view([WEB, OTHER], [PODS, slice("other", [endpoint("10.244.2.9", "n2")])]),
      NODE,
      NFT,
      0,
    );
    const more = slice("other", [endpoint("10.244.1.8", "n1"), endpoint("10.244.2.9", "n2")]);
    const second = syncNftables(first, view([WEB, OTHER], [PODS, more]), NODE, NFT, SECOND);
    const chain = "service-" + [...second.table.chains.keys()].find((name) => name.includes("/other/"))?.slice(8);
    expect(text(second.transaction)).toEqual([
      "add element hairpin-connections { 10.244.1.8 . 10.244.1.8 . tcp . 8080 }",
      `add chain ${chain}`,
      `flush chain ${chain}`,
      `add rule ${chain} meta l4proto tcp dnat ip addr . port to numgen random mod 2 map { 0 : 10.244.1.8 . 8080 , 1 : 10.244.2.9 . 8080 }`,
    ]);
    expect(second.changed).toEqual(["default/other"]);
  });

  it("replaces an element whose verdict changes, at the end of its map", () => {
    const first = syncNftables(null, view([WEB], [PODS]), NODE, NFT, 0);
    const local = service("web", { internalTrafficPolicy: "Local" });
    const second = syncNftables(first, view([local], [PODS]), NODE, NFT, MILLISECOND);
    const lines = text(second.transaction).filter((line) => line.includes("element service-ips"));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe("delete element service-ips { 10.96.0.50 . tcp . 80 }");
    expect(lines[1]).toMatch(/^add element service-ips \{ 10\.96\.0\.50 \. tcp \. 80 : goto local-/);
  });

  it("flushes chains that nothing leads to at once and deletes them by a sync over a second later", () => {
    const chains = (s: SyncedTable): readonly string[] => [...s.table.chains.keys()].filter(isServiceChain);
    const first = syncNftables(null, view([WEB], [PODS]), NODE, NFT, 0);
    const [chain] = chains(first);
    const gone = view([], []);
    const second = syncNftables(first, gone, NODE, NFT, 10 * SECOND);
    expect(text(second.transaction)).toEqual([
      `flush chain ${chain}`,
      "delete element cluster-ips { 10.96.0.50 }",
      "delete element service-ips { 10.96.0.50 . tcp . 80 }",
      "delete element hairpin-connections { 10.244.1.5 . 10.244.1.5 . tcp . 8080 }",
    ]);
    expect(second.table.chains.get(chain ?? "")?.rules).toEqual([]);
    const early = syncNftables(second, gone, NODE, NFT, 11 * SECOND);
    expect([early.deletion, text(early.transaction)]).toEqual([[], [`flush chain ${chain}`]]);
    // Each sync that still finds it stale starts the second anew.
    const late = syncNftables(early, gone, NODE, NFT, 12 * SECOND + 1);
    expect(text(late.deletion)).toEqual([`delete chain ${chain}`]);
    expect([chains(late), late.transaction, late.stale.size]).toEqual([[], [], 0]);
  });

  it("does not delete a chain that is used again", () => {
    const first = syncNftables(null, view([WEB], [PODS]), NODE, NFT, 0);
    const second = syncNftables(first, view([WEB], []), NODE, NFT, 10 * SECOND);
    expect(second.stale.size).toBe(1);
    const back = syncNftables(second, view([WEB], [PODS]), NODE, NFT, 10 * SECOND + 1);
    expect([back.stale.size, back.deletion]).toEqual([0, []]);
    const later = syncNftables(back, back.view, NODE, NFT, 20 * SECOND);
    expect(printRuleset({ tables: [later.table] })).toBe(printRuleset({ tables: [first.table] }));
  });

  it("deletes affinity sets at once", () => {
    const sets = (s: SyncedTable): readonly string[] =>
      [...s.table.sets.keys()].filter((name) => name.startsWith("affinity-"));
    const first = syncNftables(null, view([STICKY], [PODS]), NODE, NFT, 0);
    expect(sets(first)).toHaveLength(2);
    const second = syncNftables(first, view([STICKY], [slice("web", [endpoint("10.244.2.3", "n2")])]), NODE, NFT, 1);
    expect(sets(second)).toHaveLength(1);
    expect(text(second.transaction).filter((line) => line.startsWith("delete set"))).toEqual([
      `delete set ${sets(first).find((name) => name.endsWith("10.244.1.5/8080")) ?? ""}`,
    ]);
    expect(sets(syncNftables(second, view([WEB], [PODS]), NODE, NFT, 2))).toEqual([]);
  });
});

interface Spec {
  readonly name: string;
  readonly pods: readonly string[];
  readonly local: boolean;
  readonly nodePort: boolean;
  readonly sticky: boolean;
  readonly fenced: boolean;
  readonly external: boolean;
}

function viewOf(specs: readonly Spec[]): ProxyView {
  const unique = [...new Map(specs.map((s) => [s.name, s])).values()];
  const code = (s: Spec): number => s.name.charCodeAt(0);
  return view(
    unique.map((s) => {
      const ip = `10.96.1.${code(s)}`;
      return service(
        s.name,
        {
          type: s.fenced ? "LoadBalancer" : s.nodePort ? "NodePort" : "ClusterIP",
          clusterIP: ip,
          clusterIPs: [ip],
          ports: [
            {
              name: "a",
              protocol: "TCP",
              port: 80,
              targetPort: 8080,
              ...(s.nodePort ? { nodePort: 30000 + code(s) } : {}),
            },
            { name: "b", protocol: "UDP", port: 53, targetPort: 5353 },
          ],
          externalTrafficPolicy: s.local ? "Local" : "Cluster",
          internalTrafficPolicy: s.local && s.sticky ? "Local" : "Cluster",
          sessionAffinity: s.sticky ? "ClientIP" : "None",
          ...(s.external ? { externalIPs: [`198.51.100.${code(s)}`] } : {}),
          ...(s.fenced ? { loadBalancerSourceRanges: ["203.0.113.0/24", "192.168.56.0/24"] } : {}),
        },
        s.fenced ? { ingress: [{ ip: `192.0.2.${code(s)}` }] } : {},
      );
    }),
    unique.map((s) =>
      slice(
        s.name,
        s.pods.map((ip) => endpoint(ip, ip.startsWith("10.244.1.") ? "n1" : "n2")),
        {
          ports: [
            { name: "a", protocol: "TCP", port: 8080 },
            { name: "b", protocol: "UDP", port: 5353 },
          ],
        },
      ),
    ),
  );
}

describe("histories", () => {
  const state = fc.array(
    fc.record({
      name: fc.constantFrom("a", "b", "c", "d"),
      pods: fc.subarray(["10.244.1.5", "10.244.1.6", "10.244.2.7"]),
      local: fc.boolean(),
      nodePort: fc.boolean(),
      sticky: fc.boolean(),
      fenced: fc.boolean(),
      external: fc.boolean(),
    }),
    { maxLength: 4 },
  );
  const step = fc.record({ specs: state, wait: fc.integer({ min: 1, max: 3_000 }), full: fc.boolean() });

  it("come to what a compile from scratch gives, once stale chains are gone", () => {
    let stale = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (history) => {
        let now = 0;
        let synced: SyncedTable | null = null;
        for (const { specs, wait, full } of history) {
          now += wait * MILLISECOND;
          synced = syncNftables(synced, viewOf(specs), NODE, NFT, now, { full });
          stale += synced.stale.size;
          // What is left of stale chains is empty; all else is as if made at one stroke.
          const { stale: left, table: all } = synced;
          expect([...left.keys()].flatMap((name) => all.chains.get(name)?.rules ?? [])).toEqual([]);
          const used = [...all.chains].filter(([name]) => !left.has(name));
          const table = { ...synced.table, chains: new Map(used) };
          const fresh = compileNftables(synced.view, NODE, NFT);
          expect(printRuleset({ tables: [table] })).toBe(printRuleset(fresh));
        }
        if (synced === null) return;
        const settled = syncNftables(synced, synced.view, NODE, NFT, now + 2 * SECOND);
        expect([...settled.table.chains.keys()].toSorted()).toEqual(
          [...(compileNftables(settled.view, NODE, NFT).tables[0]?.chains.keys() ?? [])].toSorted(),
        );
        expect(settled.stale.size).toBe(0);
      }),
      { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 200) },
    );
    expect(stale).toBeGreaterThan(10);
  });

  it("make tables that are read back from their listing whole", () => {
    fc.assert(
      fc.property(state, (specs) => {
        const listed = printRuleset(compileNftables(viewOf(specs), NODE, NFT));
        const { ruleset, notes } = parseRuleset(listed);
        expect(notes).toEqual([]);
        expect(printRuleset(ruleset, { keepOrder: true })).toBe(listed);
        // What is listed is already merged and sorted: listing it once more changes nothing.
        expect(printRuleset(ruleset)).toBe(listed);
      }),
    );
  });
});
