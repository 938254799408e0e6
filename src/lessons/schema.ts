/** What a lesson's lesson.yaml and solution.yaml may hold, checked member by member: a slip of the pen has a place and a sentence. */
import * as v from "valibot";
import type { JsonValue } from "../base/json.ts";
import { FINDING_IDS } from "../model/trace/finding.ts";
import type { Action, Goal } from "../model/lesson/types.ts";

const words = v.pipe(v.string(), v.nonEmpty());
const line = v.pipe(words, v.regex(/^[^\n]*$/, "one line"));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const protocol = v.picklist(["tcp", "udp", "sctp", "icmp"]);
const outcome = v.picklist(["delivered", "refused", "reset", "timeout", "unreachable", "name-error"]);
const mode = v.picklist(["iptables", "nftables", "ipvs", "userspace"]);
const key = v.pipe(words, v.regex(/^[A-Za-z]+\/[^/]*\/[^/]+$/, "Kind/namespace/name"));
const share = v.union([
  v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
  v.pipe(v.string(), v.regex(/^\d+\/\d+$/, "a fraction as 2/3")),
]);
const json = v.custom<JsonValue>((value) => value !== undefined, "plain data");

/** A regular expression that compiles. */
const pattern = v.pipe(
  words,
  v.check((source) => {
    try {
      return new RegExp(source) instanceof RegExp;
    } catch {
      return false;
    }
  }, "a regular expression"),
);

const lines = { matches: pattern, count: v.exactOptional(count) };

const goal: v.GenericSchema<unknown, Goal> = v.lazy(() => GOAL);

/** By the member that tells goals apart: the message is then about that goal, not about all of them. */
const GOALS = {
  all: v.strictObject({ all: v.pipe(v.array(goal), v.minLength(1)) }),
  any: v.strictObject({ any: v.pipe(v.array(goal), v.minLength(1)) }),
  not: v.strictObject({ not: goal }),
  expect: v.strictObject({
    expect: v.strictObject({
      from: line,
      to: line,
      protocol: v.exactOptional(protocol),
      outcome: v.exactOptional(v.union([outcome, v.literal("not-sent")])),
      share: v.exactOptional(share),
      sourceSeen: v.exactOptional(line),
      backends: v.exactOptional(count),
      status: v.exactOptional(count),
      because: v.exactOptional(v.picklist(FINDING_IDS)),
    }),
  }),
  object: v.strictObject({
    object: key,
    path: v.exactOptional(line),
    equals: v.exactOptional(json),
    matches: v.exactOptional(pattern),
    exists: v.exactOptional(v.boolean()),
    count: v.exactOptional(count),
  }),
  sent: v.strictObject({
    sent: v.strictObject({
      from: v.exactOptional(line),
      to: v.exactOptional(line),
      protocol: v.exactOptional(protocol),
      outcome: v.exactOptional(outcome),
      backend: v.exactOptional(line),
      sourceSeen: v.exactOptional(line),
      status: v.exactOptional(count),
      questions: v.exactOptional(count),
      phase: v.exactOptional(v.picklist(["open", "data", "close"])),
      hop: v.exactOptional(
        v.strictObject({
          place: v.exactOptional(line),
          stage: v.exactOptional(line),
          verdict: v.exactOptional(line),
          dst: v.exactOptional(line),
        }),
      ),
      times: v.exactOptional(count),
    }),
  }),
  given: v.strictObject({
    given: v.strictObject({ command: line, matches: v.exactOptional(pattern), times: v.exactOptional(count) }),
  }),
  mode: v.strictObject({ mode }),
  rules: v.strictObject({ rules: v.strictObject({ node: line, ...lines }) }),
  conntrack: v.strictObject({ conntrack: v.strictObject({ host: line, ...lines }) }),
  load: v.strictObject({
    load: v.strictObject({
      lost: v.exactOptional(v.boolean()),
      backends: v.exactOptional(count),
      connections: v.exactOptional(count),
    }),
  }),
  ran: v.strictObject({ ran: pattern }),
  env: v.strictObject({ env: v.strictObject({ pod: words, name: words }) }),
  after: v.strictObject({
    after: v.strictObject({
      do: v.pipe(v.array(v.lazy(() => action)), v.minLength(1)),
      goal,
    }),
  }),
} satisfies Readonly<Record<string, v.GenericSchema>>;

const label = v.exactOptional(line);

const ACTIONS = {
  send: v.strictObject({
    label,
    send: v.strictObject({ from: line, to: line, protocol: v.exactOptional(protocol) }),
  }),
  edit: v.strictObject({ label, edit: v.strictObject({ object: key, path: line, to: json }) }),
  replace: v.strictObject({ label, replace: words, with: v.string() }),
  append: v.strictObject({ label, append: words }),
  console: v.strictObject({ label, console: line }),
  mode: v.strictObject({ label, mode }),
  run: v.strictObject({ label, run: v.pipe(v.number(), v.minValue(0)) }),
  command: v.strictObject({ label, command: v.looseObject({ type: line }) }),
} satisfies Readonly<Record<string, v.GenericSchema>>;

/** The member of the table whose name the input has. */
function oneOf<T>(table: Readonly<Record<string, v.GenericSchema>>, what: string): v.GenericSchema<unknown, T> {
  const names = Object.keys(table);
  return v.lazy((input) => {
    const name = names.find((one) => typeof input === "object" && input !== null && Object.hasOwn(input, one));
    const schema = name === undefined ? v.never(`${what}: one of ${names.join(", ")}`) : table[name];
    return schema as v.GenericSchema<unknown, T>;
  });
}

const GOAL = oneOf<Goal>(GOALS, "a goal");
const action = oneOf<Action>(ACTIONS, "an action");

const look = v.strictObject({
  view: v.picklist([
    "map",
    "ladder",
    "trace",
    "rules",
    "timeline",
    "conntrack",
    "console",
    "compare",
    "outcomes",
    "editor",
  ]),
  object: v.exactOptional(key),
  path: v.exactOptional(line),
  hop: v.exactOptional(
    v.strictObject({
      leg: v.exactOptional(v.picklist(["request", "reply"])),
      place: v.exactOptional(line),
      stage: v.exactOptional(line),
      verdict: v.exactOptional(line),
    }),
  ),
  node: v.exactOptional(line),
  search: v.exactOptional(line),
});

const prediction = v.strictObject({
  ask: words,
  options: v.pipe(
    v.array(
      v.strictObject({
        text: words,
        right: v.exactOptional(v.literal(true)),
        why: words,
        check: v.exactOptional(goal),
      }),
    ),
    v.minLength(2),
    v.check((options) => options.filter(({ right }) => right === true).length === 1, "one right option"),
  ),
  when: v.exactOptional(v.picklist(["begun", "met"])),
});

/** lesson.yaml. */
export const LESSON = v.strictObject({
  title: line,
  minutes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(60)),
  concepts: v.pipe(v.array(line), v.minLength(1)),
  begin: v.optional(v.array(action), []),
  steps: v.pipe(
    v.array(
      v.strictObject({
        heading: line,
        task: words,
        goal,
        hints: v.pipe(v.array(words), v.minLength(1)),
        predict: v.optional(prediction),
        look: v.optional(v.array(look), []),
      }),
    ),
    v.minLength(2),
  ),
});

/** solution.yaml: what does each step, by its heading. */
export const SOLUTION = v.record(line, v.pipe(v.array(action), v.minLength(1)));

/** The value as the schema has it, or an error that says where in which file it is not. */
export function checked<T>(schema: v.GenericSchema<unknown, T>, value: unknown, file: string): T {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const issues = result.issues.map((issue) => `${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
  throw new Error(`${file}: ${issues.join("; ")}`);
}
