import type { Micros } from "../base/time.ts";
import type { HopDraft } from "../kernel/visit.ts";
import type { Hop, HostId } from "../model/trace/types.ts";
import { linkCost, stageCost } from "./timing.ts";

/** Collects a walk's hops, gives them times, and pairs each reply hop with the request hop on the same rung. */
export interface Recorder {
  /** Virtual time now. */
  readonly now: Micros;
  add(place: HostId, draft: HopDraft): void;
  /** Lets time pass without a hop (ARP giving up). */
  wait(duration: Micros): void;
  /** From here on hops belong to the reply. */
  turn(): void;
  readonly turned: boolean;
  /** Hops so far, both ways. */
  readonly count: number;
  request(): readonly Hop[];
  reply(): readonly Hop[];
}

/**
 * The rung of the ladder a hop stands on. A host has one where destinations are rewritten on the way there and restored on the
 * way back, and one for sources; so nat PREROUTING in the request faces the un-DNAT at POSTROUTING in the reply.
 */
function rung(hop: Hop, reply: boolean): string {
  const { stage, place } = hop;
  const hook = /^hook:(\w+)\/(\w+)$/.exec(stage);
  const table = hook?.[1];
  const name = hook?.[2] ?? hop.label;
  if (stage === "conntrack" || table === "nat") {
    const destination = name === "PREROUTING" || name === "OUTPUT";
    return `${place} ${destination !== reply ? "destination" : "source"}`;
  }
  if (stage === "link") return reply ? `${hop.to ?? ""} to ${place}` : `${place} to ${hop.to ?? ""}`;
  if (hook !== null) {
    // A filter chain at PREROUTING (nftables has them) sees what comes in, not what stays here.
    const passing = name === "FORWARD" || (name === "PREROUTING" && table === "filter");
    return `${place} ${table ?? ""} ${passing ? name : "local"}`;
  }
  if (stage === "client" || stage === "socket") return `${place} socket`;
  return `${place} ${stage}`;
}

export function createRecorder(startedAt: Micros): Recorder {
  let now = startedAt;
  let turned = false;
  const request: Hop[] = [];
  const reply: Hop[] = [];
  /** Request hops by rung, in order. A reply retraces its request, so it takes them from the end. */
  const rungs = new Map<string, number[]>();
  return {
    get now() {
      return now;
    },
    get turned() {
      return turned;
    },
    get count() {
      return request.length + reply.length;
    },
    add(place, draft) {
      const list = turned ? reply : request;
      const hop: Hop = { ...draft, index: list.length, at: now, place, mirrors: null };
      const key = rung(hop, turned);
      if (turned) {
        const facing = rungs.get(key) ?? [];
        list.push({ ...hop, mirrors: (facing.length > 1 ? facing.pop() : facing[0]) ?? null });
      } else {
        rungs.set(key, [...(rungs.get(key) ?? []), hop.index]);
        list.push(hop);
      }
      now += draft.stage === "link" && draft.to !== null ? linkCost(place, draft.to) : stageCost(draft.stage);
    },
    wait(duration) {
      now += duration;
    },
    turn() {
      turned = true;
    },
    request: () => request,
    reply: () => reply,
  };
}

/** One for a walk that nobody looks at: it counts, keeps the time, and knows only the last hop before the answer set out. */
export function createCounter(startedAt: Micros): Recorder {
  let now = startedAt;
  let turned = false;
  let count = 0;
  let last: { readonly place: HostId; readonly draft: HopDraft; readonly at: Micros } | null = null;
  return {
    get now() {
      return now;
    },
    get turned() {
      return turned;
    },
    get count() {
      return count;
    },
    add(place, draft) {
      count += 1;
      if (!turned) last = { place, draft, at: now };
      now += draft.stage === "link" && draft.to !== null ? linkCost(place, draft.to) : stageCost(draft.stage);
    },
    wait(duration) {
      now += duration;
    },
    turn() {
      turned = true;
    },
    request: () => (last === null ? [] : [{ ...last.draft, index: 0, at: last.at, place: last.place, mirrors: null }]),
    reply: () => [],
  };
}
