import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Chooser } from "../../base/choose.ts";
import { iptablesRules, runChain } from "../../kernel/iptables/evaluate.ts";
import { allRules } from "../../kernel/iptables/listing.ts";
import { parseSave } from "../../kernel/iptables/parse.ts";
import { printSave } from "../../kernel/iptables/save.ts";
import { hookContext } from "../../kernel/iptables/testing.ts";
import { ruleId, type Ruleset } from "../../kernel/iptables/types.ts";
import type { ProxyConfig } from "../../model/config/types.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { Service } from "../../model/service/types.ts";
import { CONFIG, endpoint, NODE, reader, service, slice } from "../testing.ts";
import { buildView } from "../view.ts";
import { compileIptables } from "./compile.ts";

const EVERYTHING = service(
  "web",
  {
    type: "LoadBalancer",
    ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30080 }],
    externalIPs: ["198.51.100.9"],
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 31999,
    loadBalancerSourceRanges: ["203.0.113.0/25"],
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
  },
  { ingress: [{ ip: "203.0.113.7", ipMode: "VIP" }] },
);
const PODS = ["a", "b"].map((name) => ({ targetRef: { kind: "Pod", namespace: "default", name: `web-${name}` } }));
const HTTP = { ports: [{ name: "http", protocol: "TCP", port: 8080 }] } as const;
const SPREAD = slice("web", [endpoint("10.244.1.5", "n1", PODS[0]), endpoint("10.244.2.3", "n2", PODS[1])], HTTP);

function compile(
  services: readonly Service[],
  slices: readonly EndpointSlice[],
  config: Partial<ProxyConfig> = {},
  node = NODE,
): Ruleset {
  return compileIptables(buildView(reader(services, slices)), node, { ...CONFIG, ...config });
}

function lines(ruleset: Ruleset): string[] {
  return printSave(ruleset).split("\n");
}

describe("compileIptables", () => {
  it("writes every option of one Service as the kernel lists it", () => {
    const own = lines(compile([EVERYTHING], [SPREAD])).filter(
      (l) => l.startsWith("-A") && /CDGGSHYLG3RE2FKL|KUBE-SEP|default\/web/.test(l),
    );
    expect(own).toEqual([
      '-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http health check node port" -m tcp --dport 31999 -j ACCEPT',
      '-A KUBE-PROXY-FIREWALL -d 203.0.113.7/32 -p tcp -m comment --comment "default/web:http traffic not accepted by KUBE-FW-CDGGSHYLG3RE2FKL" -m tcp --dport 80 -j DROP',
      '-A KUBE-EXT-CDGGSHYLG3RE2FKL -s 10.244.0.0/16 -m comment --comment "pod traffic for default/web:http external destinations" -j KUBE-SVC-CDGGSHYLG3RE2FKL',
      '-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "masquerade LOCAL traffic for default/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ',
      '-A KUBE-EXT-CDGGSHYLG3RE2FKL -m comment --comment "route LOCAL traffic for default/web:http external destinations" -m addrtype --src-type LOCAL -j KUBE-SVC-CDGGSHYLG3RE2FKL',
      "-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVL-CDGGSHYLG3RE2FKL",
      '-A KUBE-FW-CDGGSHYLG3RE2FKL -s 203.0.113.0/25 -m comment --comment "default/web:http loadbalancer IP" -j KUBE-EXT-CDGGSHYLG3RE2FKL',
      '-A KUBE-FW-CDGGSHYLG3RE2FKL -m comment --comment "other traffic to default/web:http will be dropped by KUBE-PROXY-FIREWALL"',
      '-A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" -m tcp --dport 30080 -j KUBE-EXT-CDGGSHYLG3RE2FKL',
      '-A KUBE-SEP-AFGSLHOD2HFNCBX4 -s 10.244.1.5/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ',
      '-A KUBE-SEP-AFGSLHOD2HFNCBX4 -p tcp -m comment --comment "default/web:http" -m recent --set --name KUBE-SEP-AFGSLHOD2HFNCBX4 --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.1.5:8080',
      '-A KUBE-SEP-VQGOCFX4X6FWJPNR -s 10.244.2.3/32 -m comment --comment "default/web:http" -j KUBE-MARK-MASQ',
      '-A KUBE-SEP-VQGOCFX4X6FWJPNR -p tcp -m comment --comment "default/web:http" -m recent --set --name KUBE-SEP-VQGOCFX4X6FWJPNR --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.244.2.3:8080',
      '-A KUBE-SERVICES -d 10.96.0.50/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-CDGGSHYLG3RE2FKL',
      '-A KUBE-SERVICES -d 198.51.100.9/32 -p tcp -m comment --comment "default/web:http external IP" -m tcp --dport 80 -j KUBE-EXT-CDGGSHYLG3RE2FKL',
      '-A KUBE-SERVICES -d 203.0.113.7/32 -p tcp -m comment --comment "default/web:http loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-CDGGSHYLG3RE2FKL',
      '-A KUBE-SVC-CDGGSHYLG3RE2FKL ! -s 10.244.0.0/16 -d 10.96.0.50/32 -p tcp -m comment --comment "default/web:http cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ',
      '-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.5:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-AFGSLHOD2HFNCBX4 --mask 255.255.255.255 --rsource -j KUBE-SEP-AFGSLHOD2HFNCBX4',
      '-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.2.3:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-VQGOCFX4X6FWJPNR --mask 255.255.255.255 --rsource -j KUBE-SEP-VQGOCFX4X6FWJPNR',
      '-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.5:8080" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-AFGSLHOD2HFNCBX4',
      '-A KUBE-SVC-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.2.3:8080" -j KUBE-SEP-VQGOCFX4X6FWJPNR',
      '-A KUBE-SVL-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.5:8080" -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-AFGSLHOD2HFNCBX4 --mask 255.255.255.255 --rsource -j KUBE-SEP-AFGSLHOD2HFNCBX4',
      '-A KUBE-SVL-CDGGSHYLG3RE2FKL -m comment --comment "default/web:http -> 10.244.1.5:8080" -j KUBE-SEP-AFGSLHOD2HFNCBX4',
    ]);
  });

  it("drops, on a node without an endpoint, what policy Local does not short-circuit", () => {
    const here = lines(compile([EVERYTHING], [SPREAD]));
    const there = lines(compile([EVERYTHING], [SPREAD], {}, { ...NODE, name: "n3", ips: ["192.168.56.13"] }));
    expect(there.filter((l) => !here.includes(l))).toEqual([
      '-A KUBE-EXTERNAL-SERVICES -d 198.51.100.9/32 -p tcp -m comment --comment "default/web:http has no local endpoints" -m tcp --dport 80 -j DROP',
      '-A KUBE-EXTERNAL-SERVICES -d 203.0.113.7/32 -p tcp -m comment --comment "default/web:http has no local endpoints" -m tcp --dport 80 -j DROP',
      '-A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/web:http has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DROP',
    ]);
    expect(here.filter((l) => !there.includes(l))).toEqual([
      ":KUBE-SVL-CDGGSHYLG3RE2FKL - [0:0]",
      "-A KUBE-EXT-CDGGSHYLG3RE2FKL -j KUBE-SVL-CDGGSHYLG3RE2FKL",
      expect.stringMatching(/^-A KUBE-SVL-CDGGSHYLG3RE2FKL .* -m recent --rcheck .* -j KUBE-SEP-AFGSLHOD2HFNCBX4$/),
      expect.stringMatching(/^-A KUBE-SVL-CDGGSHYLG3RE2FKL .* -> 10\.244\.1\.5:8080" -j KUBE-SEP-AFGSLHOD2HFNCBX4$/),
    ]);
  });

  it("follows its configuration", () => {
    const text = (config: Partial<ProxyConfig>): string =>
      printSave(compile([EVERYTHING], [SPREAD], config), { form: "proxy" });
    expect(text({ detectLocalMode: "BridgeInterface", detectLocal: ["cni0"] })).toContain(
      "--dport 80 ! -i cni0 -j KUBE-MARK-MASQ",
    );
    expect(text({ detectLocalMode: "InterfaceNamePrefix", detectLocal: ["cali"] })).toContain("-i cali+ -j KUBE-SVC-");
    expect(text({ detectLocalMode: "NodeCIDR", detectLocal: [] })).toContain("! -s 10.244.1.0/24 -j KUBE-MARK-MASQ");
    const blind = text({ detectLocal: [] });
    expect(blind).not.toContain("pod traffic for");
    expect(blind).not.toMatch(/-A KUBE-SVC-\S+ .*KUBE-MARK-MASQ/);
    expect(text({ masqueradeAll: true })).toContain("-d 10.96.0.50 --dport 80 -j KUBE-MARK-MASQ");
    expect(text({ masqueradeBit: 0 })).toContain("-A KUBE-MARK-MASQ -j MARK --or-mark 0x00000001");
    expect(text({ masqueradeBit: 31 })).toContain("-m mark ! --mark 0x80000000/0x80000000 -j RETURN");
    expect(text({ randomFully: false })).toMatch(/requiring SNAT" -j MASQUERADE\n/);
    expect(text({ conntrackTCPBeLiberal: true })).not.toContain("--ctstate INVALID");
    expect(text({ nfacct: true })).toContain(
      "--dport 30080 -m nfacct --nfacct-name localhost_nps_accepted_pkts -j KUBE-EXT-",
    );
    const noLocalhost = text({ localhostNodePorts: false, nfacct: true });
    expect(noLocalhost).toContain("--dst-type LOCAL ! -d 127.0.0.0/8 -j KUBE-NODEPORTS");
    expect(noLocalhost).not.toContain("localhost_nps");
    expect(noLocalhost).not.toContain("block incoming localnet");
    expect(text({ nodePortAddresses: ["192.168.56.0/24"] })).toContain("-d 192.168.56.11 -j KUBE-NODEPORTS");
    expect(text({ nodePortAddresses: ["primary"] })).toContain("-d 192.168.56.11 -j KUBE-NODEPORTS");
    expect(text({ nodePortAddresses: ["10.0.0.0/8"] })).not.toContain("-j KUBE-NODEPORTS\n-A KUBE-POSTROUTING");
  });

  it("leaves comments out of endpoint rules, and only there, above 1,000 endpoints", () => {
    const many = (n: number): string => {
      const eps = Array.from({ length: n }, (_, i) => endpoint(`10.245.${i >> 8}.${i & 255}`, "n2"));
      return printSave(compile([EVERYTHING, service("many", {})], [SPREAD, slice("many", eps)]));
    };
    expect(many(998)).toContain('"default/web:http -> 10.244.2.3:8080"');
    const large = many(999);
    expect(large).not.toContain(" -> ");
    expect(large).toContain("-A KUBE-SEP-VQGOCFX4X6FWJPNR -s 10.244.2.3/32 -j KUBE-MARK-MASQ");
    expect(large).toContain('"default/web:http cluster IP"');
  });
});

describe("provenance", () => {
  const at = (object: unknown, path: string): unknown =>
    path
      .split(/[.[\]]+/)
      .filter(Boolean)
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], object);

  it("gives every rule an id of its own, a sentence, and for Services a field that exists", () => {
    const objects = new Map<string, unknown>([
      ["Service/default/web", EVERYTHING],
      ["EndpointSlice/default/web-a", SPREAD],
    ]);
    const all = [...allRules(compile([EVERYTHING], [SPREAD], { nfacct: true }, { ...NODE, name: "n3" }))];
    expect(new Set(all.map(({ table, chain, rule }) => ruleId(table, chain, rule))).size).toBe(all.length);
    expect(all.filter(({ rule }) => !/^[A-Z0-9].*\.$/.test(rule.origin?.why ?? ""))).toEqual([]);
    const links = all.flatMap(({ rule }) => [
      rule.origin ?? { object: null, path: "" },
      ...(rule.origin?.because ?? []),
    ]);
    const known = links.filter(({ object }) => object !== null && objects.has(object));
    expect(known.length).toBeGreaterThan(20);
    expect(known.filter(({ object, path }) => at(objects.get(object ?? ""), path) === undefined)).toEqual([]);
  });

  it("leads from an endpoint's rule to slice and pod", () => {
    const dnat = [...allRules(compile([EVERYTHING], [SPREAD]))].find(
      ({ rule }) => rule.target.kind === "dnat" && rule.target.ip === "10.244.2.3",
    );
    expect(dnat?.rule.origin).toMatchObject({
      object: "Service/default/web",
      path: "spec.ports[0].targetPort",
      because: [
        { object: "EndpointSlice/default/web-a", path: "endpoints[1].addresses[0]" },
        { object: "Pod/default/web-b", path: "status.podIP" },
      ],
    });
  });
});

describe("rules printed and read back", () => {
  const node = fc.constantFrom("n1", "n2", "n3");
  const someEndpoint = fc.record({
    ip: fc.integer({ min: 2, max: 9 }),
    node,
    state: fc.constantFrom("ready", "draining", "unready"),
  });
  const someService = fc.record({
    type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
    etp: fc.constantFrom("Cluster", "Local"),
    itp: fc.constantFrom("Cluster", "Local"),
    affinity: fc.boolean(),
    external: fc.boolean(),
    ranges: fc.boolean(),
    endpoints: fc.uniqueArray(someEndpoint, { maxLength: 4, selector: (e) => e.ip }),
  });
  const config = fc.record({
    masqueradeAll: fc.boolean(),
    localhostNodePorts: fc.boolean(),
    nfacct: fc.boolean(),
    detectLocal: fc.constantFrom([], ["10.244.0.0/16"]),
    nodePortAddresses: fc.constantFrom(null, ["192.168.56.0/24"]),
  });

  function build(
    specs: readonly (typeof someService extends fc.Arbitrary<infer T> ? T : never)[],
  ): [Service[], EndpointSlice[]] {
    const services = specs.map((s, i) =>
      service(
        `s${i}`,
        {
          type: s.type as "ClusterIP",
          clusterIP: `10.96.0.${i + 1}`,
          clusterIPs: [`10.96.0.${i + 1}`],
          ports: [
            { protocol: "TCP", port: 80, targetPort: 8080, ...(s.type === "ClusterIP" ? {} : { nodePort: 30080 + i }) },
          ],
          externalTrafficPolicy: s.etp as "Local",
          internalTrafficPolicy: s.itp as "Local",
          sessionAffinity: s.affinity ? "ClientIP" : "None",
          ...(s.external ? { externalIPs: [`198.51.100.${i + 1}`] } : {}),
          ...(s.ranges ? { loadBalancerSourceRanges: ["203.0.113.0/25", "192.168.56.11/32"] } : {}),
        },
        s.type === "LoadBalancer" ? { ingress: [{ ip: `203.0.113.${i + 1}` }] } : {},
      ),
    );
    const slices = specs.map((s, i) =>
      slice(
        `s${i}`,
        s.endpoints.map((e) =>
          endpoint(`10.244.${i}.${e.ip}`, e.node, {
            conditions: {
              ready: e.state === "ready",
              serving: e.state !== "unready",
              terminating: e.state === "draining",
            },
          }),
        ),
      ),
    );
    return [services, slices];
  }

  const source = fc.constantFrom(
    "10.244.0.2",
    "10.244.0.3",
    "192.168.56.11",
    "127.0.0.1",
    "198.51.100.77",
    "203.0.113.99",
    "203.0.113.1",
  );
  const target = fc.oneof(
    fc.integer({ min: 1, max: 4 }).map((n) => [`10.96.0.${n}`, 80] as const),
    fc.integer({ min: 1, max: 4 }).map((n) => [`198.51.100.${n}`, 80] as const),
    fc.integer({ min: 1, max: 4 }).map((n) => [`203.0.113.${n}`, 80] as const),
    fc.integer({ min: 0, max: 3 }).map((n) => ["192.168.56.11", 30080 + n] as const),
    fc.integer({ min: 0, max: 3 }).map((n) => ["127.0.0.1", 30080 + n] as const),
    fc.constant(["10.96.0.1", 81] as const),
  );

  /** Answers by order of asking: ids differ between written and parsed rules, the questions do not. */
  function scripted(answers: readonly boolean[]): Chooser {
    let i = 0;
    return {
      chance: () => ({ taken: answers[i++ % answers.length] as boolean, draw: 0 }),
      pick: () => 0,
      sample: () => 0,
    };
  }

  it("decide every packet the same way, rule by rule, and print the same text", () => {
    fc.assert(
      fc.property(
        fc.array(someService, { minLength: 1, maxLength: 4 }),
        config,
        fc.array(fc.tuple(source, target), { minLength: 8, maxLength: 8 }),
        fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
        (specs, change, packets, answers) => {
          const written = compile(...build(specs), change);
          const text = printSave(written);
          const { ruleset: read, notes } = parseSave(text);
          expect(notes).toEqual([]);
          expect(printSave(read)).toBe(text);
          for (const [src, [dst, dport]] of packets) {
            for (const [table, hook] of [
              ["nat", "PREROUTING"],
              ["nat", "OUTPUT"],
              ["nat", "POSTROUTING"],
              ["filter", "INPUT"],
              ["filter", "FORWARD"],
              ["filter", "OUTPUT"],
            ] as const) {
              const [a, b] = [written, read].map((set) => {
                const context = hookContext({
                  hook,
                  packet: { src, dst, dport, mark: 0x4000 },
                  chooser: scripted(answers),
                });
                const { verdict, mark, considered, matched, steps, rule } = iptablesRules(set).run(table, context);
                return {
                  verdict,
                  mark,
                  considered,
                  matched,
                  rule: rule?.text,
                  steps: steps.map((s) => [s.rule.text, s.matched, s.depth, s.because, s.draw]),
                };
              });
              expect(b).toEqual(a);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("never refuse or drop a packet that is addressed to no Service", () => {
    fc.assert(
      fc.property(fc.array(someService, { maxLength: 4 }), config, source, (specs, change, src) => {
        const written = compile(...build(specs), change);
        for (const chain of ["KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-PROXY-FIREWALL", "KUBE-NODEPORTS"]) {
          const result = runChain(
            written,
            "filter",
            chain,
            hookContext({ packet: { src, dst: "192.0.2.1", dport: 80 } }),
          );
          expect(result.rule).toBeNull();
        }
      }),
      { numRuns: 60 },
    );
  });
});
