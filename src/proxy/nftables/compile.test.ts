import { describe, expect, it } from "vitest";
import { ruleText, verdictText } from "../../kernel/nftables/text.ts";
import type { Element, Rule, Table } from "../../kernel/nftables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { Service } from "../../model/service/types.ts";
import type { ProxyNode } from "../node.ts";
import { CONFIG, endpoint, NODE, reader, service, slice } from "../testing.ts";
import { buildView } from "../view.ts";
import { compileNftables } from "./compile.ts";
import { isServiceChain } from "./names.ts";

const NFT: ProxyConfig = { ...CONFIG, mode: "nftables", serviceCIDRs: ["10.96.0.0/12", "fd00:96::/112"] };
const PODS = slice("web", [endpoint("10.244.1.5", "n1"), endpoint("10.244.2.3", "n2")]);

function compile(
  services: readonly Service[],
  slices: readonly EndpointSlice[] = [PODS],
  config: Partial<ProxyConfig> = {},
  node: ProxyNode = NODE,
  family: 4 | 6 = 4,
): Table {
  const { tables } = compileNftables(buildView(reader(services, slices), family), node, { ...NFT, ...config });
  expect(tables).toHaveLength(1);
  return tables[0] as Table;
}

/** A Service's chain by its prefix; there must be one. */
function own(table: Table, prefix: string): readonly Rule[] {
  const found = [...table.chains].filter(([name]) => isServiceChain(name) && name.startsWith(`${prefix}-`));
  expect(found).toHaveLength(1);
  return found[0]?.[1].rules ?? [];
}

const texts = (rules: readonly Rule[]): readonly string[] => rules.map((rule) => ruleText(rule, "proxy"));

/** A static chain's rules as kube-proxy writes them. */
function rules(table: Table, name: string): readonly string[] {
  const chain = table.chains.get(name);
  if (chain === undefined) throw new Error(`no chain ${name}`);
  return texts(chain.rules);
}

function keys(table: Table, set: string): readonly string[] {
  return [...(table.sets.get(set)?.elements.keys() ?? [])];
}

function verdicts(table: Table, map: string): Readonly<Record<string, string>> {
  const words = ({ value }: Element): string =>
    value === null || typeof value === "string" ? "" : verdictText(value).replace(/-[A-Z2-7]{8}.*/, "");
  return Object.fromEntries([...(table.sets.get(map)?.elements.values() ?? [])].map((e) => [e.key, words(e)]));
}

const web = (more: Partial<Service["spec"]> = {}, ingress?: string): Service =>
  service("web", more, ingress === undefined ? {} : { ingress: [{ ip: ingress }] });

const NODE_PORT = { ports: [{ protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30080 }] } as const;

describe("settings that shape the static chains", () => {
  it("marks off-cluster traffic by the detector, all of it, or none of it", () => {
    const first = (config: Partial<ProxyConfig>): string => rules(compile([], [], config), "services")[0] ?? "";
    const tail = 'mark set mark or 0x00004000 comment "masquerade clusterIP traffic from outside cluster"';
    expect(first({})).toBe(`ip daddr @cluster-ips ip saddr != 10.244.0.0/16 ${tail}`);
    expect(first({ detectLocalMode: "BridgeInterface", detectLocal: ["cni0"] })).toBe(
      `ip daddr @cluster-ips iifname != cni0 ${tail}`,
    );
    expect(first({ detectLocalMode: "InterfaceNamePrefix", detectLocal: ["cali"] })).toBe(
      `ip daddr @cluster-ips iifname != cali* ${tail}`,
    );
    expect(first({ detectLocalMode: "NodeCIDR", detectLocal: [] })).toContain("ip saddr != 10.244.1.0/24");
    expect(first({ masqueradeAll: true })).toBe(
      'ip daddr @cluster-ips mark set mark or 0x00004000 comment "masquerade all clusterIP traffic"',
    );
    expect(first({ detectLocal: [] })).toBe("ip daddr . meta l4proto . th dport vmap @service-ips");
  });

  it("answers node ports on the primary address, unless other addresses are asked for", () => {
    const node = { ...NODE, ips: ["192.168.56.11", "172.16.9.11"] };
    const addresses = (nodePortAddresses: readonly string[] | null): readonly string[] =>
      keys(compile([], [], { nodePortAddresses }, node), "nodeport-ips");
    expect(addresses(null)).toEqual(["192.168.56.11"]);
    expect(addresses([])).toEqual(["192.168.56.11"]);
    expect(addresses(["primary"])).toEqual(["192.168.56.11"]);
    expect(addresses(["172.16.0.0/16"])).toEqual(["172.16.9.11"]);
    // Localhost is never served in this mode.
    expect(addresses(["127.0.0.0/8", "172.16.0.0/16"])).toEqual(["172.16.9.11"]);
  });

  it("answers them on all addresses but localhost when all are asked for", () => {
    const table = compile([], [], { nodePortAddresses: ["0.0.0.0/0"] });
    expect(table.sets.has("nodeport-ips")).toBe(false);
    expect(rules(table, "services").at(-1)).toBe(
      "fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @service-nodeports",
    );
    expect(rules(table, "nodeport-endpoints-check")).toEqual([
      "ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @no-endpoint-nodeports",
    ]);
  });

  it("drops unallocated addresses of its family's Service ranges only, and none when it knows no range", () => {
    const check = (config: Partial<ProxyConfig>, family: 4 | 6 = 4): readonly string[] =>
      rules(compile([], [], config, NODE, family), "cluster-ips-check").slice(1);
    const tail = 'drop comment "Drop traffic to unallocated ClusterIPs"';
    expect(check({})).toEqual([`ip daddr { 10.96.0.0/12 } ${tail}`]);
    expect(check({}, 6)).toEqual([`ip6 daddr { fd00:96::/112 } ${tail}`]);
    expect(check({ serviceCIDRs: ["10.96.0.0/12", "10.200.0.0/16"] })).toEqual([
      `ip daddr { 10.96.0.0/12,10.200.0.0/16 } ${tail}`,
    ]);
    expect(check({ serviceCIDRs: [] })).toEqual([]);
  });

  it("takes the mark's bit from the configuration", () => {
    expect(rules(compile([], [], { masqueradeBit: 15 }), "masquerading")[0]).toBe(
      "mark and 0x00008000 != 0 mark set mark xor 0x00008000 masquerade fully-random",
    );
  });
});

describe("a Service port", () => {
  it("is one rule without affinity, and an element per endpoint on this node for hairpins", () => {
    const table = compile([web()]);
    expect(texts(own(table, "service"))).toEqual([
      "meta l4proto tcp dnat ip addr . port to numgen random mod 2 map { 0 : 10.244.1.5 . 8080 , 1 : 10.244.2.3 . 8080 }",
    ]);
    expect(keys(table, "hairpin-connections")).toEqual(["10.244.1.5 . 10.244.1.5 . tcp . 8080"]);
    expect(keys(compile([web()], [PODS], {}, { ...NODE, name: "n2" }), "hairpin-connections")).toEqual([
      "10.244.2.3 . 10.244.2.3 . tcp . 8080",
    ]);
    expect([...table.sets.keys()].some((name) => name.startsWith("affinity-"))).toBe(false);
  });

  it("refuses where there is no endpoint, and drops where policy Local leaves none", () => {
    const none = compile([web({ type: "NodePort", ...NODE_PORT })], []);
    expect(verdicts(none, "no-endpoint-services")).toEqual({ "10.96.0.50 . tcp . 80": "goto reject-chain" });
    expect(verdicts(none, "no-endpoint-nodeports")).toEqual({ "tcp . 30080": "goto reject-chain" });
    expect([verdicts(none, "service-ips"), verdicts(none, "service-nodeports")]).toEqual([{}, {}]);
    expect(keys(none, "cluster-ips")).toEqual(["10.96.0.50"]);

    const elsewhere = slice("web", [endpoint("10.244.2.3", "n2")]);
    const local = compile(
      [web({ type: "NodePort", ...NODE_PORT, externalTrafficPolicy: "Local", internalTrafficPolicy: "Local" })],
      [elsewhere],
    );
    expect(verdicts(local, "no-endpoint-services")).toEqual({ "10.96.0.50 . tcp . 80": "drop" });
    expect(verdicts(local, "no-endpoint-nodeports")).toEqual({ "tcp . 30080": "drop" });
    // Pods and the node itself are let in by the back door all the same.
    expect(verdicts(local, "service-nodeports")).toEqual({ "tcp . 30080": "goto external" });
    expect(texts(own(local, "external")).map((text) => text.replace(/goto \S+/, "goto"))).toEqual([
      'ip saddr 10.244.0.0/16 goto comment "short-circuit pod traffic"',
      'fib saddr type local mark set mark or 0x00004000 comment "masquerade local traffic"',
      'fib saddr type local goto comment "short-circuit local traffic"',
    ]);
  });

  it("fences load balancer addresses even without endpoints, and lets the node's own packets in", () => {
    const spec = { type: "LoadBalancer", loadBalancerSourceRanges: ["192.168.56.0/24", "203.0.113.0/25"] } as const;
    const fenced = compile([web(spec, "198.51.100.1")], []);
    expect(verdicts(fenced, "firewall-ips")).toEqual({ "198.51.100.1 . tcp . 80": "goto firewall" });
    expect(own(fenced, "firewall").map((rule) => [ruleText(rule, "proxy"), ruleText(rule)])).toEqual([
      [
        "ip saddr != { 192.168.56.0/24 , 203.0.113.0/25 , 198.51.100.1 } drop",
        "ip saddr != { 192.168.56.0/24, 198.51.100.1, 203.0.113.0/25 } drop",
      ],
    ]);
  });

  it("gives the later of two Services that claim one address", () => {
    const claim = (name: string, ip: string): Service =>
      service(name, { clusterIP: ip, clusterIPs: [ip], externalIPs: ["198.51.100.9"] });
    const table = compile(
      [claim("a", "10.96.0.1"), claim("b", "10.96.0.2")],
      [slice("a", [endpoint("10.244.1.5", "n1")]), slice("b", [endpoint("10.244.1.6", "n1")])],
    );
    const element = table.sets.get("service-ips")?.elements.get("198.51.100.9 . tcp . 80");
    expect(element?.origin?.object).toBe("Service/default/b");
    expect(keys(table, "service-ips").at(-1)).toBe("198.51.100.9 . tcp . 80");
  });

  it("says why each rule and element exists", () => {
    const table = compile([
      web({
        type: "NodePort",
        ...NODE_PORT,
        externalTrafficPolicy: "Local",
        sessionAffinity: "ClientIP",
        externalIPs: ["198.51.100.9"],
      }),
    ]);
    const all = [...table.chains].filter(([name]) => isServiceChain(name)).flatMap(([, chain]) => chain.rules);
    expect(all.length).toBeGreaterThan(8);
    for (const rule of all) {
      expect(rule.origin?.object).toBe("Service/default/web");
      expect(rule.origin?.path).toMatch(/^spec\./);
      expect(rule.origin?.why).toMatch(/\.$/);
    }
    const elements = [...table.sets]
      .filter(([name]) => name !== "nodeport-ips")
      .flatMap(([, s]) => [...s.elements.values()]);
    expect(elements).toHaveLength(5);
    for (const element of elements) expect(element.origin?.object).toBe("Service/default/web");
  });

  it("is compiled once for all nodes when none of them sees it otherwise", () => {
    const other = { ...NODE, name: "n2", ips: ["192.168.56.12"], podCIDRs: ["10.244.2.0/24"] };
    const one = web();
    const slices = [PODS];
    const view = buildView(reader([one], slices));
    const tables = [NODE, other].map((node) => compileNftables(view, node, NFT).tables[0] as Table);
    expect(own(tables[0] as Table, "service")).toBe(own(tables[1] as Table, "service"));
    const local = buildView(reader([web({ internalTrafficPolicy: "Local" })], slices));
    const [here, there] = [NODE, other].map((node) => compileNftables(local, node, NFT).tables[0] as Table);
    expect(texts(own(here as Table, "local"))).not.toEqual(texts(own(there as Table, "local")));
  });
});
