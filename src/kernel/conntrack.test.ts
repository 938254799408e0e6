import { describe, expect, it } from "vitest";
import { SECOND } from "../base/time.ts";
import type { Packet } from "../model/trace/types.ts";
import { EMPTY_HOST, type HostState, TIMEOUTS, findEntry, track, tupleOf, withEntry } from "./conntrack.ts";
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
