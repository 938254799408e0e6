/** The worker's end of the wire: messages in, the world's answers out. The same code runs in a Web Worker, in Node and in tests. */
import type { Ends, TrackedConnection } from "../model/trace/connection.ts";
import { jsonSchema } from "../model/schema.ts";
import { complete } from "../kubectl/complete.ts";
import { lookConsole, runConsole } from "../kubectl/console.ts";
import { goalsMet } from "../world/lesson.ts";
import type { World } from "../world/types.ts";
import { createThinner } from "./repeats.ts";
import {
  type Frame,
  type FromWorker,
  PROTOCOL_VERSION,
  type Queries,
  type QueryName,
  type ToWorker,
  type Transport,
} from "./protocol.ts";

type Answers = { readonly [N in QueryName]: (params: Queries[N]["params"]) => Queries[N]["answer"] };

const ends = ({ src, dst, sport, dport }: Ends): Ends => ({ src, dst, sport, dport });

const tracked = ({
  original,
  reply,
  state,
  dnat,
  snat,
  expiresAt,
}: ReturnType<World["conntrack"]>[number]): TrackedConnection => ({
  protocol: original.protocol,
  original: ends(original),
  reply: ends(reply),
  state,
  dnat,
  snat,
  expiresAt,
});

/** Requests followed for one part of the table: some tenths of a second. */
const MATRIX_BUDGET = 100;

function answers(world: World): Answers {
  return {
    rules: (params) => world.ruleRows(params),
    rulesText: ({ node, family }) => {
      const printed = world.rulesText(node, undefined, family);
      return { text: "text" in printed ? printed.text : `# ${printed.message}\n` };
    },
    drift: (params) => world.drift(params),
    exploreWith: (params) => world.exploreWith(params),
    explore: ({ request }) => world.explore(request),
    why: ({ request }) => world.why(request),
    race: ({ seed, knob, steps = false, ...options }) => world.raceRun(options, seed, knob, steps),
    whyAll: () => world.whyAll(),
    editedText: ({ edits }) => world.editedText(edits),
    matrix: (params) => world.matrix({ budget: MATRIX_BUDGET, ...params }),
    check: () => world.check(),
    flights: () => world.flights(),
    compare: (params) => world.compare(params),
    loadReport: ({ id }) => world.loadReport(id),
    connections: () => world.connections(),
    conntrack: ({ host }) => world.conntrack(host).map(tracked),
    faults: () => world.faults(),
    balancers: () => world.balancers(),
    choices: () => world.choices(),
    locate: ({ object, path }) => world.locate(object, path),
    fieldEdit: ({ object, path, to }) => world.fieldEdit(object, path, to),
    provenance: ({ line, column }) => world.provenance(line, column),
    objectDiff: ({ object, revision }) => world.objectDiff(object, revision),
    rulesDiff: ({ node, event }) => world.rulesDiff(node, event),
    matchingDeployment: ({ service }) => world.matchingDeployment(service),
    schema: () => ({ schema: jsonSchema() }),
    journalHash: () => ({ hash: world.journalHash() }),
    goals: (params) => goalsMet(world, params),
    console: ({ argv, files = {}, follow = null, readOnly = false }) =>
      (readOnly ? lookConsole : runConsole)(world, argv, files, follow),
    complete: ({ line, cursor, files = [] }) => {
      const { from, options } = complete(world, line, cursor, Object.fromEntries(files.map((name) => [name, ""])));
      return { from, candidates: options };
    },
  };
}

/** Objects or journal entries in one message at most. */
const PART = 2_000;

/** Differs whenever a command was given: none leaves both the list of commands and the clock as they were. */
const presentOf = (world: World): string => `${world.commands.length} ${world.now} ${world.objects.revision}`;

/**
 * Serves a world over a transport. Every message gets exactly one `done` or `answer`, or a `fault` when our own code broke; a
 * frame goes out before the `done` of whatever changed the picture.
 */
export function createHost(transport: Transport<FromWorker, ToWorker>, world: World): void {
  const table = answers(world);
  const thin = createThinner();

  /** How many events the message at hand has cost so far; 0: few. */
  let worked = 0;
  const sayWorking = (events: number): void => {
    worked = events;
    transport.post({ kind: "working", events });
  };
  world.watch(sayWorking);

  /** Large frames go in parts: no message is long in coming or in taking. */
  const show = (whole: Frame): void => {
    const { frame: rest, repeats } = thin(whole);
    const { upserts, journal } = rest;
    let objects = 0;
    let entries = 0;
    for (; upserts.length - objects > PART; objects += PART)
      transport.post({ kind: "part", upserts: upserts.slice(objects, objects + PART), journal: [] });
    for (; journal.length - entries > PART; entries += PART)
      transport.post({ kind: "part", upserts: [], journal: journal.slice(entries, entries + PART) });
    transport.post({
      kind: "frame",
      frame:
        objects === 0 && entries === 0
          ? rest
          : { ...rest, upserts: upserts.slice(objects), journal: journal.slice(entries) },
      repeats,
    });
  };

  /** After long work the picture is long in the making too: whoever waits hears once more that somebody is there. */
  const frame = (full: boolean): Frame => {
    if (worked > 0) sayWorking(worked);
    return world.frame(full);
  };

  const handle = (message: ToWorker): void => {
    worked = 0;
    switch (message.kind) {
      case "hello":
        transport.post({ kind: "ready", version: PROTOCOL_VERSION });
        return;
      case "ping":
        transport.post({ kind: "done", id: message.id, refusal: null, walk: null });
        return;
      case "load": {
        const refusal = world.load(message.history, message.upTo, message.after ?? null, (done, total) =>
          transport.post({ kind: "progress", id: message.id, what: "replaying", done, total }),
        );
        show(frame(true));
        transport.post({ kind: "done", id: message.id, refusal, walk: null });
        return;
      }
      case "command": {
        const { refusal, walk } = world.dispatch(message.command);
        show(frame(false));
        transport.post({ kind: "done", id: message.id, refusal, walk: walk?.id ?? null });
        return;
      }
      case "seek":
        world.seek(message.at, message.after ?? null);
        show({ ...frame(false), sought: true });
        transport.post({ kind: "done", id: message.id, refusal: null, walk: null });
        return;
      case "query": {
        const before = presentOf(world);
        const answer = (table[message.name] as (params: unknown) => unknown)(message.params);
        if (presentOf(world) !== before) show(frame(false));
        transport.post({ kind: "answer", id: message.id, answer });
        return;
      }
    }
  };

  transport.listen((message) => {
    try {
      handle(message);
    } catch (error) {
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      transport.post({
        kind: "fault",
        id: "id" in message ? message.id : null,
        message: text,
        revision: world.objects.revision,
        commands: world.commands,
      });
    }
  });
}
