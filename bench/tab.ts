/**
 * What a tab has to carry of a large cluster: the worker that builds it, what crosses to the page, and what the page makes of it; and
 * what the worker does while somebody types in a long text.
 */
import { deserialize, serialize } from "node:v8";
import { cellsOf } from "../src/graph/cells.ts";
import { EMPTY, fold } from "../src/mirror/fold.ts";
import type { MirrorState } from "../src/mirror/types.ts";
import { objectKey } from "../src/model/meta/types.ts";
import { connect } from "../src/wire/client.ts";
import { createHost } from "../src/wire/host.ts";
import type { Command, FromWorker, ToWorker } from "../src/wire/protocol.ts";
import { Session } from "../src/world/commands.ts";
import { createWorld } from "../src/world/world.ts";
import { longText } from "./browser.ts";
import { nodesAndPods } from "./clusters.ts";

type Row = (name: string, ...cells: readonly string[]) => void;

export const TAB_COLUMNS = ["CPU", "per pod", "events", "revisions", "checkpoints", "heap per pod"] as const;
export const WIRE_COLUMNS = ["bytes", "messages", "largest", "to pack", "to unpack", "to fold", "to draw"] as const;
export const WORD_COLUMNS = ["median", "best", "objects read", "frame bytes"] as const;

const PODS_EACH = 30;
/** Texts typed one after the other. */
const WORDS = 12;

/** Milliseconds of processor time: machines are seldom alone. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function heap(): number {
  (globalThis as { readonly gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

const ms = (value: number): string => `${value.toFixed(0)} ms`;
const size = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
const each = (count: number, pods: number): string => (count / pods).toFixed(count / pods < 100 ? 2 : 0);

/** The worker's own cost, without a page. */
function benchWorker(nodes: number, row: Row): void {
  const before = heap();
  const start = cpu();
  const session = new Session(1);
  for (const command of nodesAndPods(nodes, nodes * PODS_EACH)) session.dispatch(command);
  const took = cpu() - start;
  const { store, log, history } = session.cluster;
  const pods = store.list("Pod").length;
  row(
    `${nodes} nodes x ${PODS_EACH} pods`,
    `${(took / 1000).toFixed(1)} s`,
    `${(took / pods).toFixed(2)} ms`,
    each(log.length, pods),
    each(store.revision, pods),
    String(history.checkpoints),
    `${((heap() - before) / pods / 1000).toFixed(1)} kB`,
  );
}

interface Crossing {
  bytes: number;
  messages: number;
  largest: number;
  pack: number;
  unpack: number;
  fold: number;
}

const NOTHING: Crossing = { bytes: 0, messages: 0, largest: 0, pack: 0, unpack: 0, fold: 0 };

/** The same cluster with a page: every message is packed and unpacked as between threads. */
function benchWire(nodes: number, row: Row): void {
  const world = createWorld({ seed: 1 });
  let crossing = { ...NOTHING };
  let toHost: (message: ToWorker) => void = () => {};
  let toPage: (message: FromWorker) => void = () => {};
  const underway: Buffer[] = [];
  createHost(
    {
      post: (message) => {
        const start = performance.now();
        const packed = serialize(message);
        crossing.pack += performance.now() - start;
        crossing.bytes += packed.length;
        crossing.messages += 1;
        crossing.largest = Math.max(crossing.largest, packed.length);
        underway.push(packed);
      },
      listen: (handler) => {
        toHost = handler;
      },
      close: () => {},
    },
    world,
  );
  let mirror: MirrorState = EMPTY;
  const client = connect(
    () => ({
      post: (message) => toHost(message),
      listen: (handler) => {
        toPage = handler;
      },
      close: () => {},
    }),
    {
      frame: (frame) => {
        const start = performance.now();
        mirror = fold(mirror, frame);
        crossing.fold += performance.now() - start;
      },
    },
    { tickMs: 1_000_000 },
  );
  const arrive = (): void => {
    for (let packed = underway.shift(); packed !== undefined; packed = underway.shift()) {
      const start = performance.now();
      const message = deserialize(packed) as FromWorker;
      crossing.unpack += performance.now() - start;
      toPage(message);
    }
  };
  const told = (what: string, tell: () => void): void => {
    crossing = { ...NOTHING };
    tell();
    arrive();
    const start = performance.now();
    cellsOf(mirror, objectKey("Service", "default", "web"), 1.5);
    const draw = performance.now() - start;
    const { bytes, messages, largest, pack, unpack, fold: folded } = crossing;
    row(`  ${what}`, size(bytes), String(messages), size(largest), ms(pack), ms(unpack), ms(folded), ms(draw));
  };
  arrive();
  const commands = nodesAndPods(nodes, nodes * PODS_EACH).map((command) => ({ at: 0, command }));
  told(`all of it (${nodes * PODS_EACH} pods)`, () => void client.load({ seed: 1, commands }, null));
  const give = (what: string, command: Command): void => told(what, () => void client.command(command));
  give("one pod fewer", {
    type: "scale",
    key: objectKey("Deployment", "default", "web0"),
    replicas: Math.min(10_000, nodes * PODS_EACH) - 1,
  });
  give("a second passes", { type: "run", micros: 1_000_000 });
  client.close();
}

/** One line for the worker and a few for the page, per size. */
export function benchTab(sizes: readonly number[], row: Row): void {
  for (const nodes of sizes) {
    benchWorker(nodes, row);
    benchWire(nodes, row);
  }
}

/** A text of 2,000 lines, typed on in. */
export function benchWords(row: Row): void {
  const text = longText(2_000);
  const typed: readonly (readonly [string, (i: number) => string])[] = [
    ["a comment, word by word", (i) => text.replace("apiVersion: v1", `apiVersion: v1 #${" word".repeat(i)}`)],
    ["a Service's port", (i) => text.replace("port: 80", `port: ${8000 + i}`)],
    ["an image", (i) => text.replace("image: nginx", `image: nginx:1.${i}`)],
    ["a word that is refused, and taken back", (i) => (i % 2 === 0 ? text : text.replace("port: 80", "port: x"))],
  ];
  for (const [what, next] of typed) {
    const world = createWorld({ seed: 1 });
    world.dispatch({ type: "text", text: next(0) });
    world.frame(true);
    // What it looks at on the way is counted apart, where it costs no time.
    const session = new Session(1);
    session.dispatch({ type: "text", text: next(0) });
    const { scanned } = session.cluster.store;
    const times: number[] = [];
    let bytes = 0;
    for (let i = 1; i <= WORDS; i++) {
      const start = performance.now();
      world.dispatch({ type: "text", text: next(i) });
      const frame = world.frame(false);
      times.push(performance.now() - start);
      bytes = JSON.stringify(frame).length;
      session.dispatch({ type: "text", text: next(i) });
    }
    times.sort((a, b) => a - b);
    const read = (session.cluster.store.scanned - scanned) / WORDS;
    row(what, ms(times[WORDS >> 1] ?? Number.NaN), ms(times[0] ?? Number.NaN), read.toFixed(0), size(bytes));
  }
}
