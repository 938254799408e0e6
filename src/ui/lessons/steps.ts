/** What buttons of a lesson do, by the page's own ways. */
import { mirror } from "../../mirror/store.ts";
import type { Action, Lesson, Look } from "../../model/lesson/types.ts";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { Command } from "../../wire/protocol.ts";
import { openConsole } from "../console/open.ts";
import { sequence, usePlayback } from "../playback.ts";
import { say, usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { noteRan, useLesson } from "./state.ts";

const mark = () => ({ walks: mirror.getState().walks.length, commands: mirror.getState().commands.length });

async function give(session: Session, command: Command): Promise<void> {
  await session.flush();
  const { refusal } = await session.client.command(command);
  if (refusal !== null) usePage.setState({ notice: { kind: "refused", message: refusal.message } });
}

/** Does one action. `quietly`: a line of the terminal is run without bringing the terminal into sight. */
export async function perform(session: Session, action: Action, quietly = false): Promise<void> {
  if ("send" in action) {
    const { from, to, protocol = "tcp" } = action.send;
    await session.send({ from, to, protocol });
  } else if ("edit" in action) {
    const { object, path, to } = action.edit;
    await session.flush();
    const edited = await session.client.query("fieldEdit", { object: object as ObjectKey, path, to: to as never });
    if (edited !== null && "text" in edited) session.replaceText(edited.text);
    await session.flush();
  } else if ("replace" in action) {
    session.replaceText(usePage.getState().draft.replace(action.replace, () => action.with));
    await session.flush();
  } else if ("append" in action) {
    const { draft } = usePage.getState();
    session.replaceText(`${draft.endsWith("\n") || draft === "" ? draft : `${draft}\n`}---\n${action.append}`);
    await session.flush();
  } else if ("console" in action) {
    if (quietly) {
      await session.flush();
      await session.client.query("console", { argv: [action.console] });
      noteRan(action.console);
    } else openConsole(action.console);
  } else if ("mode" in action) await give(session, { type: "mode", mode: action.mode });
  else if ("run" in action) await give(session, { type: "run", micros: Math.round(action.run * 1_000_000) });
  else await give(session, action.command as unknown as Command);
}

/** Opens a lesson at its beginning. */
export async function openLesson(session: Session, slug: string): Promise<void> {
  const { LESSONS } = await import("../../lessons/index.ts");
  const lesson = LESSONS.find((one) => one.slug === slug);
  if (lesson !== undefined) await begin(session, lesson);
}

export async function begin(session: Session, lesson: Lesson): Promise<void> {
  useLesson.setState({ lesson: null, listing: false });
  await session.openSource(lesson.title, lesson.text);
  for (const action of lesson.begin) await perform(session, action, true);
  useLesson.setState({
    lesson,
    step: 0,
    met: lesson.steps.map(() => false),
    mark: mark(),
    ran: [],
    predicted: {},
    hints: 0,
  });
  say(`Lesson ${String(lesson.number)}: ${lesson.title}`);
}

export function goTo(step: number): void {
  useLesson.setState({ step, mark: mark(), ran: [], hints: 0 });
}

/** Does the step for the learner. */
export async function solve(session: Session): Promise<void> {
  const { lesson, step } = useLesson.getState();
  for (const action of lesson?.steps[step]?.solution ?? []) await perform(session, action, true);
}

const DOCKS = {
  rules: "rules",
  trace: "trace",
  timeline: "timeline",
  outcomes: "outcomes",
  conntrack: "traffic",
} as const;

/** Brings what a step points at into sight. */
export function show({ view, object, hop, node }: Look): void {
  const { set } = useUi.getState();
  if (object !== undefined && !object.includes("*")) set({ object: object as ObjectKey });
  if (node !== undefined) set({ rulesNode: node });
  if (view === "compare") set({ center: "compare" });
  else if (view === "console") openConsole();
  else if (view in DOCKS) set({ dock: DOCKS[view as keyof typeof DOCKS], phone: "details" });
  else set({ center: "map" });
  const { walk, select } = usePlayback.getState();
  if (hop === undefined || walk === null) return;
  const fits = (wanted: string | undefined, is: string): boolean =>
    wanted === undefined || (wanted.endsWith("*") ? is.startsWith(wanted.slice(0, -1)) : is === wanted);
  const found = sequence(walk).find(
    ({ leg, hop: one }) =>
      fits(hop.leg ?? "request", leg) &&
      fits(hop.place, one.place) &&
      fits(hop.stage, one.stage) &&
      fits(hop.verdict, one.verdict),
  );
  if (found !== undefined) select({ leg: found.leg, index: found.hop.index });
}
