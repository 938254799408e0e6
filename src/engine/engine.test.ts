import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HOUR, SECOND } from "../base/time.ts";
import { Engine } from "./engine.ts";
import { History } from "./history.ts";
import { type Actor, type Delay, type LatencyClass, NOW, type SimEvent } from "./types.ts";

const timer = (micros: number): Delay => ({ class: "timer", micros });

/** A toy domain: counters that actors add to. */
interface Toy {
  counts: Record<string, number>;
  version: number;
}

type Handler = (event: SimEvent, engine: Parameters<Actor<Toy>["handle"]>[1], toy: Toy) => string | undefined;

function toyEngine(handlers: Readonly<Record<string, Handler>>): { engine: Engine<Toy, Toy>; toy: Toy } {
  const toy: Toy = { counts: {}, version: 0 };
  const actors = new Map(Object.entries(handlers).map(([id, handle]) => [id, { id, handle }]));
  const engine = new Engine<Toy, Toy>(actors, toy, {
    snapshot: () => structuredClone(toy),
    restore: (state) => Object.assign(toy, structuredClone(state)),
    version: () => toy.version,
  });
  return { engine, toy };
}

const count: Handler = (event, _engine, toy) => {
  toy.counts[event.actor] = (toy.counts[event.actor] ?? 0) + 1;
  toy.version += 1;
  return undefined;
};

const idle: Handler = () => undefined;

describe("order", () => {
  test("events leave by time, and by emission within a moment", () => {
    const { engine } = toyEngine({ a: idle });
    engine.emit(timer(20), "a", "late", null);
    engine.emit(timer(10), "a", "first", null);
    engine.emit(timer(10), "a", "second", null);
    engine.emit(NOW, "a", "now", null);
    engine.runUntil(100);
    expect(engine.log.map((e) => [e.at, e.kind])).toEqual([
      [0, "now"],
      [10, "first"],
      [10, "second"],
      [20, "late"],
    ]);
    expect(engine.now).toBe(100);
  });

  test("any set of emissions leaves sorted by (at, seq)", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (delays) => {
        const { engine } = toyEngine({ a: idle });
        delays.forEach((d, i) => engine.emit(timer(d), "a", String(i), null));
        engine.runUntil(100);
        const expected = delays.map((at, i) => ({ at, seq: i + 1 })).sort((x, y) => x.at - y.at || x.seq - y.seq);
        expect(engine.log.map(({ at, seq }) => ({ at, seq }))).toEqual(expected);
      }),
    );
  });

  test("an event knows its cause; one from outside has none", () => {
    const { engine } = toyEngine({
      a: (_event, e) => {
        e.emit(timer(5), "b", "effect", { of: "a" });
        return "did it";
      },
      b: idle,
    });
    const cause = engine.emit(NOW, "a", "cause", null);
    engine.runUntil(10);
    expect(engine.log).toEqual([
      { seq: cause, at: 0, actor: "a", kind: "cause", causedBy: null, title: "did it" },
      { seq: cause + 1, at: 5, actor: "b", kind: "effect", causedBy: cause, title: "effect" },
    ]);
  });

  test("an event for nobody is logged and dropped", () => {
    const { engine } = toyEngine({});
    engine.emit(NOW, "ghost", "boo", null);
    engine.step();
    expect(engine.log[0]?.title).toBe("dropped boo: there is no ghost");
  });
});

describe("work queue keys", () => {
  test("a key that waits absorbs later emissions; the earlier moment counts", () => {
    const { engine } = toyEngine({ a: count });
    const first = engine.emit(timer(10), "a", "sync", null, "k");
    expect(engine.emit(timer(20), "a", "sync", null, "k")).toBe(first);
    const earlier = engine.emit(timer(5), "a", "sync", null, "k");
    expect(earlier).not.toBe(first);
    engine.emit(timer(7), "a", "sync", null, "other");
    engine.emit(timer(8), "a", "another kind", null, "k");
    engine.runUntil(100);
    expect(engine.log.map((e) => [e.at, e.kind, e.seq])).toEqual([
      [5, "sync", earlier],
      [7, "sync", earlier + 1],
      [8, "another kind", earlier + 2],
    ]);
  });

  test("once handled, a key may be queued again, even by its own handling", () => {
    const { engine } = toyEngine({
      a: (event, e) => {
        if (e.now < 30) e.emit(timer(10), "a", "sync", null, event.key ?? undefined);
        return undefined;
      },
    });
    engine.emit(timer(10), "a", "sync", null, "k");
    engine.runUntil(100);
    expect(engine.log.map((e) => e.at)).toEqual([10, 20, 30]);
  });

  test("a superseded event neither runs nor keeps the engine awake, and is not in checkpoints", () => {
    const { engine } = toyEngine({ a: count });
    engine.emit(timer(50), "a", "sync", null, "k");
    engine.emit(timer(5), "a", "sync", null, "k");
    expect(engine.checkpoint().queue.map((e) => e.at)).toEqual([5]);
    engine.runToQuiet();
    expect(engine.now).toBe(5);
  });
});

describe("pace", () => {
  test.each<[LatencyClass, number]>([
    ["delivery", 0],
    ["queue", 0],
    ["sync", 0],
    ["start", 0],
    ["probe", 0],
    ["grace", 0],
    ["timer", 1000],
    ["period", 1000],
    ["deadline", 1000],
  ])("%s takes %i µs of 1000 while settling", (name, micros) => {
    const { engine } = toyEngine({ a: idle });
    engine.setPace("settle");
    engine.emit({ class: name, micros: 1000 }, "a", "x", null);
    expect(engine.nextAt()).toBe(micros);
  });

  test("in run everything takes its time", () => {
    const { engine } = toyEngine({ a: idle });
    engine.emit({ class: "start", micros: 1000 }, "a", "x", null);
    expect(engine.nextAt()).toBe(1000);
  });
});

describe("quiet", () => {
  test("one-shot delays are waited for; deadlines are not", () => {
    const { engine } = toyEngine({ a: count });
    engine.emit(timer(3 * SECOND), "a", "once", null);
    engine.emit({ class: "deadline", micros: 600 * SECOND }, "a", "too late", null);
    expect(engine.runToQuiet()).toEqual({ quiet: true, now: 3 * SECOND, handled: 1 });
    expect(engine.nextAt()).toBe(600 * SECOND);
  });

  test("periodic work counts as quiet after one round that changed nothing", () => {
    // The resync changes something in its first two rounds.
    const { engine } = toyEngine({
      a: (event, e, toy) => {
        e.emit({ class: "period", micros: 10 * SECOND }, "a", "resync", null, event.key ?? undefined);
        if (e.now <= 20 * SECOND) toy.version += 1;
        return undefined;
      },
      b: (_event, e) => {
        e.emit({ class: "period", micros: 7 * SECOND }, "b", "probe", null);
        return undefined;
      },
    });
    engine.emit({ class: "period", micros: 10 * SECOND }, "a", "resync", null, "k");
    engine.emit({ class: "period", micros: 7 * SECOND }, "b", "probe", null);
    expect(engine.runToQuiet()).toMatchObject({ quiet: true, now: 30 * SECOND });
  });

  test("what never rests is reported after an hour", () => {
    const { engine } = toyEngine({
      a: (_event, e, toy) => {
        toy.version += 1;
        e.emit(timer(SECOND), "b", "pong", null);
        return "to b";
      },
      b: (_event, e, toy) => {
        toy.version += 1;
        e.emit(timer(SECOND), "a", "ping", null);
        return "to a";
      },
    });
    engine.emit(NOW, "a", "ping", null);
    const end = engine.runToQuiet();
    expect(end).toMatchObject({
      quiet: false,
      reason: "time",
      now: HOUR,
      restless: [
        { actor: "a", kind: "ping", changes: 32, last: "to b" },
        { actor: "b", kind: "pong", changes: 32, last: "to a" },
      ],
    });
  });

  test("spinning without time passing is reported too", () => {
    const { engine } = toyEngine({
      a: (_event, e) => {
        e.emit(NOW, "a", "again", null);
        return undefined;
      },
    });
    engine.emit(NOW, "a", "again", null);
    expect(engine.runToQuiet({ spin: 1000 })).toMatchObject({ quiet: false, reason: "events", now: 0, handled: 1000 });
  });
});

/** Actors that pass work on by arithmetic on their counters alone: a deterministic, tangled history. */
const NAMES = ["a", "b", "c"] as const;

const tangled: Handler = (event, engine, toy) => {
  const mine = (toy.counts[event.actor] ?? 0) + 1;
  toy.counts[event.actor] = mine;
  toy.version += 1;
  const left = typeof event.data === "number" ? event.data : 0;
  if (left > 0) {
    const next = NAMES[(mine + left) % NAMES.length] as string;
    const classes = ["timer", "start", "queue", "period"] as const;
    engine.emit({ class: classes[mine % 4] as LatencyClass, micros: (mine * 7) % 23 }, next, "pass", left - 1);
    if (mine % 3 === 0) engine.emit(timer(mine % 11), next, "keyed", left - 1, `k${mine % 2}`);
  }
  return `${event.actor} ${mine}`;
};

function tangledHistory(every: number): { history: History<Toy, Toy>; toy: Toy } {
  const { engine, toy } = toyEngine({ a: tangled, b: tangled, c: tangled });
  return { history: new History(engine, every), toy };
}

type Move =
  | { readonly do: "emit"; readonly actor: number; readonly size: number; readonly delay: number }
  | { readonly do: "run"; readonly micros: number }
  | { readonly do: "step" }
  | { readonly do: "settle" };

const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({
    do: fc.constant("emit" as const),
    actor: fc.nat(2),
    size: fc.nat(6),
    delay: fc.nat(10),
  }),
  fc.record({ do: fc.constant("run" as const), micros: fc.nat(40) }),
  fc.constant({ do: "step" as const }),
  fc.constant({ do: "settle" as const }),
);

function make(history: History<Toy, Toy>, moves: readonly Move[]): void {
  for (const m of moves) {
    if (m.do === "emit") history.emit(timer(m.delay), NAMES[m.actor] as string, "start", m.size);
    else if (m.do === "run") history.runUntil(history.engine.now + m.micros);
    else if (m.do === "step") history.step();
    else {
      history.setPace("settle");
      history.runToQuiet();
      history.setPace("run");
    }
  }
}

function picture({ history, toy }: { history: History<Toy, Toy>; toy: Toy }): unknown {
  const { domain: _, ...rest } = history.engine.checkpoint();
  return structuredClone({ toy, log: history.engine.log, rest });
}

describe("history", () => {
  test("the same moves give the same log", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 30 }), (moves) => {
        const a = tangledHistory(5);
        const b = tangledHistory(1000);
        make(a.history, moves);
        make(b.history, moves);
        expect(picture(a)).toEqual(picture(b));
      }),
    );
  });

  test("restore and go on ≡ go on", () => {
    fc.assert(
      fc.property(fc.array(move, { maxLength: 20 }), fc.array(move, { maxLength: 20 }), (before, after) => {
        const straight = tangledHistory(7);
        make(straight.history, [...before, ...after]);
        const detour = tangledHistory(7);
        make(detour.history, before);
        const checkpoint = structuredClone(detour.history.engine.checkpoint());
        // Something else entirely happens, and is undone.
        detour.history.engine.emit(NOW, "a", "noise", 5);
        detour.history.engine.runToQuiet();
        detour.history.engine.restore(checkpoint);
        make(detour.history, after);
        expect(picture(detour)).toEqual(picture(straight));
      }),
    );
  });

  test("seek(t) ≡ run to t, and back to the end ≡ never having looked", () => {
    fc.assert(
      fc.property(
        fc.array(move, { maxLength: 25 }),
        fc.array(fc.nat(120), { minLength: 1, maxLength: 5 }),
        (moves, looks) => {
          const whole = tangledHistory(4);
          make(whole.history, moves);
          const end = picture(whole);
          // The past as a single checkpoint at the very start shows it: replayed, never sought by way of others.
          const fromStart = tangledHistory(1_000_000);
          make(fromStart.history, moves);
          for (const t of looks) {
            whole.history.seek(t);
            fromStart.history.seek(t);
            expect(picture(whole)).toEqual(picture(fromStart));
            expect(whole.history.engine.now).toBe(Math.min(t, whole.history.end.at));
            const handledByThen = (end as { log: readonly { at: number }[] }).log.filter((e) => e.at <= t).length;
            expect(whole.history.engine.handled).toBe(
              t < whole.history.end.at ? handledByThen : whole.history.end.handled,
            );
          }
          whole.history.seek(Number.MAX_SAFE_INTEGER);
          expect(picture(whole)).toEqual(end);
        },
      ),
    );
  });

  test("any position can be gone back to exactly", () => {
    fc.assert(
      fc.property(fc.array(move, { minLength: 1, maxLength: 25 }), (moves) => {
        const whole = tangledHistory(4);
        const places = moves.map((m) => {
          make(whole.history, [m]);
          return { position: whole.history.position, picture: picture(whole) };
        });
        for (const place of places.toReversed()) {
          whole.history.seekTo(place.position);
          expect(picture(whole)).toEqual(place.picture);
        }
      }),
    );
  });

  test("an input after a look back forks: what came later is forgotten", () => {
    fc.assert(
      fc.property(
        fc.array(move, { maxLength: 20 }),
        fc.nat(60),
        fc.array(move, { maxLength: 10 }),
        (moves, t, then) => {
          const forked = tangledHistory(4);
          make(forked.history, moves);
          forked.history.seek(t);
          const here = forked.history.position;
          forked.history.emit(NOW, "b", "fork", 3);
          make(forked.history, then);
          const after = picture(forked);
          expect(forked.history.inputs.length).toBeGreaterThan(here.inputs);
          // The new past is a real past: look at its start, come back, and nothing of the old future is there.
          forked.history.seek(0);
          forked.history.seekTo(forked.history.end);
          expect(picture(forked)).toEqual(after);
        },
      ),
    );
  });

  test("a long settling leaves checkpoints on its way", () => {
    const { engine } = toyEngine({
      a: (event, e) => {
        const left = event.data as number;
        if (left > 0) e.emit(timer(10), "a", "tick", left - 1);
        return undefined;
      },
    });
    const history = new History(engine, 10);
    history.emit(NOW, "a", "tick", 100);
    history.runToQuiet();
    expect(history.checkpoints).toBe(11);
    history.seek(505);
    expect(engine.handled).toBe(51);
  });
});
