import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Chooser } from "../../base/choose.ts";
import { SECOND } from "../../base/time.ts";
import type { IpvsScheduler } from "../../model/config/types.ts";
import type { Header } from "../../model/trace/types.ts";
import { schedule } from "./schedule.ts";
import { EMPTY_IPVS, PERSISTENT, SCHED_PORT, type IpvsState, type Load, type VirtualServer } from "./types.ts";

const NEVER: Chooser = {
  chance: () => ({ taken: false, draw: 1 }),
  pick: () => 0,
  sample: () => 0,
};

function server(
  scheduler: IpvsScheduler,
  weights: readonly number[],
  more: Partial<VirtualServer> = {},
): VirtualServer {
  return {
    id: "tcp 10.96.0.50:80",
    ip: "10.96.0.50",
    port: 80,
    protocol: "tcp",
    scheduler,
    flags: 0,
    timeout: 0,
    destinations: weights.map((weight, i) => ({
      key: `10.244.1.${i + 1}:80`,
      ip: `10.244.1.${i + 1}`,
      port: 80,
      weight,
      origin: null,
    })),
    origin: null,
    ...more,
  };
}

function from(src: string, sport = 40_000): Header {
  return { src, sport, dst: "10.96.0.50", dport: 80, protocol: "tcp", mark: 0, ttl: 64 };
}

/** The last figure of each chosen address. */
function run(
  vs: VirtualServer,
  count: number,
  loads: ReadonlyMap<string, Load> = new Map(),
  packet: (i: number) => Header = () => from("10.244.2.9"),
): (number | null)[] {
  let state: IpvsState = EMPTY_IPVS;
  return Array.from({ length: count }, (_, i) => {
    const result = schedule(vs, state, packet(i), { now: 0, chooser: NEVER, flow: "f", loads });
    state = result.state;
    return result.destination === null ? null : Number(result.destination.ip.split(".").at(-1));
  });
}

const loads = (...all: readonly [number, number][]): ReadonlyMap<string, Load> =>
  new Map(all.map(([active, inactive], i) => [`10.244.1.${i + 1}:80`, { active, inactive }]));

describe("schedulers", () => {
  it("rr goes round, past those that take nothing", () => {
    expect(run(server("rr", [1, 1, 1]), 7)).toEqual([1, 2, 3, 1, 2, 3, 1]);
    expect(run(server("rr", [1, 0, 5]), 4)).toEqual([1, 3, 1, 3]);
    expect(run(server("rr", [0, 0]), 1)).toEqual([null]);
    expect(run(server("rr", []), 1)).toEqual([null]);
  });

  it("rr goes on where it stood when the last one is gone", () => {
    const context = { now: 0, chooser: NEVER, flow: "f", loads: new Map() };
    const whole = server("rr", [1, 1, 1]);
    let { state } = schedule(whole, EMPTY_IPVS, from("1.1.1.1"), context);
    state = schedule(whole, state, from("1.1.1.1"), context).state;
    const without2 = { ...whole, destinations: whole.destinations.filter((d) => !d.ip.endsWith(".2")) };
    expect(schedule(without2, state, from("1.1.1.1"), context).destination?.ip).toBe("10.244.1.3");
  });

  it("wrr gives the heavy ones their turns first", () => {
    expect(run(server("wrr", [4, 2, 2]), 8)).toEqual([1, 1, 2, 3, 1, 1, 2, 3].slice(0, 8));
    expect(run(server("wrr", [1, 1]), 4)).toEqual([1, 2, 1, 2]);
    expect(run(server("wrr", [0]), 1)).toEqual([null]);
  });

  it("wrr gives shares by weight over whole rounds", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 5 }), (weights) => {
        const sum = weights.reduce((a, b) => a + b, 0);
        fc.pre(sum > 0);
        const chosen = run(server("wrr", weights), sum);
        weights.forEach((weight, i) => expect(chosen.filter((c) => c === i + 1)).toHaveLength(weight));
      }),
    );
  });

  it("lc and wlc look at connections, an active one as 256 inactive ones; wlc by weight", () => {
    expect(run(server("lc", [1, 5, 1]), 1, loads([2, 0], [1, 1], [1, 0]))).toEqual([3]);
    expect(run(server("lc", [1, 1]), 1, loads([1, 0], [0, 255]))).toEqual([2]);
    expect(run(server("lc", [1, 1]), 1, loads([1, 0], [0, 257]))).toEqual([1]);
    expect(run(server("wlc", [1, 3, 1]), 1, loads([1, 0], [2, 0], [1, 0]))).toEqual([2]);
    expect(run(server("wlc", [1, 0]), 1, loads([9, 0], [0, 0]))).toEqual([1]);
  });

  it("sed asks who would be done first, nq prefers an idle one", () => {
    const busy = loads([3, 0], [1, 0], [0, 0]);
    expect(run(server("sed", [4, 1, 1]), 1, busy)).toEqual([1]);
    expect(run(server("nq", [4, 1, 1]), 1, busy)).toEqual([3]);
    expect(run(server("nq", [4, 1, 0]), 1, busy)).toEqual([1]);
  });

  it.each(["sh", "mh"] as const)("%s sends a client to the same one, whatever its port, and clients to all", (name) => {
    const vs = server(name, [1, 1, 1]);
    const clients = Array.from({ length: 200 }, (_, i) => `10.244.${i % 7}.${i}`);
    const chosen = clients.map((ip) => run(vs, 1, new Map(), () => from(ip))[0]);
    expect(new Set(chosen)).toEqual(new Set([1, 2, 3]));
    expect(clients.map((ip) => run(vs, 1, new Map(), () => from(ip, 50_123))[0])).toEqual(chosen);
  });

  it("mh as kube-proxy sets it up hashes the port too", () => {
    const vs = server("mh", [1, 1, 1], { flags: SCHED_PORT });
    const chosen = run(vs, 60, new Map(), (i) => from("10.244.2.9", 40_000 + i));
    expect(new Set(chosen)).toEqual(new Set([1, 2, 3]));
  });

  it("mh moves few clients when one goes", () => {
    const clients = Array.from({ length: 300 }, (_, i) => `10.${i % 9}.${i % 31}.${i % 200}`);
    const choose = (vs: VirtualServer): (number | null | undefined)[] =>
      clients.map((ip) => run(vs, 1, new Map(), () => from(ip))[0]);
    const before = choose(server("mh", [1, 1, 1, 1]));
    const after = choose(server("mh", [1, 1, 1, 0]));
    expect(after).not.toContain(4);
    const moved = before.filter((b, i) => b !== 4 && b !== after[i]).length;
    expect(moved).toBeLessThan(30);
  });

  it("dh asks for the dialled address only", () => {
    const chosen = run(server("dh", [1, 1, 1]), 20, new Map(), (i) => from(`10.244.2.${i}`));
    expect(new Set(chosen).size).toBe(1);
  });

  it("shows an exploring chooser every one with its long-run share", () => {
    const asked: (readonly number[])[] = [];
    const explorer: Chooser = { ...NEVER, turn: (weights) => (asked.push(weights), weights.length - 1) };
    const vs = server("wrr", [3, 0, 2]);
    const { destination } = schedule(vs, EMPTY_IPVS, from("1.1.1.1"), {
      now: 0,
      chooser: explorer,
      flow: "f",
      loads: new Map(),
    });
    expect(asked).toEqual([[3, 0, 2]]);
    expect(destination?.ip).toBe("10.244.1.3");
  });
});

describe("persistence", () => {
  const vs = server("rr", [1, 1, 1], { flags: PERSISTENT, timeout: 100 });
  const at = (seconds: number) => ({ now: seconds * SECOND, chooser: NEVER, flow: "f", loads: new Map() });

  it("sends a client where it was sent before, until so long after its last connection", () => {
    let result = schedule(vs, EMPTY_IPVS, from("10.0.0.1"), at(0));
    const first = result.destination?.key;
    result = schedule(vs, result.state, from("10.0.0.2"), at(1));
    expect(result.destination?.key).not.toBe(first);
    result = schedule(vs, result.state, from("10.0.0.1"), at(99));
    expect(result.destination?.key).toBe(first);
    expect(result.because).toContain("persistent 100");
    result = schedule(vs, result.state, from("10.0.0.1"), at(198));
    expect(result.destination?.key).toBe(first);
    result = schedule(vs, result.state, from("10.0.0.1"), at(299));
    expect(result.destination?.key).not.toBe(first);
    expect(structuredClone(result.state)).toEqual(result.state);
  });

  it("forgets a destination that is drained", () => {
    const first = schedule(vs, EMPTY_IPVS, from("10.0.0.1"), at(0));
    const drained = {
      ...vs,
      destinations: vs.destinations.map((d) => (d.key === first.destination?.key ? { ...d, weight: 0 } : d)),
    };
    const second = schedule(drained, first.state, from("10.0.0.1"), at(1));
    expect(second.destination?.key).not.toBe(first.destination?.key);
    const third = schedule(vs, second.state, from("10.0.0.1"), at(2));
    expect(third.destination?.key).toBe(second.destination?.key);
  });
});
