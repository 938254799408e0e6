/** What the page does: everything that a button, a key or a link sets off, in one place and without React. */
import { createContext, use } from "react";
import { applyFrame, mirror } from "../../mirror/store.ts";
import type { Request, Walk } from "../../model/trace/types.ts";
import { DEFAULT_SCENARIO, SCENARIOS, scenarioBySlug, type Scenario } from "../../scenarios/index.ts";
import { readLab } from "../../scenarios/lab.ts";
import { connect, type Client, type Done } from "../../wire/client.ts";
import type { Frame, FromWorker, SavedHistory, ToWorker, Transport } from "../../wire/protocol.ts";
import { currentHop, usePlayback } from "../playback.ts";
import type * as codec from "../share/codec.ts";
import type { SharedState } from "../share/schema.ts";
import { useUi } from "../state.ts";
import { recallDraft, rememberDraft } from "./draft.ts";
import { followUrl } from "../time/url.ts";
import { createTime, useTime, type TimeControl } from "../time/time.ts";
import { outlived } from "./outlived.ts";
import { replaceDraft, say, usePage } from "./page.ts";

/** Loaded when a link is read or made: the first picture does not wait for it. */
const loadCodec = (): Promise<typeof codec> => import("../share/codec.ts");

/** How long typing rests before the text is sent. */
const TYPING_MS = 120;
/** Seconds without an answer after which a simulator for long work is given up. */
const PATIENCE = 120;
/** How long it rests before it is written to disk. */
const SAVE_MS = 400;

export interface Session {
  readonly client: Client;
  /** The playhead over the whole history. */
  readonly time: TimeControl;
  /** Opens the hash, else the draft, else the default scenario. */
  start(): Promise<void>;
  openScenario(scenario: Scenario): Promise<void>;
  /** Opens a text from elsewhere as a fresh history. It is the draft from then on: a reload comes back to it. */
  openSource(title: string, text: string): Promise<void>;
  /** Back to the scenario's start. */
  reset(): Promise<void>;
  /** The text as it now stands in the editor. Sent when typing rests. */
  edit(text: string): void;
  /** Replaces the text as one undoable edit, and sends it at once. */
  replaceText(text: string): void;
  /** Waits until the worker has what was typed: a command that follows acts on it. */
  flush(): Promise<void>;
  /** Sends a request and puts its walk on stage. */
  send(request: Request): Promise<Done>;
  /** The page as a hash, with what is still being typed. Null when it holds more than a link can: what would not open is no link. */
  hash(): Promise<string | null>;
  restart(): Promise<void>;
  /** Another simulator, with nothing in it yet, for long work that must not keep this one. Whoever asked for it closes it. */
  aside(): Client;
  close(): void;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error("useSession stands outside of SessionContext");
  return session;
}

export function createSession(open: () => Transport<ToWorker, FromWorker>): Session {
  /** Text that the worker has, or is being given. */
  let given: string | null = null;
  let typing: ReturnType<typeof setTimeout> | null = null;
  let saving: ReturnType<typeof setTimeout> | null = null;
  let sendingText = false;
  /** Until the worker has all texts so far. */
  let textGiven: Promise<void> = Promise.resolve();
  /** Counts openings, so that a slow one does not act after a later one. */
  let opening = 0;
  let isOpening = false;

  /** Histories that are being loaded: what their frames say of the text is what the page has just given. */
  let loads = 0;
  const load = async (history: SavedHistory): Promise<Done> => {
    loads += 1;
    try {
      return await client.load(history, null);
    } finally {
      loads -= 1;
    }
  };

  const frame = (next: Frame): void => {
    applyFrame(mirror, next);
    if (usePage.getState().working !== null) usePage.setState({ working: null });
    time.frame(next);
    // Sought back, or replayed: the editor follows to the text that was in force then, unless something was typed since.
    const quiet = typing === null && !sendingText && given !== null && loads === 0;
    if (
      (next.full || next.sought === true) &&
      quiet &&
      next.report.accepted &&
      next.text !== given &&
      next.text !== ""
    ) {
      given = next.text;
      replaceDraft(next.text);
    }
  };

  const client = connect(open, {
    frame,
    progress: (replaying) => {
      // A handful is done before anybody could read it.
      if (replaying !== usePage.getState().replaying) usePage.setState({ replaying });
    },
    working: (events) => {
      usePage.setState({ working: { events } });
    },
    status: (status, trouble) => {
      mirror.setState({ status, trouble });
      if (status === "stalled") say(`The simulator stopped answering. ${trouble ?? ""}`);
    },
  });

  const time = createTime(client);

  const stopTyping = (): void => {
    if (typing !== null) clearTimeout(typing);
    typing = null;
  };

  /** What is wrong with a text stands in its report, beside the text; everything else is said above the map. */
  const tellRefusal = (message: string): void => {
    const { status, report } = mirror.getState();
    // A simulator that stopped or failed has a notice of its own.
    if (status === "ready" && report.accepted) usePage.setState({ notice: { kind: "refused", message } });
  };

  const flushText = (): Promise<void> => {
    stopTyping();
    // One text at a time: while the worker is busy with one, only the newest waits.
    if (!sendingText) textGiven = giveText();
    return textGiven;
  };

  const giveText = async (): Promise<void> => {
    sendingText = true;
    try {
      for (let text = usePage.getState().draft; text !== given; text = usePage.getState().draft) {
        given = text;
        const { refusal } = await client.command({ type: "text", text });
        if (refusal !== null) tellRefusal(refusal.message);
        putAway();
      }
    } finally {
      sendingText = false;
    }
  };

  /** A walk between what is not there any more leaves the stage; the timeline has it still. */
  const putAway = (): void => {
    const { walk } = usePlayback.getState();
    if (walk === null || !outlived(walk, mirror.getState().objects)) return;
    usePlayback.getState().show(null);
    useUi.getState().set({ walk: null });
    say(`Walk ${String(walk.id)} went to what is not in the cluster any more. The timeline keeps it.`);
  };

  const save = (): void => {
    saving = null;
    const { draft, scenario } = usePage.getState();
    rememberDraft(location.hash, scenario.slug, draft);
  };

  const walkById = (id: number): Walk | null => mirror.getState().walks.find((walk) => walk.id === id) ?? null;

  const show = (walk: Walk, paused: boolean): void => {
    useUi.getState().set({ walk: walk.id });
    usePlayback.getState().show(walk, { paused });
  };

  const send = async (request: Request): Promise<Done> => {
    if (typing !== null || sendingText) await flushText();
    const done = await client.command({ type: "send", request });
    const walk = done.walk === null ? null : walkById(done.walk);
    if (done.refusal !== null) say(`Not sent: ${done.refusal.message}`);
    else if (walk !== null) {
      show(walk, false);
      say(`Walk ${String(walk.id)}, ${walk.outcome}: ${walk.summary}`);
    }
    return done;
  };

  const clearView = (): void => {
    time.forget();
    usePlayback.getState().show(null);
    useUi.getState().set({ walk: null, object: null, revealLine: null, rulesFocus: null, center: "map" });
  };

  const takeText = (scenario: Scenario, text: string): void => {
    stopTyping();
    given = text;
    usePage.setState({ scenario });
    replaceDraft(text);
  };

  /** Loads one text as a fresh history and sends what the scenario opens with. */
  const openText = async (scenario: Scenario, text: string): Promise<void> => {
    const mine = ++opening;
    clearView();
    takeText(scenario, text);
    const history: SavedHistory = { seed: null, commands: [{ at: 0, command: { type: "text", text } }] };
    const { refusal } = await load(history);
    if (mine !== opening) return;
    if (refusal !== null) {
      tellRefusal(refusal.message);
      return;
    }
    const request = readLab(text).open ?? scenario.open;
    if (request !== null) await send({ ...request, protocol: "tcp" });
  };

  const openShared = async (state: SharedState, draft: string | null): Promise<void> => {
    const mine = ++opening;
    clearView();
    const scenario = (state.scenario === null ? null : scenarioBySlug(state.scenario)) ?? DEFAULT_SCENARIO;
    const last = state.history.commands.findLast(({ command }) => command.type === "text")?.command;
    takeText(scenario, last?.type === "text" ? last.text : "");
    // The whole history first: the timeline shows what came later too.
    const { refusal } = await load(state.history);
    if (mine !== opening) return;
    if (state.upTo !== null) await client.seek(state.upTo, state.after ?? null);
    if (mine !== opening) return;
    if (refusal !== null) tellRefusal(refusal.message);
    const { view } = state;
    const walk = view.walk === null ? null : walkById(view.walk);
    useUi.getState().set({ object: view.object, center: view.center });
    if (walk !== null) {
      show(walk, true);
      const last = walk.reply.at(-1) ?? walk.hops.at(-1);
      const hop = view.hop === null ? undefined : (view.hop.leg === "reply" ? walk.reply : walk.hops)[view.hop.index];
      // At its end a walk is over, and told as a whole.
      if (hop !== undefined && hop === last) usePlayback.getState().show(walk, { paused: true, at: walk.endedAt });
      else if (view.hop !== null) usePlayback.getState().select(view.hop);
    }
    if (draft !== null && draft !== usePage.getState().draft) {
      replaceDraft(draft);
      await flushText();
    }
  };

  const openHash = async (): Promise<void> => {
    isOpening = true;
    try {
      await openHere();
    } finally {
      isOpening = false;
      follow.rest();
    }
  };

  const openHere = async (): Promise<void> => {
    const { hash } = location;
    const mine = ++opening;
    const decoded = hash === "" ? null : (await loadCodec()).decodeShare(hash);
    if (mine !== opening) return;
    if (decoded?.ok === true) {
      usePage.setState({ notice: null });
      await openShared(decoded.value, recallDraft(hash)?.text ?? null);
      return;
    }
    const error = decoded?.error ?? ({ kind: "none" } as const);
    if (error.kind === "damaged") usePage.setState({ notice: { kind: "damaged-link", why: error.why } });
    if (error.kind === "newer")
      usePage.setState({ notice: { kind: "newer-link", version: error.version, text: error.text } });
    // A bad link leaves the address bar, so that a reload does not meet it again.
    if (error.kind !== "none") history.replaceState(null, "", location.pathname + location.search);
    const draft = error.kind === "none" ? recallDraft("") : null;
    const scenario = (draft === null ? null : scenarioBySlug(draft.base)) ?? DEFAULT_SCENARIO;
    await openText(scenario, draft?.text ?? scenario.text);
  };

  const onHashChange = (): void => void openHash();
  addEventListener("hashchange", onHashChange);
  // A reload or a closed tab in the middle of typing: what was typed last is not on disk yet.
  const onPageHide = (): void => {
    if (saving === null) return;
    clearTimeout(saving);
    save();
  };
  addEventListener("pagehide", onPageHide);

  const openScenario = async (scenario: Scenario): Promise<void> => {
    if (location.hash !== "") history.pushState(null, "", location.pathname + location.search);
    usePage.setState({ notice: null });
    // A reload comes back to this scenario.
    rememberDraft("", scenario.slug, null);
    await openText(scenario, scenario.text);
  };

  const hash = async (): Promise<string | null> => {
    const { decodeShare, encodeShare } = await loadCodec();
    await flushText();
    const { now } = mirror.getState();
    const { looking, after } = useTime.getState();
    const { walk, object, center } = useUi.getState();
    const { scenario } = usePage.getState();
    const encoded = encodeShare({
      scenario: SCENARIOS.includes(scenario) ? scenario.slug : null,
      history: client.history(),
      upTo: looking ? now : null,
      ...(looking && after !== null ? { after } : {}),
      view: { walk, hop: currentHop(usePlayback.getState()), object, center },
    });
    return decodeShare(encoded).ok ? encoded : null;
  };

  const follow = followUrl({
    hash,
    busy: () => typing !== null || sendingText || isOpening,
    // What is typed over a link is kept for that link: it moves along.
    wrote: (written) => rememberDraft(written, usePage.getState().scenario.slug, usePage.getState().draft),
  });

  return {
    client,
    time,
    start: async () => {
      await openHash();
      const written = new URLSearchParams(location.search).get("src");
      if (written !== null) usePage.setState({ notice: { kind: "source", written } });
      // Share writes to the clipboard, which browsers allow only right after the click: its code is there by then.
      void loadCodec();
    },
    openScenario,
    openSource: async (title, text) => {
      // The address has done its work: it must not ask again over what is edited now.
      history.replaceState(null, "", location.pathname);
      usePage.setState({ notice: null });
      rememberDraft("", "", text);
      await openText({ slug: "", title, text, open: null }, text);
    },
    reset: async () => {
      await openScenario(usePage.getState().scenario);
      say(`${usePage.getState().scenario.title}: back to its start.`);
    },
    edit: (text) => {
      if (text === usePage.getState().draft) return;
      usePage.setState({ draft: text });
      stopTyping();
      typing = setTimeout(() => void flushText(), TYPING_MS);
      if (saving !== null) clearTimeout(saving);
      saving = setTimeout(save, SAVE_MS);
    },
    replaceText: (text) => {
      replaceDraft(text);
      save();
      void flushText();
    },
    flush: flushText,
    send,
    hash,
    restart: async () => {
      const { refusal } = await client.restart();
      if (refusal !== null) return;
      given = mirror.getState().text;
      say("The simulator was restarted and your commands were replayed.");
    },
    aside: () => connect(open, {}, { silentTicks: PATIENCE }),
    close: () => {
      removeEventListener("hashchange", onHashChange);
      removeEventListener("pagehide", onPageHide);
      stopTyping();
      time.close();
      follow.close();
      if (saving !== null) save();
      client.close();
    },
  };
}
