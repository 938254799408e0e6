import { describe, expect, it } from "vitest";
import type { ProxyMode } from "../model/config/types.ts";
import type { ComparedMode } from "../model/trace/comparison.ts";
import type { Backend, Request } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const ALL: readonly ProxyMode[] = ["iptables", "nftables", "ipvs", "userspace"];

/** A client on worker-1, and a Service with an endpoint on each node; shop-web's name begins like the Service's own. */
const SCENARIO = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: busybox}]}
---
${["worker-1", "worker-2", "worker-3"]
  .map(
    (node) => `apiVersion: v1
kind: Pod
metadata: {name: web-${node}, labels: {app: web}}
spec: {nodeName: ${node}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
`,
  )
  .join("")}apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, clusterIP: 10.96.0.50, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-too}
spec: {clusterIP: 10.96.0.51, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
`;

function built(...before: readonly Parameters<World["dispatch"]>[0][]): World {
  const world = createWorld({ seed: 1 });
  for (const command of [{ type: "text", text: SCENARIO } as const, ...before]) {
    expect(world.dispatch(command).refusal).toBeNull();
  }
  return world;
}

const REQUEST: Request = { from: "pod/default/client", to: "10.96.0.50:80", protocol: "tcp" };

function compared(
  world: World,
  request: Request = REQUEST,
  backend: Backend | null = null,
  modes: readonly ProxyMode[] = ALL,
): readonly ComparedMode[] {
  const answer = world.compare({ request, modes, backend });
  if ("message" in answer) throw new Error(answer.message);
  return answer.columns;
}

const of = (columns: readonly ComparedMode[], mode: ProxyMode): ComparedMode => {
  const column = columns.find((one) => one.mode === mode);
  if (column === undefined) throw new Error(`no ${mode}`);
  return column;
};

describe("the same packet in several modes", () => {
  it("leaves the present as it was, wherever in time it is looked at", () => {
    const world = built({ type: "send", request: REQUEST }, { type: "run", micros: 5_000_000 });
    const end = world.journalHash();
    const rules = world.rulesText("worker-1");
    compared(world);
    expect(world.journalHash()).toBe(end);
    expect(world.mode).toBe("iptables");
    expect(world.rulesText("worker-1")).toEqual(rules);
    const { now } = world;
    const events = world.objects.list("Event");
    world.seek(now - 4_000_000);
    const past = world.journalHash();
    compared(world);
    expect(world.journalHash()).toBe(past);
    world.seek(now);
    expect(world.journalHash()).toBe(end);
    expect(world.objects.list("Event")).toEqual(events);
    expect(world.frame(false)).toMatchObject({ mode: "iptables", now });
  });

  it("goes on as if nothing had been looked at", () => {
    const [looked, other] = [built(), built()];
    compared(looked);
    for (const world of [looked, other]) world.dispatch({ type: "send", request: REQUEST });
    expect(looked.journalHash()).toBe(other.journalHash());
  });

  it("shows what a cluster shows that was started in that mode", () => {
    const columns = compared(built());
    for (const mode of ALL) {
      const world = createWorld({ seed: 1 });
      world.dispatch({ type: "mode", mode });
      world.dispatch({ type: "text", text: SCENARIO });
      const walk = world.probe(REQUEST);
      if ("message" in walk) throw new Error(walk.message);
      const said = (hops: typeof walk.hops): readonly string[] => hops.map(({ label, note }) => `${label}: ${note}`);
      expect(said(of(columns, mode).walk.hops)).toEqual(said(walk.hops));
    }
  });

  it("shows a mode without what the one before it left behind, though a switch would leave it", () => {
    const world = built({ type: "mode", mode: "ipvs" });
    expect(of(compared(world), "iptables").looked).toEqual(of(compared(built()), "iptables").looked);
  });

  it("ends at the backend asked for in every mode, with the same exact shares", () => {
    const world = built();
    const wanted = { pod: "default/web-worker-3", ip: "10.244.3.2", port: 8080 };
    const columns = compared(world, REQUEST, wanted);
    expect(columns.map(({ walk, pinned }) => [walk.backend, pinned])).toEqual(ALL.map(() => [wanted, true]));
    for (const mode of ["iptables", "nftables", "userspace"] as const) {
      const { shares, unexplored } = of(columns, mode);
      expect(shares.map(({ weight }) => weight)).toEqual([1 / 3, 1 / 3, 1 / 3]);
      expect(unexplored).toBe(0);
    }
    const [sees, ...others] = columns.map(({ walk }) => walk.sourceSeen);
    expect(others).toEqual([sees, sees, "192.168.56.11"]);
  });

  it("counts the rules and lookups up to the rewrite, and the rules of that Service alone", () => {
    const columns = compared(built(), REQUEST, { pod: "default/web-worker-2", ip: "10.244.2.2", port: 8080 });
    const at = (mode: ProxyMode) => {
      const { looked, written } = of(columns, mode);
      return { ...looked, node: written?.node, service: written?.service };
    };
    const about = { node: "worker-1", service: "Service/default/web" };
    expect(at("nftables")).toMatchObject({ ...about, matched: 4 });
    expect(at("nftables").lookups).toBeGreaterThan(1);
    expect(at("iptables")).toMatchObject({ ...about, lookups: 0, virtual: 0 });
    expect(at("iptables").rules).toBeGreaterThan(at("nftables").rules);
    expect(at("ipvs")).toMatchObject({ ...about, virtual: 1 });
    const other = compared(built(), { ...REQUEST, to: "10.96.0.51:80" });
    // The NodePort Service has a node port's rules beside.
    for (const mode of ALL) {
      expect(of(columns, mode).written?.own).toBeGreaterThan(of(other, mode).written?.own ?? Infinity);
      expect(of(columns, mode).written?.own).toBeLessThan(of(columns, mode).written?.total ?? 0);
    }
  });

  it("says where modes are known to differ: another port, a ping", () => {
    const columns = compared(built());
    expect(columns.map(({ otherPort }) => otherPort?.outcome)).toEqual(["timeout", "refused", "refused", "timeout"]);
    expect(columns.map(({ ping }) => ping?.outcome)).toEqual(["timeout", "refused", "refused", "timeout"]);
    expect(columns[0]?.otherPort?.to).toBe("10.96.0.50:81");
  });

  it("says which mode runs, and refuses what cannot be sent", () => {
    const world = built({ type: "mode", mode: "nftables" });
    expect(compared(world).map(({ current }) => current)).toEqual([false, true, false, false]);
    expect(compared(world, REQUEST, null, ["ipvs", "iptables", "ipvs"]).map(({ mode }) => mode)).toEqual([
      "ipvs",
      "iptables",
    ]);
    expect(
      world.compare({ request: { ...REQUEST, from: "pod/default/nobody" }, modes: ALL, backend: null }),
    ).toMatchObject({
      field: "from",
    });
  });
});
