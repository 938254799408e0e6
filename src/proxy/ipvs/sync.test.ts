import { describe, expect, it } from "vitest";
import { MINUTE, SECOND } from "../../base/time.ts";
import { NO_LOAD } from "../../kernel/ipvs/types.ts";
import { buildView, type ProxyView } from "../view.ts";
import { CONFIG, endpoint, NODE, reader, service, slice } from "../testing.ts";
import { compileIpvs } from "./compile.ts";
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
