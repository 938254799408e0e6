/** The page's end of the wire: asks, keeps what is needed to start over, and ends a worker that no longer answers. */
import type { Micros } from "../base/time.ts";
import { createFiller } from "./repeats.ts";
import {
  PROTOCOL_VERSION,
  type Command,
  type CommandRecord,
  type Frame,
  type FromWorker,
  type Queries,
  type QueryName,
  type Refusal,
  type SavedHistory,
  type ToWorker,
  type Transport,
} from "./protocol.ts";

export type ClientStatus = "starting" | "ready" | "stalled" | "faulted";

/** What came of a load, command or seek. `refusal` null: it was taken. */
export interface Done {
  readonly refusal: Refusal | null;
  /** Id of the walk that a send made. */
  readonly walk: number | null;
}

/** A bug of ours that the worker reported: it is alive and the history is untouched. */
export interface Fault {
  readonly message: string;
  readonly revision: number;
  readonly commands: readonly CommandRecord[];
}

export interface ClientEvents {
  frame?(frame: Frame): void;
  fault?(fault: Fault): void;
  /** How many of how many commands of a history are replayed; null: it is over. */
  progress?(progress: { readonly done: number; readonly total: number } | null): void;
  /** It is at work on something long: how many events have happened so far; null: what came of it is on its way. */
  working?(handled: number | null): void;
  /** `trouble` is one sentence for the reader, null when all is well. */
  status?(status: ClientStatus, trouble: string | null): void;
}

export interface ClientOptions {
  /** Length of a watchdog tick in milliseconds. */
  readonly tickMs?: number;
  /** Ticks of silence, with something asked, after which the worker is ended. */
  readonly silentTicks?: number;
  /** The same while it starts: its script may still be on a slow network. */
  readonly startTicks?: number;
}

/** A query that will never be answered: the worker failed on it, or was ended. */
export class QueryFailed extends Error {
  override readonly name = "QueryFailed";
}

export interface Client {
  readonly status: ClientStatus;
  /** All commands in force, as the last frame told them, and the seed as it was loaded: what a link or a file holds. */
  history(): SavedHistory;
  command(command: Command): Promise<Done>;
  /** `after`: the event right after which to look, more exactly than by time. */
  seek(at: Micros, after?: number | null): Promise<Done>;
  load(history: SavedHistory, upTo: Micros | null, after?: number | null): Promise<Done>;
  /** Rejects with {@link QueryFailed}. */
  query<N extends QueryName>(name: N, params: Queries[N]["params"]): Promise<Queries[N]["answer"]>;
  /** Ends the worker, starts another and replays the last history that it answered for. */
  restart(): Promise<Done>;
  /** Ends the worker for good. */
  close(): void;
}

interface Waiting {
  readonly done?: (done: Done) => void;
  readonly answer?: (answer: unknown) => void;
  readonly fail: (message: string) => void;
}

type Part = Extract<FromWorker, { readonly kind: "part" }>;

/** A frame with the parts that came before it. */
function whole(frame: Frame, parts: readonly Part[]): Frame {
  return {
    ...frame,
    upserts: [...parts.flatMap((part) => part.upserts), ...frame.upserts],
    journal: [...parts.flatMap((part) => part.journal), ...frame.journal],
  };
}

/** Distributes over the union, so that each message keeps its own fields. */
type WithoutId<M> = M extends { readonly id: number } ? Omit<M, "id"> : never;

/**
 * Connects to a worker. `open` makes a fresh transport each time a worker is needed (at once, and after each restart).
 * Requests made before the worker is ready are held back and sent in order. The watchdog counts ticks, not time, so that a
 * page that the browser froze does not take its own sleep for the worker's silence.
 */
export function connect(
  open: () => Transport<ToWorker, FromWorker>,
  events: ClientEvents = {},
  options: ClientOptions = {},
): Client {
  const { tickMs = 1_000, silentTicks = 5, startTicks = 30 } = options;
  const waiting = new Map<number, Waiting>();
  let transport: Transport<ToWorker, FromWorker> | null = null;
  let generation = 0;
  let outbox: ToWorker[] = [];
  let ready = false;
  let status: ClientStatus = "starting";
  let nextId = 1;
  let silence = 0;
  let parts: Part[] = [];
  let fill = createFiller();
  let saved: SavedHistory = { seed: null, commands: [] };
  let revision = 0;
  /** The moment shown, when it is not the present, and the event right after which the reader asked to look. */
  let upTo: Micros | null = null;
  let upToAfter: number | null = null;
  let timer: ReturnType<typeof setInterval> | null = null;

  const setStatus = (next: ClientStatus, trouble: string | null): void => {
    status = next;
    events.status?.(next, trouble);
  };

  const post = (message: ToWorker): void => {
    if (ready) transport?.post(message);
    else outbox.push(message);
  };

  const failAll = (message: string): void => {
    const all = [...waiting.values()];
    waiting.clear();
    for (const one of all) one.fail(message);
  };

  const end = (): void => {
    generation++;
    transport?.close();
    transport = null;
    ready = false;
    outbox = [];
    parts = [];
    fill = createFiller();
    if (timer !== null) clearInterval(timer);
    timer = null;
  };

  const stall = (): void => {
    const was = ready;
    end();
    const count = saved.commands.length;
    const trouble = was
      ? `It ran for ${String((tickMs * silentTicks) / 1_000)} s without a reply, so we ended it at revision ${String(revision)}. ` +
        `Your text and ${count === 1 ? "1 command" : `${String(count)} commands`} are safe.`
      : "It did not start. Your text is safe.";
    setStatus("stalled", trouble);
    events.progress?.(null);
    failAll("The simulator stopped before it answered.");
  };

  const tick = (): void => {
    if (waiting.size === 0 && ready) {
      silence++;
      // Nothing asked: look in on it now and then, so that a worker that died in silence is noticed.
      if (silence >= silentTicks) ask({ kind: "ping" }, { fail: () => {} });
      return;
    }
    if (++silence >= (ready ? silentTicks : startTicks)) stall();
  };

  const ask = (message: WithoutId<ToWorker>, who: Waiting): void => {
    const id = nextId++;
    if (waiting.size === 0) silence = 0;
    waiting.set(id, who);
    post({ ...message, id } as ToWorker);
  };

  const receive = (message: FromWorker): void => {
    silence = 0;
    switch (message.kind) {
      case "ready": {
        if (message.version !== PROTOCOL_VERSION) {
          end();
          const trouble = `This page speaks protocol ${String(PROTOCOL_VERSION)} and its worker ${String(message.version)}. Reload the page to get both from one release.`;
          setStatus("faulted", trouble);
          failAll(trouble);
          return;
        }
        ready = true;
        setStatus("ready", null);
        const held = outbox;
        outbox = [];
        for (const one of held) transport?.post(one);
        return;
      }
      case "working":
        events.working?.(message.events);
        return;
      case "part":
        parts.push(message);
        events.working?.(null);
        return;
      case "frame": {
        const frame = message.repeats === undefined ? message.frame : fill(message.frame, message.repeats);
        // The seed stays as it was given: null leaves it to the text's Lab, also when that is edited later.
        saved = { seed: saved.seed, commands: [...frame.commands, ...(frame.later ?? [])] };
        revision = frame.revision;
        upTo = frame.later === undefined ? null : frame.now;
        if (upTo === null) upToAfter = null;
        if (status === "faulted") setStatus("ready", null);
        events.frame?.(parts.length === 0 ? frame : whole(frame, parts));
        parts = [];
        return;
      }
      case "progress":
        events.progress?.({ done: message.done, total: message.total });
        return;
      case "done": {
        events.progress?.(null);
        const who = waiting.get(message.id);
        waiting.delete(message.id);
        who?.done?.({ refusal: message.refusal, walk: message.walk });
        return;
      }
      case "answer": {
        const who = waiting.get(message.id);
        waiting.delete(message.id);
        who?.answer?.(message.answer);
        return;
      }
      case "fault": {
        setStatus("faulted", message.message);
        events.fault?.({ message: message.message, revision: message.revision, commands: message.commands });
        if (message.id !== null) {
          const who = waiting.get(message.id);
          waiting.delete(message.id);
          who?.fail(message.message);
        }
      }
    }
  };

  const start = (): void => {
    const mine = ++generation;
    ready = false;
    silence = 0;
    setStatus("starting", null);
    transport = open();
    // A worker that was ended may still have messages on their way.
    transport.listen((message) => {
      if (mine === generation) receive(message);
    });
    transport.post({ kind: "hello", version: PROTOCOL_VERSION });
    timer = setInterval(tick, tickMs);
  };

  const askDone = (message: WithoutId<ToWorker>): Promise<Done> =>
    new Promise((resolve) => {
      ask(message, { done: resolve, fail: (text) => resolve({ refusal: { message: text, field: null }, walk: null }) });
    });

  const load = (history: SavedHistory, at: Micros | null, after: number | null = null): Promise<Done> => {
    saved = history;
    upTo = at;
    upToAfter = after;
    return askDone({ kind: "load", history, upTo: at, after });
  };

  const restart = (): Promise<Done> => {
    end();
    failAll("The simulator was restarted before it answered.");
    start();
    return load(saved, upTo, upToAfter);
  };

  /** A stalled worker is gone: what the reader does next brings it back first. */
  const revive = (): void => {
    if (transport === null && status === "stalled") void restart();
  };

  start();
  return {
    get status() {
      return status;
    },
    history: () => saved,
    command: (command) => {
      revive();
      return askDone({ kind: "command", command });
    },
    seek: async (at, after = null) => {
      revive();
      const done = await askDone({ kind: "seek", at, after });
      if (done.refusal === null) upToAfter = upTo === null ? null : after;
      return done;
    },
    load: (history, at, after = null) => {
      if (transport === null && status === "stalled") start();
      return load(history, at, after);
    },
    query: (name, params) =>
      new Promise((resolve, reject) => {
        if (transport === null) {
          reject(new QueryFailed("The simulator is not running."));
          return;
        }
        ask(
          { kind: "query", name, params },
          {
            answer: (answer) => resolve(answer as Queries[typeof name]["answer"]),
            fail: (text) => reject(new QueryFailed(text)),
          },
        );
      }),
    restart,
    close: () => {
      end();
      failAll("The page is closing.");
    },
  };
}
