import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connect, QueryFailed, type ClientStatus } from "./client.ts";
import { PROTOCOL_VERSION, type CommandRecord, type Frame, type FromWorker, type ToWorker } from "./protocol.ts";

const TEXT: CommandRecord = { at: 0, command: { type: "text", text: "kind: Service" } };
const LATER: CommandRecord = { at: 15, command: { type: "text", text: "kind: Pod" } };

const frameWith = (commands: readonly CommandRecord[], over: Partial<Frame> = {}): Frame => ({
  full: true,
  restarted: true,
  revision: 42,
  now: 0,
  end: 0,
  upserts: [],
  removes: [],
  report: { accepted: true, diagnostics: [], admitted: 0, revision: 42 },
  text: "",
  commands,
  seed: 7,
  mode: "iptables",
  walks: [],
  journal: [],
  proxies: [],
  sigils: [],
  cloud: "none",
  broken: { nodes: [], proxies: [], lag: {}, hung: [], unready: [] },
  ...over,
});

/** A worker in the test's hand: what it was sent, and what it says. */
class FakeWorker {
  readonly got: ToWorker[] = [];
  closed = false;
  private handler: (message: FromWorker) => void = () => {};
  /** What it does by itself; a silent worker does nothing. */
  answer: (message: ToWorker) => void = () => {};

  readonly transport = {
    post: (message: ToWorker) => {
      this.got.push(message);
      this.answer(message);
    },
    listen: (handler: (message: FromWorker) => void) => {
      this.handler = handler;
    },
    close: () => {
      this.closed = true;
    },
  };

  say(message: FromWorker): void {
    this.handler(message);
  }

  ready(version = PROTOCOL_VERSION): void {
    this.say({ kind: "ready", version });
  }

  last<K extends ToWorker["kind"]>(kind: K): Extract<ToWorker, { kind: K }> {
    const found = this.got.findLast((message) => message.kind === kind);
    if (found === undefined) throw new Error(`the worker got no ${kind}`);
    return found as Extract<ToWorker, { kind: K }>;
  }
}

function start() {
  const workers: FakeWorker[] = [];
  const statuses: [ClientStatus, string | null][] = [];
  const frames: Frame[] = [];
  const client = connect(
    () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker.transport;
    },
    { status: (status, trouble) => statuses.push([status, trouble]), frame: (frame) => frames.push(frame) },
  );
  const worker = (at = 0): FakeWorker => {
    const found = workers[at];
    if (found === undefined) throw new Error(`there is no worker ${String(at)}`);
    return found;
  };
  return { client, worker, workers, statuses, frames };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("start", () => {
  test("says hello, holds requests back until the worker is ready, and then sends them in order", () => {
    const { client, worker } = start();
    void client.load({ seed: null, commands: [TEXT] }, null);
    void client.command({ type: "run", micros: 5 });
    expect(worker().got).toEqual([{ kind: "hello", version: PROTOCOL_VERSION }]);
    worker().ready();
    expect(worker().got.map(({ kind }) => kind)).toEqual(["hello", "load", "command"]);
    expect(client.status).toBe("ready");
  });

  test("refuses a worker of another version, and every request with the mend in words", async () => {
    const { client, worker, statuses } = start();
    const done = client.command({ type: "run", micros: 5 });
    worker().ready(PROTOCOL_VERSION + 1);
    expect((await done).refusal?.message).toMatch(/Reload the page/);
    expect(statuses.at(-1)?.[0]).toBe("faulted");
    expect(worker().closed).toBe(true);
  });
});

describe("requests", () => {
  test("each answer goes to the one who asked, in whatever order", async () => {
    const { client, worker } = start();
    worker().ready();
    const first = client.query("journalHash", {});
    const second = client.query("rulesText", { node: "worker-1" });
    const [a, b] = worker().got.filter((message) => message.kind === "query");
    worker().say({ kind: "answer", id: b?.id ?? -1, answer: { text: "*nat" } });
    worker().say({ kind: "answer", id: a?.id ?? -1, answer: { hash: "abc" } });
    expect(await first).toEqual({ hash: "abc" });
    expect(await second).toEqual({ text: "*nat" });
  });

  test("a refusal is a value, and a send says which walk it made", async () => {
    const { client, worker } = start();
    worker().ready();
    const sent = client.command({
      type: "send",
      request: { from: "client/internet", to: "10.0.0.1:80", protocol: "tcp" },
    });
    worker().say({ kind: "done", id: worker().last("command").id, refusal: null, walk: 3 });
    expect(await sent).toEqual({ refusal: null, walk: 3 });
    const sought = client.seek(5);
    const refusal = { message: "no", field: null };
    worker().say({ kind: "done", id: worker().last("seek").id, refusal, walk: null });
    expect(await sought).toEqual({ refusal, walk: null });
  });

  test("a fault rejects the query it belongs to, and the next frame shows that all is well again", async () => {
    const { client, worker, statuses } = start();
    worker().ready();
    const asked = client.query("choices", {});
    worker().say({ kind: "fault", id: worker().last("query").id, message: "broken", revision: 4, commands: [] });
    await expect(asked).rejects.toThrow(QueryFailed);
    expect(statuses.at(-1)).toEqual(["faulted", "broken"]);
    worker().say({ kind: "frame", frame: frameWith([]) });
    expect(statuses.at(-1)).toEqual(["ready", null]);
  });
});

describe("watchdog", () => {
  test("ends a worker that is silent for five seconds and says that text and commands are safe", async () => {
    const { client, worker, workers, statuses } = start();
    worker().ready();
    worker().say({ kind: "frame", frame: frameWith([TEXT]) });
    const hanging = client.command({ type: "text", text: "loop" });
    const asked = client.query("choices", {});
    const failed = asked.catch((error: unknown) => error);
    vi.advanceTimersByTime(4_000);
    expect(worker().closed).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(worker().closed).toBe(true);
    expect(statuses.at(-1)?.[0]).toBe("stalled");
    expect(statuses.at(-1)?.[1]).toBe(
      "It ran for 5 s without a reply, so we ended it at revision 42. Your text and 1 command are safe.",
    );
    expect((await hanging).refusal).not.toBeNull();
    expect(await failed).toBeInstanceOf(QueryFailed);
    expect(workers).toHaveLength(1);
  });

  test("restart replays the last history that was answered for, and shows its present", async () => {
    const { client, worker, statuses } = start();
    worker().ready();
    const first = client.load({ seed: null, commands: [TEXT] }, null);
    worker().say({ kind: "frame", frame: frameWith([TEXT], { now: 20, end: 20 }) });
    worker().say({ kind: "done", id: worker().last("load").id, refusal: null, walk: null });
    await first;
    void client.command({ type: "text", text: "loop" });
    vi.advanceTimersByTime(5_000);
    const restarted = client.restart();
    worker(1).ready();
    const load = worker(1).last("load");
    // The seed stays as it was loaded, and the command that hung is not replayed.
    expect(load.history).toEqual({ seed: null, commands: [TEXT] });
    expect(load.upTo).toBeNull();
    worker(1).say({ kind: "done", id: load.id, refusal: null, walk: null });
    expect((await restarted).refusal).toBeNull();
    expect(statuses.at(-1)).toEqual(["ready", null]);
  });

  test("restart while looking back comes to the very place that was shown, and keeps what came later", async () => {
    const { client, worker } = start();
    worker().ready();
    const sought = client.seek(10, 3);
    worker().say({ kind: "frame", frame: frameWith([TEXT], { now: 10, end: 20, later: [LATER] }) });
    worker().say({ kind: "done", id: worker().last("seek").id, refusal: null, walk: null });
    await sought;
    void client.restart();
    worker(1).ready();
    const load = worker(1).last("load");
    expect(load.history.commands).toEqual([TEXT, LATER]);
    expect([load.upTo, load.after]).toEqual([10, 3]);
  });

  test("restart after coming back from a look back shows the present", async () => {
    const { client, worker } = start();
    worker().ready();
    const sought = client.seek(10, 3);
    worker().say({ kind: "frame", frame: frameWith([TEXT], { now: 10, end: 20, later: [LATER] }) });
    worker().say({ kind: "done", id: worker().last("seek").id, refusal: null, walk: null });
    await sought;
    const back = client.seek(20);
    worker().say({ kind: "frame", frame: frameWith([TEXT, LATER], { now: 20, end: 20 }) });
    worker().say({ kind: "done", id: worker().last("seek").id, refusal: null, walk: null });
    await back;
    void client.restart();
    worker(1).ready();
    const load = worker(1).last("load");
    expect([load.upTo, load.after]).toEqual([null, null]);
  });

  test("what the reader does next brings a stalled worker back first", () => {
    const { client, worker } = start();
    worker().ready();
    worker().say({ kind: "frame", frame: frameWith([TEXT]) });
    void client.command({ type: "text", text: "loop" });
    vi.advanceTimersByTime(5_000);
    void client.command({ type: "text", text: "kind: Pod" });
    worker(1).ready();
    expect(worker(1).got.map(({ kind }) => kind)).toEqual(["hello", "load", "command"]);
  });

  test("any message counts as life", () => {
    const { client, worker } = start();
    worker().ready();
    void client.command({ type: "run", micros: 1 });
    for (let i = 0; i < 5; i++) {
      vi.advanceTimersByTime(4_000);
      worker().say({ kind: "frame", frame: frameWith([]) });
    }
    expect(client.status).toBe("ready");
  });

  test("looks in on an idle worker, and notices one that has died", () => {
    const { client, worker } = start();
    worker().ready();
    vi.advanceTimersByTime(5_000);
    const ping = worker().last("ping");
    worker().say({ kind: "done", id: ping.id, refusal: null, walk: null });
    vi.advanceTimersByTime(4_000);
    expect(client.status).toBe("ready");
    vi.advanceTimersByTime(10_000);
    expect(client.status).toBe("stalled");
  });

  test("gives a worker that is still on its way more time", () => {
    const { client, worker } = start();
    void client.load({ seed: null, commands: [TEXT] }, null);
    vi.advanceTimersByTime(20_000);
    expect(client.status).toBe("starting");
    worker().ready();
    expect(client.status).toBe("ready");
  });

  test("messages of an ended worker are not heard", () => {
    const { client, worker, frames } = start();
    worker().ready();
    void client.command({ type: "run", micros: 1 });
    vi.advanceTimersByTime(5_000);
    worker().say({ kind: "frame", frame: frameWith([TEXT]) });
    expect(frames).toEqual([]);
  });
});

test("close ends the worker and leaves no timer behind", () => {
  const { client, worker } = start();
  worker().ready();
  client.close();
  expect(worker().closed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
