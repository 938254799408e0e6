/** The race that was run last, how far it is, and the history that the reader has opened of it. */
import { create } from "zustand";
import { mirror } from "../../mirror/store.ts";
import {
  RACE_KNOBS,
  type RaceChange,
  type RaceKnob,
  type RaceLoad,
  type RaceRow,
  type RaceStep,
} from "../../model/trace/race.ts";
import type { Client } from "../../wire/client.ts";
import type { CommandRecord, Queries, SavedHistory } from "../../wire/protocol.ts";
import { say, usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useTime, type Fork } from "../time/time.ts";
import { counted, headline, shortTitle, withRun, withSkipped } from "./tally.ts";
import { FIRST_WISH, type Wish } from "./wish.ts";

/** What was asked, and of which cluster. */
export interface Asked {
  readonly change: RaceChange;
  readonly from: string;
  readonly to: string;
  readonly rate: number;
  readonly seconds: number;
  readonly seeds: number;
  readonly history: SavedHistory;
  /** The text that it was asked of, as the editor had it. */
  readonly text: string;
  /** Equal as long as nothing but requests was added to the history. */
  readonly cluster: string;
}

export interface Story {
  readonly seed: number;
  readonly knob: RaceKnob | null;
  /** Null: it is being played. */
  readonly steps: readonly RaceStep[] | null;
  readonly history: SavedHistory | null;
  /** Step that the reader stands on. */
  readonly at: number;
}

export interface RaceState {
  readonly wish: Wish;
  readonly asked: Asked | null;
  readonly load: RaceLoad | null;
  readonly rows: readonly RaceRow[];
  /** The text with each knob turned, as it was raced. */
  readonly texts: ReadonlyMap<RaceKnob, string>;
  readonly running: boolean;
  /** Why it ended before its end, or could not begin; null: it did not. */
  readonly ended: string | null;
  /** Setting whose histories are shown. */
  readonly shown: RaceKnob | null;
  readonly story: Story | null;
  /** The history of a race is on the map, and the reader's own is put aside. */
  readonly opened: { readonly fork: Fork; readonly seed: number; readonly knob: RaceKnob | null } | null;
  /** What a knob's text has been put into the editor as. */
  readonly applied: RaceKnob | null;
}

const NOTHING = {
  asked: null,
  load: null,
  rows: [],
  texts: new Map<RaceKnob, string>(),
  running: false,
  ended: null,
  shown: null,
  story: null,
  applied: null,
} as const;

export const useRace = create<RaceState>()(() => ({ ...NOTHING, wish: FIRST_WISH, opened: null }));

/** Commands that do not change what a race is about. */
const BESIDE: readonly CommandRecord["command"]["type"][] = [
  "send",
  "connect",
  "exchange",
  "close",
  "load",
  "run",
  "pace",
];

/** Equal for histories that differ by requests and time alone. */
export function clusterOf(commands: readonly CommandRecord[]): string {
  return JSON.stringify(commands.map(({ command }) => command).filter(({ type }) => !BESIDE.includes(type)));
}

/** What was worked out last: while time plays, it is asked for with every frame. */
let known: { readonly commands: readonly CommandRecord[]; readonly is: string } | null = null;

/** The cluster as the page has it now, with what is being typed. */
function clusterNow(): string {
  const { commands } = useTime.getState().whole;
  if (known === null || known.commands !== commands) known = { commands, is: clusterOf(commands) };
  return `${usePage.getState().draft}\n${known.is}`;
}

/** Is the cluster on show another than the one that was raced? One of its own histories does not count as another. */
export function isStale({ asked, opened }: Pick<RaceState, "asked" | "opened">, now: string): boolean {
  return asked !== null && opened === null && asked.cluster !== now;
}

/** For `isStale` in a component: changes when the cluster or the text does. */
export const clusterKey = clusterNow;

type Answer = Queries["race"]["answer"];

/** The simulator that plays the histories, beside the one that the page shows: it is ended when nobody needs it any more. */
let racer: { readonly client: Client; readonly asked: Asked; timer: ReturnType<typeof setTimeout> | null } | null =
  null;
/** How long it waits for one more question. */
const IDLE_MS = 60_000;
/** Counts races, so that answers to an ended one are not taken for another's. */
let race = 0;

function endRacer(): void {
  if (racer === null) return;
  if (racer.timer !== null) clearTimeout(racer.timer);
  racer.client.close();
  racer = null;
}

async function racerFor(session: Session, asked: Asked): Promise<Client> {
  if (racer !== null && racer.asked !== asked) endRacer();
  if (racer !== null) {
    if (racer.timer !== null) clearTimeout(racer.timer);
    racer.timer = null;
    return racer.client;
  }
  const client = session.aside();
  racer = { client, asked, timer: null };
  await client.load(asked.history, null);
  return client;
}

function restRacer(): void {
  if (racer !== null) racer.timer = setTimeout(endRacer, IDLE_MS);
}

async function play(
  session: Session,
  asked: Asked,
  seed: number,
  knob: RaceKnob | null,
  steps: boolean,
): Promise<Answer | null> {
  const { change, from, to, rate } = asked;
  try {
    const client = await racerFor(session, asked);
    return await client.query("race", {
      change,
      ...(from === "" ? {} : { from }),
      ...(to === "" ? {} : { to }),
      rate,
      duration: Math.round(asked.seconds * 1e6),
      seed,
      knob,
      steps,
    });
  } catch {
    return null;
  }
}

/** Ends a race that runs; what is known of it stays. */
export function stopRace(why: string): void {
  if (!useRace.getState().running) return;
  race += 1;
  endRacer();
  useRace.setState({ running: false, ended: why });
  say(why);
}

/** How far it is: "7 of 20 histories", "7 of 20 histories with preStop sleep 5 s". */
export function farText({ rows, asked }: Pick<RaceState, "rows" | "asked">): string {
  const row = rows.at(-1);
  const turned = row === undefined || row.knob === null ? "" : ` with ${shortTitle(row.knob)}`;
  return `${String(row?.runs.length ?? 0)} of ${counted(asked?.seeds ?? 0, "history", "histories")}${turned}`;
}

/** Plays all seeds as it is, then with each knob turned. A cluster that changes meanwhile ends it. */
export async function runRace(session: Session, change: RaceChange, wish: Wish): Promise<void> {
  await closeHistory(session);
  await session.flush();
  stopRace("");
  const mine = ++race;
  const { report } = mirror.getState();
  if (!report.accepted) {
    const ended = "The text as it stands is refused: mend it first, below the editor.";
    useRace.setState({ ...NOTHING, ended });
    say(ended);
    return;
  }
  const { from, to, rate, seconds, seeds } = wish;
  const asked: Asked = {
    change,
    from,
    to,
    rate,
    seconds,
    seeds,
    history: session.client.history(),
    text: usePage.getState().draft,
    cluster: clusterNow(),
  };
  useRace.setState({ ...NOTHING, asked, running: true });
  const check = (): void => {
    if (race !== mine || clusterNow() === asked.cluster) return;
    stopRace(
      `The text or the cluster was changed: the race was ended after ${farText(useRace.getState())}. Run it again.`,
    );
  };
  const stops = [usePage.subscribe(check), useTime.subscribe(check)];
  try {
    await rowsOf(session, asked, () => race === mine);
  } finally {
    for (const stop of stops) stop();
  }
  if (race !== mine) return;
  restRacer();
  useRace.setState({ running: false });
  const [plain] = useRace.getState().rows;
  if (plain !== undefined && plain.runs.length > 0) say(headline(plain));
}

async function rowsOf(session: Session, asked: Asked, isWanted: () => boolean): Promise<void> {
  for (const knob of [null, ...RACE_KNOBS]) {
    for (let seed = 1; seed <= asked.seeds; seed++) {
      const answer = await play(session, asked, seed, knob, false);
      if (!isWanted()) return;
      if (answer === null) {
        useRace.setState({ ended: "The simulator that played the histories stopped. What it had played stays." });
        return;
      }
      const { rows, texts } = useRace.getState();
      if ("message" in answer) {
        if (knob === null) {
          useRace.setState({ ended: answer.message });
          return;
        }
        useRace.setState({ rows: withSkipped(rows, knob, answer.message) });
        break;
      }
      const { run, load, history } = answer;
      useRace.setState({ rows: withRun(rows, run), ...(knob === null && seed === 1 ? { load } : {}) });
      if (knob !== null && !texts.has(knob)) {
        const text = history.commands.findLast(({ command }) => command.type === "text")?.command;
        if (text?.type === "text") useRace.setState({ texts: new Map([...texts, [knob, text.text]]) });
      }
    }
    // Nothing is lost: there is nothing to close.
    if (knob === null && useRace.getState().rows[0]?.lost === 0) return;
  }
}

/** Opens one history: its steps, at the first lost request. */
export async function openStory(session: Session, seed: number, knob: RaceKnob | null): Promise<void> {
  const { asked } = useRace.getState();
  if (asked === null) return;
  const isMine = (): boolean => {
    const { story } = useRace.getState();
    return story !== null && story.seed === seed && story.knob === knob && useRace.getState().asked === asked;
  };
  useRace.setState({ story: { seed, knob, steps: null, history: null, at: 0 } });
  const answer = await play(session, asked, seed, knob, true);
  if (!useRace.getState().running) restRacer();
  if (!isMine()) return;
  if (answer === null || "message" in answer || answer.steps === undefined) {
    useRace.setState({ story: null, ended: "This history could not be played again." });
    return;
  }
  const { steps, history } = answer;
  const at = Math.max(
    0,
    steps.findIndex(({ kind }) => kind === "lost"),
  );
  useRace.setState({ story: { seed, knob, steps, history, at } });
}

/** Stands on another step; while its history is on the map, the map goes there too. */
export function goTo(session: Session, at: number): void {
  const { story, opened } = useRace.getState();
  const step = story?.steps?.[at];
  if (story === null || step === undefined) return;
  useRace.setState({ story: { ...story, at } });
  if (opened === null || opened.seed !== story.seed || opened.knob !== story.knob) return;
  session.time.look({ at: step.at, after: step.event }, step.walk ?? null);
}

/** Puts the story's history on the map, at the step that the reader stands on. */
export async function showHistory(session: Session): Promise<void> {
  const { story } = useRace.getState();
  if (story === null || story.history === null) return;
  await session.flush();
  await closeHistory(session);
  const { seed, knob, history, at } = story;
  const fork = await session.time.open(history, `The map shows seed ${String(seed)} of the race.`);
  if (fork === null) return;
  useRace.setState({ opened: { fork, seed, knob } });
  goTo(session, at);
}

/** Back from a race's history to the reader's own. */
export async function closeHistory(session: Session): Promise<void> {
  const { opened } = useRace.getState();
  if (opened === null) return;
  if (useTime.getState().forks.some(({ id }) => id === opened.fork.id)) await session.time.undoFork(opened.fork);
  useRace.setState({ opened: null });
}

// However it was left: by the list of what was put aside, by another scenario.
useTime.subscribe(({ forks }) => {
  const { opened } = useRace.getState();
  if (opened !== null && !forks.some(({ id }) => id === opened.fork.id)) useRace.setState({ opened: null });
});
