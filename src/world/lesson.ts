/** Whether the goals of a lesson's step are met: asked of a world, which stays as it is. */
import { canonicalJson, deepEqual } from "../base/json.ts";
import { SECOND } from "../base/time.ts";
import { type KubeObject, keyOf, objectKey, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { Action, Goal, GivenGoal, Mark, ObjectGoal, OutcomeGoal, SentGoal } from "../model/lesson/types.ts";
import type { Walk } from "../model/trace/types.ts";
import { parsePath } from "../manifest/locate.ts";
import { valueAt } from "../manifest/field-edits.ts";
import type { ConntrackEntry, Tuple } from "../kernel/conntrack.ts";
import type { Command, Queries } from "../wire/protocol.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

/** Where a step that begins now begins. */
export const markNow = (world: World): Mark => ({ walks: world.walks.length, commands: world.commands.length });

/** Which of the goals are met, in order. Nothing is changed; a goal about what does not exist is not met. */
export function goalsMet(world: World, { goals, since, ran = [] }: Queries["goals"]["params"]): readonly boolean[] {
  const mark = { walks: 0, commands: 0, ...since };
  return goals.map((goal) => isMet(world, goal, mark, ran));
}

function isMet(world: World, goal: Goal, mark: Mark, ran: readonly string[]): boolean {
  if ("all" in goal) return goal.all.every((part) => isMet(world, part, mark, ran));
  if ("any" in goal) return goal.any.some((part) => isMet(world, part, mark, ran));
  if ("not" in goal) return !isMet(world, goal.not, mark, ran);
  if ("expect" in goal) return comesOut(world, goal.expect);
  if ("object" in goal) return isObjectSo(world, goal);
  if ("sent" in goal) return wasSent(world, goal.sent, mark);
  if ("given" in goal) return wasGiven(world, goal.given, mark);
  if ("mode" in goal) return world.mode === goal.mode;
  if ("rules" in goal) {
    const printed = world.rulesText(goal.rules.node);
    return "text" in printed && enough(printed.text.split("\n"), goal.rules);
  }
  if ("conntrack" in goal) {
    const { host, ...wanted } = goal.conntrack;
    return enough(world.conntrack(host as Parameters<World["conntrack"]>[0]).map(entryText), wanted);
  }
  if ("load" in goal) {
    const report = world.loadReport(null);
    if (report === null || !report.done) return false;
    const { lost, backends, connections } = goal.load;
    const delivered = report.outcomes.delivered ?? 0;
    return (
      (lost === undefined || lost === delivered < report.total) &&
      (backends === undefined || backends === report.backends.length) &&
      (connections === undefined || connections === report.connections)
    );
  }
  if ("env" in goal) {
    const [namespace = "", name = ""] = goal.env.pod.split("/");
    return world.env(objectKey("Pod", namespace, name), null).some((one) => one.name === goal.env.name);
  }
  if ("after" in goal) {
    const fork = createWorld({ seed: world.seed });
    const { seed, commands } = world;
    if (fork.load({ seed, commands }, null) !== null) return false;
    const since = markNow(fork);
    return goal.after.do.every((action) => isDone(fork, action)) && isMet(fork, goal.after.goal, since, ran);
  }
  return ran.some((line) => new RegExp(goal.ran).test(line));
}

/** Does an action of a lesson in a fork. False when it is refused, or is one of the page's own. */
function isDone(world: World, action: Action): boolean {
  const given = (command: Command): boolean => world.dispatch(command).refusal === null;
  if ("send" in action) return given({ type: "send", request: { protocol: "tcp", ...action.send } });
  if ("run" in action) return given({ type: "run", micros: Math.round(action.run * SECOND) });
  if ("mode" in action) return given({ type: "mode", mode: action.mode });
  if ("command" in action) return given(action.command as unknown as Command);
  if (!("edit" in action)) return false;
  const { object, path, to } = action.edit;
  const edited = world.fieldEdit(object as ObjectKey, path, to);
  return edited !== null && given({ type: "text", text: edited.text });
}

const comesBy = ({ hops }: Walk, { place, stage, verdict, dst }: NonNullable<SentGoal["hop"]>): boolean =>
  hops.some(
    (hop) =>
      fits(place, hop.place) &&
      fits(stage, hop.stage) &&
      fits(verdict, hop.verdict) &&
      fits(dst, `${hop.after.dst}:${String(hop.after.dport)}`),
  );

/** Do enough lines match: so many, or any at all? */
function enough(lines: readonly string[], wanted: { readonly matches: string; readonly count?: number }): boolean {
  const pattern = new RegExp(wanted.matches);
  const found = lines.filter((line) => pattern.test(line)).length;
  return wanted.count === undefined ? found > 0 : found === wanted.count;
}

const tuple = ({ src, sport, dst, dport }: Tuple): string => `${src}:${sport}>${dst}:${dport}`;

const entryText = ({ original, reply }: ConntrackEntry): string =>
  `${original.protocol} ${tuple(original)} reply ${tuple(reply)}`;

/** `*` in a pattern stands for any characters that `any` allows; all the rest is meant as it is. */
function fits(pattern: string | undefined, text: string | null, any = ".*"): boolean {
  if (pattern === undefined) return true;
  const words = pattern.split("*").map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  return text !== null && new RegExp(`^${words.join(any)}$`).test(text);
}

/** 0.5, or "2/3". */
function fraction(share: number | string): number {
  if (typeof share === "number") return share;
  const [over, under = "1"] = share.split("/");
  return Number(over) / Number(under);
}

function comesOut(world: World, goal: OutcomeGoal): boolean {
  const request = { from: goal.from, to: goal.to, protocol: goal.protocol ?? "tcp" };
  const explored = world.explore(request);
  if ("message" in explored) return goal.outcome === "not-sent" && isBecause(world, goal);
  const walks = explored.walks.filter(
    (walk) =>
      (goal.outcome === undefined || walk.outcome === goal.outcome) &&
      fits(goal.sourceSeen, walk.sourceSeen) &&
      (goal.status === undefined || statusOf(walk) === goal.status),
  );
  const weight = walks.reduce((sum, { probability }) => sum + probability, 0);
  if (Math.abs(weight - fraction(goal.share ?? 1)) > 1e-9) return false;
  if (goal.backends !== undefined) {
    const pods = new Set(walks.flatMap(({ backend }) => backend?.pod ?? []));
    if (pods.size !== goal.backends) return false;
  }
  return isBecause(world, goal);
}

function isBecause(world: World, { from, to, protocol = "tcp", because }: OutcomeGoal): boolean {
  if (because === undefined) return true;
  const diagnosis = world.why({ from, to, protocol });
  return "findings" in diagnosis && diagnosis.findings[0]?.id === because;
}

const statusOf = (walk: Walk): number | undefined =>
  walk.response?.status ?? walk.children.findLast(({ response }) => response !== undefined)?.response?.status;

function isObjectSo(world: World, goal: ObjectGoal): boolean {
  const [kind = ""] = goal.object.split("/");
  const found = world.objects
    .list<KubeObject>(kind)
    .filter((one) => fits(goal.object, keyText(one), "[^/]*"))
    .filter((one) => isFieldSo(one, goal));
  const wantsNone = goal.path === undefined && goal.exists === false;
  return found.length === (goal.count ?? found.length) && (goal.count !== undefined || found.length > 0 !== wantsNone);
}

function keyText(one: KubeObject): string {
  const { kind, namespace, name } = splitKey(keyOf(one));
  return `${kind}/${namespace}/${name}`;
}

function isFieldSo(one: KubeObject, { path, equals, matches, exists }: ObjectGoal): boolean {
  if (path === undefined && exists === false) return true;
  const value = path === undefined ? one : valueAt(one, parsePath(path));
  const text = typeof value === "string" ? value : canonicalJson(value ?? null);
  return (
    (exists === undefined || exists === (value !== undefined && value !== null)) &&
    (equals === undefined || deepEqual(value, equals)) &&
    (matches === undefined || (value !== undefined && new RegExp(matches).test(text)))
  );
}

function wasSent(world: World, goal: SentGoal, mark: Mark): boolean {
  const walks = world.walks
    .slice(Math.min(mark.walks, world.walks.length))
    .filter(
      (walk) =>
        fits(goal.from, walk.request.from) &&
        fits(goal.to, walk.request.to) &&
        (goal.protocol === undefined || walk.request.protocol === goal.protocol) &&
        (goal.outcome === undefined || walk.outcome === goal.outcome) &&
        (goal.backend === undefined || fits(goal.backend, walk.backend?.pod ?? null)) &&
        fits(goal.sourceSeen, walk.sourceSeen) &&
        (goal.status === undefined || statusOf(walk) === goal.status) &&
        (goal.questions === undefined || questionsOf(walk) === goal.questions) &&
        (goal.phase === undefined || walk.phase === goal.phase) &&
        (goal.hop === undefined || comesBy(walk, goal.hop)),
    );
  return walks.length >= (goal.times ?? 1);
}

const questionsOf = ({ children }: Walk): number => children.filter(({ role }) => role === "dns").length;

const typeOf = (command: Command): string => (command.type === "fault" ? `fault:${command.fault}` : command.type);

function wasGiven(world: World, goal: GivenGoal, mark: Mark): boolean {
  const pattern = new RegExp(goal.matches ?? "");
  const given = world.commands
    .slice(Math.min(mark.commands, world.commands.length))
    .filter(
      ({ command }) =>
        (typeOf(command) === goal.command || command.type === goal.command) && pattern.test(canonicalJson(command)),
    );
  return given.length >= (goal.times ?? 1);
}
