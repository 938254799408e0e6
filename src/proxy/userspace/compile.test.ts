import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseSave } from "../../kernel/iptables/parse.ts";
import { printSave } from "../../kernel/iptables/save.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { Service } from "../../model/service/types.ts";
import { CONFIG, endpoint, NODE, reader, service, slice } from "../testing.ts";
import { buildView } from "../view.ts";
import { compileUserspace, type CompiledUserspace } from "./compile.ts";

const config = { ...CONFIG, mode: "userspace" as const };
const PODS = slice("web", [endpoint("10.244.1.5", "n1"), endpoint("10.244.2.3", "n2")]);

function compile(
  services: readonly Service[],
  slices: readonly EndpointSlice[] = [PODS],
  more: Partial<typeof config> & { readonly family?: 4 | 6; readonly ips?: readonly string[] } = {},
): CompiledUserspace {
  const { family = 4, ips = NODE.ips, ...changes } = more;
  return compileUserspace(buildView(reader(services, slices), family), { ...NODE, ips }, { ...config, ...changes });
}

const text = ({ ruleset }: CompiledUserspace): string => printSave(ruleset);
const added = (compiled: CompiledUserspace, chain: string): readonly string[] =>
  text(compiled)
    .split("\n")
    .filter((line) => line.startsWith(`-A ${chain} `))
    .map((line) => line.slice(chain.length + 4));
const proxyPort = (compiled: CompiledUserspace, name = "default/web"): number | undefined =>
  compiled.sockets.find((s) => s.use === "serve" && s.name === name)?.port;

describe("compileUserspace", () => {
  // Arguments, comments and order: openPortal, iptablesInit and the *Args functions in pkg/proxy/userspace/proxier.go of 1.25; the
  // wording is what iptables-save 1.8.9 prints of them.
  it("writes a portal per address, and the node port's", () => {
    const compiled = compile([
      service(
        "web",
        {
          type: "LoadBalancer",
          externalIPs: ["192.0.2.7"],
          ports: [{ name: "http", protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30080 }],
        },
        { ingress: [{ ip: "203.0.113.10" }] },
      ),
    ]);
    const port = proxyPort(compiled, "default/web:http") ?? 0;
    const web = `-p tcp -m comment --comment "default/web:http" -m tcp`;
    expect(text(compiled)).toBe(`*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:KUBE-NODEPORT-NON-LOCAL - [0:0]
-A INPUT -m comment --comment "Ensure that non-local NodePort traffic can flow" -j KUBE-NODEPORT-NON-LOCAL
-A KUBE-NODEPORT-NON-LOCAL ${web} --dport ${port} -m state --state NEW -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:KUBE-NODEPORT-CONTAINER - [0:0]
:KUBE-NODEPORT-HOST - [0:0]
:KUBE-PORTALS-CONTAINER - [0:0]
:KUBE-PORTALS-HOST - [0:0]
-A PREROUTING -m comment --comment "handle ClusterIPs; NOTE: this must be before the NodePort rules" -j KUBE-PORTALS-CONTAINER
-A PREROUTING -m addrtype --dst-type LOCAL -m comment --comment "handle service NodePorts; NOTE: this must be the last rule in the chain" -j KUBE-NODEPORT-CONTAINER
-A OUTPUT -m comment --comment "handle ClusterIPs; NOTE: this must be before the NodePort rules" -j KUBE-PORTALS-HOST
-A OUTPUT -m addrtype --dst-type LOCAL -m comment --comment "handle service NodePorts; NOTE: this must be the last rule in the chain" -j KUBE-NODEPORT-HOST
-A KUBE-NODEPORT-CONTAINER ${web} --dport 30080 -j REDIRECT --to-ports ${port}
-A KUBE-NODEPORT-HOST ${web} --dport 30080 -j DNAT --to-destination 192.168.56.11:${port}
-A KUBE-PORTALS-CONTAINER -d 10.96.0.50/32 ${web} --dport 80 -j REDIRECT --to-ports ${port}
-A KUBE-PORTALS-CONTAINER -d 192.0.2.7/32 ${web} --dport 80 -m physdev ! --physdev-is-in -j REDIRECT --to-ports ${port}
-A KUBE-PORTALS-CONTAINER -d 192.0.2.7/32 ${web} --dport 80 -m addrtype --dst-type LOCAL -j REDIRECT --to-ports ${port}
-A KUBE-PORTALS-CONTAINER -d 203.0.113.10/32 ${web} --dport 80 -j REDIRECT --to-ports ${port}
-A KUBE-PORTALS-HOST -d 10.96.0.50/32 ${web} --dport 80 -j DNAT --to-destination 192.168.56.11:${port}
-A KUBE-PORTALS-HOST -d 192.0.2.7/32 ${web} --dport 80 -m addrtype --dst-type LOCAL -j DNAT --to-destination 192.168.56.11:${port}
-A KUBE-PORTALS-HOST -d 203.0.113.10/32 ${web} --dport 80 -j DNAT --to-destination 192.168.56.11:${port}
COMMIT
`);
    const { ruleset, notes } = parseSave(text(compiled));
    expect([printSave(ruleset), notes]).toEqual([text(compiled), []]);
  });

  it("opens a port to serve, and holds the node port and an external IP that is the node's own", () => {
    const { sockets } = compile([
      service("web", {
        type: "NodePort",
        externalIPs: ["192.168.56.11"],
        ports: [{ protocol: "UDP", port: 53, targetPort: 53, nodePort: 30053 }],
      }),
    ]);
    expect(sockets.map(({ use, ip, port, protocol }) => [use, ip, protocol, use === "serve" ? 0 : port])).toEqual([
      ["serve", "0.0.0.0", "udp", 0],
      ["hold", "192.168.56.11", "udp", 53],
      ["hold", "0.0.0.0", "udp", 30053],
    ]);
  });

  it("serves the ready endpoints whatever policies, source ranges and nodePortAddresses say", () => {
    const plain = {
      type: "LoadBalancer",
      ports: [{ protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30080 }],
    } as const;
    const ingress = [{ ip: "203.0.113.10" }];
    const slices = [
      slice("web", [
        endpoint("10.244.1.5", "n1", { conditions: { ready: false, serving: false, terminating: false } }),
        endpoint("10.244.1.6", "n1", { conditions: { ready: false, serving: true, terminating: true } }),
        endpoint("10.244.2.3", "n2"),
      ]),
    ];
    const strict = compile(
      [
        service(
          "web",
          {
            ...plain,
            externalTrafficPolicy: "Local",
            internalTrafficPolicy: "Local",
            loadBalancerSourceRanges: ["198.51.100.0/24"],
            healthCheckNodePort: 31000,
          },
          { ingress },
        ),
      ],
      slices,
      { nodePortAddresses: ["192.0.2.0/24"], masqueradeAll: true },
    );
    expect(text(strict)).toBe(text(compile([service("web", plain, { ingress })], slices)));
    expect(strict.sockets[0]?.endpoints.map((e) => e.key)).toEqual(["10.244.2.3:8080"]);
  });

  it("leads to a port even when there is nobody to answer", () => {
    const compiled = compile([service("web", {})], []);
    expect(added(compiled, "KUBE-PORTALS-CONTAINER")).toHaveLength(1);
    expect(compiled.sockets[0]?.endpoints).toEqual([]);
  });

  it("has no proxy for SCTP, and none for the second family of a node", () => {
    const sctp = compile([service("web", { ports: [{ protocol: "SCTP", port: 80, targetPort: 8080 }] })]);
    expect([added(sctp, "KUBE-PORTALS-CONTAINER"), sctp.sockets]).toEqual([[], []]);
    const both = ["192.168.56.11", "fd00::11"];
    const v6 = service("web", { clusterIP: "fd00:96::5", clusterIPs: ["fd00:96::5"] });
    expect(text(compile([v6], [], { family: 6, ips: both }))).toBe("");
    expect(added(compile([v6], [], { family: 6, ips: ["fd00::11"] }), "KUBE-PORTALS-HOST")).toEqual([
      expect.stringMatching(/^-d fd00:96::5\/128 .* -j DNAT --to-destination \[fd00::11\]:\d+$/),
    ]);
  });

  it("gives up a Service port's further portals when another one holds the port", () => {
    const spec = (ip: string): Parameters<typeof service>[1] => ({
      type: "NodePort",
      clusterIP: ip,
      clusterIPs: [ip],
      externalIPs: ["192.168.56.11"],
      ports: [{ protocol: "TCP", port: 80, targetPort: 80, nodePort: ip.endsWith("1") ? 30001 : 30002 }],
    });
    const compiled = compile([service("a", spec("10.96.1.1")), service("b", spec("10.96.1.2"))], []);
    const lines = added(compiled, "KUBE-PORTALS-HOST").map((line) => line.split(" ")[1]);
    expect(lines).toEqual(["10.96.1.1/32", "192.168.56.11/32", "10.96.1.2/32"]);
    expect(added(compiled, "KUBE-NODEPORT-HOST")).toHaveLength(1);
  });

  it("says of every rule why it is there", () => {
    for (const table of Object.values(compile([service("web", {})]).ruleset.tables))
      for (const { rules } of table.chains.values()) for (const rule of rules) expect(rule.origin?.why).toMatch(/\.$/);
  });
});

describe("proxy ports", () => {
  const other = service("other", { clusterIP: "10.96.0.51", clusterIPs: ["10.96.0.51"] });

  it("stay when other things change, and change with what makes kube-proxy open a new one", () => {
    const first = compile([service("web", {}), other]);
    expect(proxyPort(first)).toBeGreaterThan(32_767);
    // Odd: Linux keeps the even ones for connect().
    expect((proxyPort(first) ?? 0) % 2).toBe(1);
    const fewer = compile([service("web", {})], [slice("web", [])]);
    expect(proxyPort(fewer)).toBe(proxyPort(first));
    const sticky = compile([service("web", { sessionAffinity: "ClientIP" }), other]);
    expect(proxyPort(sticky)).not.toBe(proxyPort(first));
    expect(proxyPort(sticky, "default/other")).toBe(proxyPort(first, "default/other"));
    const hour = { clientIP: { timeoutSeconds: 3600 } };
    const patient = compile([service("web", { sessionAffinity: "ClientIP", sessionAffinityConfig: hour }), other]);
    expect(proxyPort(patient)).toBe(proxyPort(sticky));
  });

  it("come from portRange, each once, and a Service port that gets none has no rules", () => {
    const compiled = compile([service("web", {}), other], [], { proxyPorts: { from: 5000, to: 5000 } });
    expect([proxyPort(compiled, "default/other"), proxyPort(compiled)]).toEqual([5000, undefined]);
    expect(added(compiled, "KUBE-PORTALS-CONTAINER")).toHaveLength(1);
  });
});

interface Spec {
  readonly name: string;
  readonly pods: readonly string[];
  readonly nodePort: boolean;
  readonly sticky: boolean;
  readonly external: readonly string[];
}

describe("a history of changes", () => {
  it("comes, step by step, to what a compile from scratch gives", () => {
    const state = fc.array(
      fc.record({
        name: fc.constantFrom("a", "b", "c", "d"),
        pods: fc.subarray(["10.244.1.5", "10.244.1.6", "10.244.2.7"]),
        nodePort: fc.boolean(),
        sticky: fc.boolean(),
        external: fc.subarray(["192.0.2.7", "192.168.56.11"]),
      }),
      { maxLength: 4 },
    );
    const known = new Map<string, Service>();
    const objects = (specs: readonly Spec[]) => {
      const unique = [...new Map(specs.map((s) => [s.name, s])).values()];
      const services = unique.map((s) => {
        const ip = `10.96.1.${s.name.charCodeAt(0)}`;
        // The same object as before when nothing changed, as a store would have it.
        const key = JSON.stringify({ ...s, pods: null });
        const made = service(s.name, {
          type: s.nodePort ? "NodePort" : "ClusterIP",
          clusterIP: ip,
          clusterIPs: [ip],
          externalIPs: s.external,
          sessionAffinity: s.sticky ? "ClientIP" : "None",
          ports: [
            {
              protocol: "TCP",
              port: 80,
              targetPort: 80,
              ...(s.nodePort ? { nodePort: 30_000 + s.name.charCodeAt(0) } : {}),
            },
          ],
        });
        known.set(key, known.get(key) ?? made);
        return known.get(key) as Service;
      });
      const slices = unique.map((s) =>
        slice(
          s.name,
          s.pods.map((ip) => endpoint(ip, "n1")),
        ),
      );
      return { services, slices };
    };
    let nodes = 0;
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), (history) => {
        for (const specs of history) {
          const { services, slices } = objects(specs);
          const step = compile(services, slices);
          // A node of the same name that nobody has compiled for: its key differs by an address that no rule mentions.
          const scratch = compile(structuredClone(services), structuredClone(slices), {
            ips: [...NODE.ips, `10.255.${(nodes >> 8) & 255}.${nodes++ & 255}`],
          });
          expect(text(step)).toBe(text(scratch));
          expect(JSON.stringify(step.sockets)).toBe(JSON.stringify(scratch.sockets));
        }
      }),
      { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 200) },
    );
  });
});
