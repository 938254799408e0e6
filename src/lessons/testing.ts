/** A lesson played without a page: what its tests need. Everything that is not as the lesson claims is said in a sentence. */
import { runConsole } from "../kubectl/console.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { Action, Lesson, LessonStep, Look } from "../model/lesson/types.ts";
import type { ObjectKey } from "../model/meta/types.ts";
import type { FindingId } from "../model/trace/finding.ts";
import type { Command } from "../wire/protocol.ts";
import { goalsMet, markNow } from "../world/lesson.ts";
import type { World } from "../world/types.ts";
import { createWorld } from "../world/world.ts";

const textOf = (world: World): string => {
  const last = world.commands.findLast(({ command }) => command.type === "text")?.command;
  return last?.type === "text" ? last.text : "";
};

function give(world: World, command: Command): string | null {
  return world.dispatch(command).refusal?.message ?? null;
}

/** As the page does it: null, or why it could not be done. */
function perform(world: World, action: Action, ran: string[]): string | null {
  if ("send" in action) return give(world, { type: "send", request: { protocol: "tcp", ...action.send } });
  if ("edit" in action) {
    const { object, path, to } = action.edit;
    const edited = world.fieldEdit(object as ObjectKey, path, to);
    return edited === null ? `${object} ${path} cannot be edited` : give(world, { type: "text", text: edited.text });
  }
  if ("replace" in action) {
    const parts = textOf(world).split(action.replace);
    if (parts.length !== 2) return `${JSON.stringify(action.replace)} stands there ${parts.length - 1} times`;
    return give(world, { type: "text", text: parts.join(action.with) });
  }
  if ("append" in action)
    return give(world, { type: "text", text: `${textOf(world).trimEnd()}\n---\n${action.append}` });
  if ("console" in action) {
    const { stderr } = runConsole(world, [action.console]);
    ran.push(action.console);
    return /unknown command|not found|No such|Error from server/.test(stderr) ? `${action.console}: ${stderr}` : null;
  }
  if ("mode" in action) return give(world, { type: "mode", mode: action.mode });
  if ("run" in action) return give(world, { type: "run", micros: Math.round(action.run * 1_000_000) });
  return give(world, action.command as unknown as Command);
}

/** The lesson as it opens, and what did not go well. */
export function opened(lesson: Lesson): { readonly world: World; readonly wrong: readonly string[] } {
  const world = createWorld({ seed: null });
  const wrong = [give(world, { type: "text", text: lesson.text })];
  wrong.push(...world.report.diagnostics.filter((d) => d.severity === "error").map((d) => d.message));
  for (const action of lesson.begin) wrong.push(perform(world, action, []));
  return { world, wrong: wrong.filter((one) => one !== null) };
}

const fits = (pattern: string | undefined, text: string): boolean =>
  pattern === undefined || new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(text);

/** Is there what the step points at? */
function looked(world: World, { object, path, hop, node, search = "" }: Look, walksBefore: number): readonly string[] {
  const wrong: string[] = [];
  if (object !== undefined && !object.includes("*")) {
    if (world.objects.get(object as ObjectKey) === undefined) wrong.push(`there is no ${object}`);
    else if (path !== undefined && world.locate(object as ObjectKey, path) === null) wrong.push(`no ${object} ${path}`);
  }
  if (node !== undefined) {
    const { total } = world.ruleRows({ node, table: null, search, offset: 0, limit: 1 });
    if (total === 0) wrong.push(`no rule of ${node} has ${JSON.stringify(search)}`);
  }
  if (hop !== undefined) {
    const { leg = "request", place, stage, verdict } = hop;
    const last = world.walks.slice(walksBefore).at(-1);
    const walks = last === undefined ? [] : [last, ...last.children];
    const hops = walks.flatMap((walk) => (leg === "request" ? walk.hops : walk.reply));
    if (!hops.some((one) => fits(place, one.place) && fits(stage, one.stage) && fits(verdict, one.verdict))) {
      wrong.push(
        `no such hop: ${JSON.stringify(hop)} in ${hops.map((h) => `${h.place} ${h.stage} ${h.verdict}`).join(", ")}`,
      );
    }
  }
  return wrong;
}

/** Plays a lesson by its solution: the world that it comes to, and what is not so. Nothing: each step fails before it is done, and passes after. */
export function played(lesson: Lesson): { readonly world: World; readonly wrong: readonly string[] } {
  const { world, wrong: wrongAtFirst } = opened(lesson);
  const wrong = [...wrongAtFirst];
  for (const step of lesson.steps) {
    const since = markNow(world);
    const ran: string[] = [];
    const say = (what: string): unknown => wrong.push(`${step.heading}: ${what}`);
    const met = (): boolean | undefined => goalsMet(world, { goals: [step.goal], since, ran })[0];
    if (met() !== false) say("the goal is met before anything is done");
    if (step.predict?.when === "begun") answered(world, step, since, ran).forEach(say);
    for (const action of step.solution) {
      const failed = perform(world, action, ran);
      if (failed !== null) say(failed);
    }
    if (met() !== true) say("the solution does not meet the goal");
    if (step.predict?.when !== "begun") answered(world, step, since, ran).forEach(say);
    for (const look of step.look) looked(world, look, since.walks).forEach(say);
  }
  return { world, wrong };
}

/** Errors that are found in the whole cluster. */
export function errorsIn(world: World): readonly FindingId[] {
  const found = world.whyAll();
  if ("message" in found) throw new Error(found.message);
  return found.findings.filter(({ severity }) => severity === "error").map(({ id }) => id);
}

/** What the world's text makes in another mode, with nothing done to it. */
export function inMode(world: World, mode: ProxyMode): World {
  const other = createWorld({ seed: null });
  other.dispatch({ type: "mode", mode });
  other.dispatch({ type: "text", text: textOf(world) });
  return other;
}

/** Options of which the simulation says the contrary. */
function answered(
  world: World,
  { predict }: LessonStep,
  since: ReturnType<typeof markNow>,
  ran: readonly string[],
): readonly string[] {
  return (predict?.options ?? []).flatMap(({ text, check, right }) => {
    if (check === undefined) return [];
    const holds = goalsMet(world, { goals: [check], since, ran })[0] === true;
    return holds === (right === true) ? [] : [`the answer ${JSON.stringify(text)} is ${holds ? "true" : "false"}`];
  });
}
