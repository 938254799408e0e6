import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MINUTE, SECOND } from "../../base/time.ts";
import { printSave } from "../../kernel/iptables/save.ts";
import { saveIpSets } from "../../kernel/ipvs/ipset.ts";
import { listServers } from "../../kernel/ipvs/text.ts";
import { NO_LOAD } from "../../kernel/ipvs/types.ts";
import { buildView, type ProxyView } from "../view.ts";
import { CONFIG, endpoint, NODE, reader, service, slice } from "../testing.ts";
import { compileIpvs, type CompiledIpvs } from "./compile.ts";
import { checkDrained, syncIpvs, type LoadOf, type SyncedServers } from "./sync.ts";

const IPVS = { ...CONFIG, mode: "ipvs" as const };

function view(ips: readonly string[], protocol: "TCP" | "UDP" = "TCP"): ProxyView {
  const ports = [{ protocol, port: 80, targetPort: 8080 }];
  return buildView(
    reader(
      [service("web", { ports })],
      [
        slice(
          "web",
          ips.map((ip) => endpoint(ip, "n1")),
          { ports: [{ name: "", protocol, port: 8080 }] },
        ),
      ],
    ),
  );
}

const weights = (synced: SyncedServers): Record<string, number> =>
  Object.fromEntries((synced.servers[0]?.destinations ?? []).map((d) => [d.ip, d.weight]));

const busy =
  (...ips: readonly string[]): LoadOf =>
  (_, d) =>
    ips.includes(d.ip) ? { active: 0, inactive: 1 } : NO_LOAD;
const idle: LoadOf = () => NO_LOAD;

describe("graceful termination", () => {
  const start = syncIpvs(null, view(["10.0.0.1", "10.0.0.2"]), NODE, IPVS, 0, idle);

  it("deletes an idle destination at once and drains a busy one", () => {
    expect(weights(syncIpvs(start, view(["10.0.0.1"]), NODE, IPVS, SECOND, idle))).toEqual({ "10.0.0.1": 1 });
    const draining = syncIpvs(start, view(["10.0.0.1"]), NODE, IPVS, SECOND, busy("10.0.0.2"));
    expect(weights(draining)).toEqual({ "10.0.0.1": 1, "10.0.0.2": 0 });
    expect(draining.nextCheck).toBe(SECOND + MINUTE);
  });

  it("looks again every minute, and not at a sync", () => {
    const draining = syncIpvs(start, view(["10.0.0.1"]), NODE, IPVS, 0, busy("10.0.0.2"));
    const synced = syncIpvs(draining, view(["10.0.0.1"]), NODE, IPVS, SECOND, idle);
    expect(weights(synced)).toEqual({ "10.0.0.1": 1, "10.0.0.2": 0 });
    const still = checkDrained(synced, MINUTE, busy("10.0.0.2"));
    expect(weights(still)).toEqual({ "10.0.0.1": 1, "10.0.0.2": 0 });
    expect(still.nextCheck).toBe(2 * MINUTE);
    const gone = checkDrained(still, 2 * MINUTE, idle);
    expect(weights(gone)).toEqual({ "10.0.0.1": 1 });
    expect(gone.nextCheck).toBeNull();
  });

  it("gives one that comes back its weight", () => {
    const draining = syncIpvs(start, view(["10.0.0.1"]), NODE, IPVS, 0, busy("10.0.0.2"));
    const back = syncIpvs(draining, view(["10.0.0.1", "10.0.0.2"]), NODE, IPVS, SECOND, busy("10.0.0.2"));
    expect(weights(back)).toEqual({ "10.0.0.1": 1, "10.0.0.2": 1 });
    expect(back.nextCheck).toBeNull();
  });

  it("does not drain UDP", () => {
    const udp = syncIpvs(null, view(["10.0.0.1", "10.0.0.2"], "UDP"), NODE, IPVS, 0, idle);
    expect(weights(syncIpvs(udp, view(["10.0.0.1"], "UDP"), NODE, IPVS, SECOND, busy("10.0.0.2")))).toEqual({
      "10.0.0.1": 1,
    });
  });
});

describe("compileIpvs", () => {
  const services = [
    service("fenced", {
      type: "LoadBalancer",
      ports: [{ protocol: "TCP", port: 80, targetPort: 8080, nodePort: 30080 }],
      loadBalancerSourceRanges: ["203.0.113.0/24"],
    }),
  ];
  const compiled = (config: typeof IPVS) => compileIpvs(buildView(reader(services, [])), NODE, config);
  const text = (config: typeof IPVS, chain: string): string =>
    JSON.stringify(compiled(config).ruleset.tables.nat?.chains.get(chain)?.rules);

  it("sets the scheduler everywhere, with port hashing for mh", () => {
    const { servers } = compiled({ ...IPVS, ipvsScheduler: "mh" } as typeof IPVS);
    expect(servers.map((s) => [s.id, s.scheduler, s.flags])).toEqual([
      ["tcp 10.96.0.50:80", "mh", 16],
      ["tcp 192.168.56.11:30080", "mh", 16],
    ]);
  });

  it("without a detector masquerades what the node sends from the dialled address itself", () => {
    expect(text({ ...IPVS, detectLocal: [] }, "KUBE-SERVICES")).toContain('"sides":["src","dst"]');
    expect(text(IPVS, "KUBE-SERVICES")).not.toContain('"sides":["src","dst"]');
  });

  it("has no node ports where no address answers them", () => {
    const none = compiled({ ...IPVS, nodePortAddresses: ["172.31.0.0/16"] } as unknown as typeof IPVS);
    expect(none.servers.map((s) => s.id)).toEqual(["tcp 10.96.0.50:80"]);
    expect(none.ruleset.sets?.get("KUBE-NODE-PORT-TCP")?.entries).toEqual([]);
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

/** Objects made anew each time, so that nothing is taken from a cache. */
function viewOf(specs: readonly Spec[]): ProxyView {
  const unique = [...new Map(specs.map((s) => [s.name, s])).values()];
  const code = (s: Spec): number => s.name.charCodeAt(0);
  return buildView(
    reader(
      unique.map((s) =>
        service(
          s.name,
          {
            type: s.fenced ? "LoadBalancer" : s.nodePort ? "NodePort" : "ClusterIP",
            clusterIP: `10.96.1.${code(s)}`,
            clusterIPs: [`10.96.1.${code(s)}`],
            ports: [
              {
                name: "a",
                protocol: "TCP",
                port: 80,
                targetPort: 8080,
                ...(s.nodePort ? { nodePort: 30_000 + code(s) } : {}),
              },
              { name: "b", protocol: "UDP", port: 53, targetPort: 5353 },
            ],
            externalTrafficPolicy: s.local ? "Local" : "Cluster",
            internalTrafficPolicy: s.local && s.sticky ? "Local" : "Cluster",
            sessionAffinity: s.sticky ? "ClientIP" : "None",
            ...(s.external ? { externalIPs: [`198.51.100.${code(s)}`] } : {}),
            ...(s.fenced ? { loadBalancerSourceRanges: ["203.0.113.0/24"] } : {}),
          },
          s.fenced ? { ingress: [{ ip: `192.0.2.${code(s)}` }] } : {},
        ),
      ),
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
    ),
  );
}

function everything(compiled: CompiledIpvs, servers = compiled.servers): string {
  return [
    listServers(servers),
    compiled.addresses.join(" "),
    saveIpSets(compiled.ruleset.sets?.values() ?? []),
    printSave(compiled.ruleset, { form: "proxy" }),
  ].join("\n");
}

describe("histories", () => {
  const specs = fc.array(
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
  const step = fc.record({ specs, busy: fc.subarray(["10.244.1.5", "10.244.1.6", "10.244.2.7"]) });

  it("come to what a compile from scratch gives, once nothing is drained any more", () => {
    let drained = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), (history) => {
        let synced: SyncedServers | null = null;
        history.forEach((at, i) => {
          synced = syncIpvs(synced, viewOf(at.specs), NODE, IPVS, i * SECOND, busy(...at.busy));
          // Compiled from objects of its own, and for the very first time.
          const fresh = compileIpvs(viewOf(at.specs), NODE, IPVS);
          const weighty = synced.servers.map((server) => ({
            ...server,
            destinations: server.destinations.filter((d) => d.weight > 0),
          }));
          expect(everything(synced.compiled, weighty)).toBe(everything(fresh));
          if (synced.nextCheck !== null) drained += 1;
          const settled = checkDrained(synced, MINUTE, idle);
          expect(everything(settled.compiled, settled.servers)).toBe(everything(fresh));
        });
      }),
      { numRuns: Number(process.env["KUBEHOP_FUZZ"] ?? 200) },
    );
    expect(drained).toBeGreaterThan(10);
  });

  it("never bind an address of the node, and have a set member for every virtual server", () => {
    fc.assert(
      fc.property(specs, (at) => {
        const { servers, addresses, ruleset } = compileIpvs(viewOf(at), NODE, IPVS);
        expect(addresses.filter((ip) => NODE.ips.includes(ip))).toEqual([]);
        const members = new Set([...(ruleset.sets?.values() ?? [])].flatMap((set) => set.entries));
        for (const server of servers) {
          const nodePort = NODE.ips.includes(server.ip);
          const entry = nodePort ? String(server.port) : `${server.ip},${server.protocol}:${server.port}`;
          expect(members).toContain(entry);
        }
      }),
    );
  });
});
