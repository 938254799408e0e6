import { describe, expect, it } from "vitest";
import { SECOND } from "../base/time.ts";
import type { Packet } from "../model/trace/types.ts";
import {
  type ConntrackEntry,
  EMPTY_HOST,
  type HostState,
  TIMEOUTS,
  findEntry,
  liveEntries,
  track,
  tupleOf,
  withEntry,
  withRoom,
} from "./conntrack.ts";
import { icmpError, replyTo } from "./packet.ts";

const SYN: Packet = {
  src: "10.244.1.2",
  dst: "10.96.0.50",
  sport: 40_000,
  dport: 80,
  protocol: "tcp",
  mark: 0,
  ttl: 64,
  flags: "SYN",
  icmp: null,
  quoted: null,
};
const DATAGRAM: Packet = { ...SYN, protocol: "udp", flags: null };

/** The state after a first packet has been seen through. */
function opened(packet: Packet, now = 0): HostState {
  const { state, tracked } = track(EMPTY_HOST, packet, now);
  if (tracked === null) throw new Error("not tracked");
  return withEntry(state, tracked.entry, now);
}

describe("track", () => {
  it("opens a connection unconfirmed: a packet that is dropped later leaves no entry", () => {
    const { state, tracked } = track(EMPTY_HOST, SYN, 0);
    expect(state.conntrack).toEqual([]);
    expect(tracked).toMatchObject({ ctState: "NEW", confirmed: false, direction: "original" });
  });

  it("finds a connection by either tuple", () => {
    const state = opened(SYN);
    const answer = replyTo(SYN, { flags: "SYN,ACK", icmp: null });
    expect(findEntry(state.conntrack, tupleOf(SYN), 0)?.direction).toBe("original");
    expect(track(state, answer, 0)).toMatchObject({
      tracked: { direction: "reply", ctState: "ESTABLISHED" },
      state: { conntrack: [{ state: "SYN_RECV" }] },
    });
  });

  it.each([
    ["SYN,ACK out of nowhere", { ...SYN, flags: "SYN,ACK" as const }],
    ["RST out of nowhere", { ...SYN, flags: "RST" as const }],
    ["echo reply out of nowhere", { ...SYN, protocol: "icmp" as const, flags: null, icmp: "echo-reply" as const }],
    ["ICMP error about nothing known", icmpError(SYN, "port-unreachable", "10.0.0.1")],
  ])("%s is INVALID", (_name, packet) => {
    expect(track(EMPTY_HOST, packet, 0).tracked).toBeNull();
  });

  it("a UDP answer out of nowhere opens a connection of its own", () => {
    expect(track(EMPTY_HOST, DATAGRAM, 0).tracked?.ctState).toBe("NEW");
  });

  it("an ICMP error is RELATED to the packet that it quotes", () => {
    const error = icmpError(SYN, "port-unreachable", "10.244.1.1");
    expect(track(opened(SYN), error, 0).tracked).toMatchObject({ ctState: "RELATED", direction: "reply" });
  });

  it("forgets: SYN_SENT after 120 s, unreplied UDP after 30 s", () => {
    for (const [packet, seconds] of [
      [SYN, 120],
      [DATAGRAM, 30],
    ] as const) {
      const state = opened(packet);
      expect(track(state, packet, seconds * SECOND - 1).tracked?.confirmed).toBe(true);
      expect(track(state, packet, seconds * SECOND).tracked?.confirmed).toBe(false);
    }
  });

  it("a repeated SYN is still NEW and refreshes the timeout", () => {
    const { state, tracked } = track(opened(SYN), SYN, 100 * SECOND);
    expect(tracked).toMatchObject({ ctState: "NEW", confirmed: true });
    expect(state.conntrack[0]?.expiresAt).toBe(100 * SECOND + TIMEOUTS.SYN_SENT);
  });

  it("UDP: replied for 30 s, assured for 120 s once both have talked for more than two seconds", () => {
    const answered = track(opened(DATAGRAM), replyTo(DATAGRAM, { flags: null, icmp: null }), 0).state;
    expect(answered.conntrack[0]).toMatchObject({ state: "REPLIED", expiresAt: 30 * SECOND });
    const soon = track(answered, DATAGRAM, SECOND);
    expect(soon.tracked?.ctState).toBe("ESTABLISHED");
    expect(soon.state.conntrack[0]).toMatchObject({ state: "REPLIED", expiresAt: 31 * SECOND });
    const later = track(soon.state, DATAGRAM, 3 * SECOND).state;
    expect(later.conntrack[0]).toMatchObject({ state: "ASSURED", expiresAt: 123 * SECOND });
  });

  it("a RST as the only answer deletes the entry, and the RST itself still belongs to it", () => {
    const { state, tracked } = track(opened(SYN), replyTo(SYN, { flags: "RST,ACK", icmp: null }), 0);
    expect(state.conntrack).toEqual([]);
    expect(tracked?.direction).toBe("reply");
  });

  it("a SYN on a connection in TIME_WAIT starts over", () => {
    const state = opened(SYN);
    const waiting = { ...state, conntrack: state.conntrack.map((e) => ({ ...e, state: "TIME_WAIT" as const })) };
    const again = track(waiting, SYN, SECOND);
    expect([again.tracked?.confirmed, again.state.conntrack]).toEqual([false, []]);
  });

  it("changes no state that it was given", () => {
    const state = opened(SYN);
    const copy = structuredClone(state);
    track(state, replyTo(SYN, { flags: "SYN,ACK", icmp: null }), 5);
    expect(state).toEqual(copy);
  });
});

describe("TCP to its end (tcp_conntracks)", () => {
  const flagged = (flags: Packet["flags"]): Packet => ({ ...SYN, flags });
  const answered = (flags: Packet["flags"]): Packet => replyTo(SYN, { flags, icmp: null });
  const after = (...packets: readonly Packet[]): readonly (readonly [string, number])[] => {
    let state = opened(SYN);
    return packets.map((packet) => {
      ({ state } = track(state, packet, 0));
      const [entry] = state.conntrack;
      return [entry?.state ?? "none", (entry?.expiresAt ?? 0) / SECOND];
    });
  };
  const open = [answered("SYN,ACK"), flagged("ACK")];

  it("opens, is closed by the client, and waits: the time-outs of a cluster with kube-proxy", () => {
    const packets = [...open, flagged("FIN,ACK"), answered("ACK"), answered("FIN,ACK"), flagged("ACK")];
    expect(after(...packets)).toEqual([
      ["SYN_RECV", 60],
      ["ESTABLISHED", 86_400],
      ["FIN_WAIT", 120],
      ["CLOSE_WAIT", 3_600],
      ["LAST_ACK", 30],
      ["TIME_WAIT", 120],
    ]);
  });

  it("is reset: CLOSE for ten seconds", () => {
    expect(after(...open, answered("RST")).at(-1)).toEqual(["CLOSE", 10]);
  });

  it("a SYN in the middle changes nothing, a FIN before the answer is INVALID", () => {
    expect(after(...open, SYN).at(-1)).toEqual(["ESTABLISHED", 86_400]);
    expect(track(opened(SYN), flagged("FIN,ACK"), 0).tracked).toBeNull();
  });

  it("every packet refreshes the time", () => {
    let state = opened(SYN);
    for (const packet of open) ({ state } = track(state, packet, 0));
    ({ state } = track(state, flagged("PSH,ACK"), 3_600 * SECOND));
    expect(state.conntrack[0]?.expiresAt).toBe(90_000 * SECOND);
  });

  it("is picked up in mid-stream (tcp_loose): NEW for 300 s, until the other side is heard", () => {
    const { tracked } = track(EMPTY_HOST, flagged("PSH,ACK"), 0);
    expect(tracked).toMatchObject({ ctState: "NEW", entry: { state: "ESTABLISHED", expiresAt: 300 * SECOND } });
    const state = withEntry(EMPTY_HOST, tracked?.entry as ConntrackEntry, 0);
    expect(track(state, flagged("ACK"), 0).tracked?.ctState).toBe("NEW");
    const heard = track(state, answered("PSH,ACK"), 0).state;
    expect(heard.conntrack[0]).toMatchObject({ state: "ESTABLISHED", expiresAt: 86_400 * SECOND });
    expect(track(heard, flagged("ACK"), 0).tracked?.ctState).toBe("ESTABLISHED");
    // A RST as the only answer is not worth remembering.
    expect(track(state, answered("RST"), 0).state.conntrack).toEqual([]);
  });

  it.each(["FIN,ACK", "RST", "SYN,ACK"] as const)("is not picked up by a %s", (flags) => {
    expect(track(EMPTY_HOST, flagged(flags), 0).tracked).toBeNull();
  });
});

describe("a long table", () => {
  const COUNT = 200;
  const from = (sport: number): Packet => ({ ...DATAGRAM, sport });
  const filled = (now = 0): HostState => {
    let state: HostState = EMPTY_HOST;
    for (let i = 0; i < COUNT; i++) {
      state = withEntry(state, track(state, from(1_000 + i), now).tracked?.entry as ConntrackEntry, now);
    }
    return state;
  };

  it("is found in by either tuple, from a fresh copy too, and changed in its place", () => {
    const state = structuredClone(filled());
    for (const sport of [1_000, 1_100, 1_199]) {
      const found = findEntry(state.conntrack, tupleOf(replyTo(from(sport), { flags: null, icmp: null })), 0);
      expect([found?.entry.original.sport, found?.direction]).toEqual([sport, "reply"]);
    }
    const after = track(state, replyTo(from(1_100), { flags: null, icmp: null }), SECOND).state;
    expect([after.conntrack.length, after.conntrack[100]?.state]).toEqual([COUNT, "REPLIED"]);
    expect(state.conntrack[100]?.state).toBe("UNREPLIED");
    expect(findEntry(state.conntrack, tupleOf(from(1_100)), SECOND)?.entry.state).toBe("UNREPLIED");
  });

  it("forgets as a short one does, and a port that comes round again is a connection of its own", () => {
    const state = filled();
    const late = 31 * SECOND;
    expect(findEntry(state.conntrack, tupleOf(from(1_005)), late)).toBeNull();
    const { tracked } = track(state, from(1_005), late);
    const after = withEntry(state, tracked?.entry as ConntrackEntry, late);
    expect(findEntry(after.conntrack, tupleOf(from(1_005)), late)?.entry.createdAt).toBe(late);
    expect(liveEntries(after, late)).toBe(1);
    expect(
      withEntry(after, { ...(tracked?.entry as ConntrackEntry), state: "REPLIED" }, 41 * SECOND).conntrack,
    ).toHaveLength(1);
  });

  it("full: an entry that is not assured gives way, and where all are nothing new gets in", () => {
    const state = filled();
    expect(withRoom(state, COUNT + 1, 0)).toBe(state);
    expect(withRoom(state, COUNT, 0)?.conntrack).toHaveLength(COUNT - 1);
    const assured = { ...state, conntrack: state.conntrack.map((e) => ({ ...e, state: "ASSURED" as const })) };
    expect(withRoom(assured, COUNT, 0)).toBeNull();
    expect(withRoom(assured, COUNT, 31 * SECOND)).toBe(assured);
  });
});
