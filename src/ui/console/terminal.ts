/** The one terminal of a session: it outlives the panel that shows it, so that going to another tab and back loses nothing. */
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { create, type StoreApi, type UseBoundStore } from "zustand";
import { mirror } from "../../mirror/store.ts";
import { filesByName } from "../editor/files.ts";
import { openInTab } from "../editor/tabs.ts";
import { clock } from "../inspector/wording.ts";
import { usePlayback } from "../playback.ts";
import { usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { recall, remember } from "../shell/storage.ts";
import { noteRan } from "../lessons/state.ts";
import { useUi } from "../state.ts";
import { readLines, writeLines } from "./history.ts";
import type { KeyName } from "./keys.ts";
import { createRepl, type Status } from "./repl.ts";
import { monoFont, terminalTheme } from "./theme.ts";

const HISTORY = "console.history";
const SCREEN_READER = "console.screenReader";
const SCROLLBACK = 10_000;

export interface ConsoleState extends Status {
  /** Walks that the last line has made. */
  readonly walks: readonly number[];
  readonly screenReader: boolean;
  /** Escape was pressed: Tab leaves. */
  readonly leaving: boolean;
  /** What the last line came to, for those who hear it; a count keeps equal answers apart. */
  readonly spoken: { readonly text: string; readonly count: number };
}

export interface ConsoleHandle {
  readonly state: UseBoundStore<StoreApi<ConsoleState>>;
  /** Puts the terminal into an element and keeps it fitted; call what comes back to take it out. */
  attach(parent: HTMLElement): () => void;
  focus(): void;
  run(line: string): void;
  press(name: KeyName): void;
  setScreenReader(on: boolean): void;
}

const handles = new WeakMap<Session, ConsoleHandle>();

/** The session's terminal, made when it is first asked for. */
export function consoleOf(session: Session): ConsoleHandle {
  const known = handles.get(session);
  if (known !== undefined) return known;
  const handle = createConsole(session);
  handles.set(session, handle);
  return handle;
}

function createConsole(session: Session): ConsoleHandle {
  const state = create<ConsoleState>()(() => ({
    doing: "reading",
    code: null,
    walks: [],
    screenReader: recall(SCREEN_READER) === "on",
    leaving: false,
    spoken: { text: "", count: 0 },
  }));
  const host = document.createElement("div");
  host.style.height = "100%";
  const terminal = new Terminal({
    allowProposedApi: false,
    cursorBlink: false,
    cursorStyle: "bar",
    cursorWidth: 2,
    cursorInactiveStyle: "outline",
    fontFamily: monoFont(),
    fontSize: 12,
    lineHeight: 1.15,
    scrollback: SCROLLBACK,
    screenReaderMode: state.getState().screenReader,
    theme: terminalTheme(),
    // Addresses in the output are no places to go to.
    linkHandler: { activate: () => {} },
    // Alt is for words, as readline has it.
    macOptionIsMeta: true,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);

  let lines = readLines(recall(HISTORY));
  /** Walks that stood there when the line that runs was given. */
  const repl = createRepl({
    write: (text) => terminal.write(text),
    size: () => ({ columns: terminal.cols, rows: terminal.rows }),
    ask: async (line) => {
      const files = filesByName(usePage.getState().draft);
      const before = new Set(mirror.getState().walks.map(({ id }) => id));
      const answer = await session.client.query("console", { ...line, files });
      if (line.readOnly === true && answer.changes === true) return answer;
      if (line.follow === undefined || line.follow === "start") noteRan(line.argv.join(" "));
      const walks = mirror.getState().walks.filter(({ id }) => !before.has(id));
      const last = walks.at(-1);
      if (typeof line.follow !== "number" || last !== undefined) state.setState({ walks: walks.map(({ id }) => id) });
      if (last !== undefined) {
        useUi.getState().set({ walk: last.id });
        usePlayback.getState().show(last);
      }
      return answer;
    },
    complete: (line, cursor) =>
      session.client.query("complete", {
        line,
        cursor,
        files: Object.keys(filesByName(usePage.getState().draft)),
      }),
    lookingBack: () => {
      const { now, end, commands } = mirror.getState();
      const later = session.client.history().commands.length - commands.length;
      return now < end || later > 0 ? { at: clock(now), later: Math.max(0, later) } : null;
    },
    history: () => lines,
    keep: (next) => {
      if (next === lines) return;
      lines = next;
      remember(HISTORY, writeLines(next));
    },
    clear: () => terminal.write("\u001b[2J\u001b[3J\u001b[H"),
    page: (by) => terminal.scrollPages(by),
    open: (name, text) => openInTab(session, name, text),
    status: (status) => state.setState(status),
    say: (text) => state.setState(({ spoken }) => ({ spoken: { text, count: spoken.count + 1 } })),
  });

  terminal.onData((data) => repl.input(data));
  terminal.onResize(() => repl.redraw());
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== "keydown") return true;
    // The page's keys for the console itself.
    if ((event.ctrlKey || event.metaKey) && (event.key === "`" || event.key === "k")) return false;
    if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === "c") {
      void copySelection(terminal);
      event.preventDefault();
      return false;
    }
    // With something selected Ctrl-C copies, as everywhere on the page.
    if (event.ctrlKey && !event.shiftKey && event.key === "c" && terminal.hasSelection()) {
      void copySelection(terminal);
      terminal.clearSelection();
      event.preventDefault();
      return false;
    }
    // Ctrl-V is the browser's: it pastes.
    if (event.ctrlKey && event.key === "v") return false;
    if (event.key === "Tab" && state.getState().leaving) return false;
    const leaving = event.key === "Escape" || (state.getState().leaving && event.key === "Shift");
    if (leaving !== state.getState().leaving) state.setState({ leaving });
    if (event.key === "Escape") event.stopPropagation();
    return true;
  });

  useUi.subscribe(({ theme }, before) => {
    if (theme !== before.theme) terminal.options.theme = terminalTheme();
  });
  mirror.subscribe((next, before) => {
    if (next.revision !== before.revision || next.now !== before.now || next.commands !== before.commands)
      repl.changed();
  });

  let opened = false;
  /** Asked for before there was anything to focus. */
  let focusing = false;
  const open = (): void => {
    if (opened) return;
    opened = true;
    terminal.open(host);
    terminal.textarea?.setAttribute("aria-label", "Console input. Press Escape, then Tab to leave");
    terminal.textarea?.addEventListener("blur", () => state.setState({ leaving: false }));
    // Several lines that are pasted come as one paste.
    terminal.write("\u001b[?2004h");
    terminal.write(
      "\u001b[90mkubectl, ssh, curl, iptables-save … on the cluster shown. help lists what there is.\u001b[0m\r\n",
    );
    fit.fit();
    repl.start();
    if (focusing) terminal.focus();
    focusing = false;
  };

  return {
    state,
    attach: (parent) => {
      parent.append(host);
      let current = true;
      const refit = (): void => {
        if (current && opened && host.clientHeight > 0 && host.clientWidth > 0) fit.fit();
      };
      // A terminal measures its font once: it has to be there.
      void document.fonts.load(`12px ${monoFont()}`).then(
        () => {
          if (!current) return;
          open();
          refit();
        },
        () => current && open(),
      );
      const observer = new ResizeObserver(refit);
      observer.observe(parent);
      return () => {
        current = false;
        observer.disconnect();
        host.remove();
      };
    },
    focus: () => {
      if (opened) terminal.focus();
      else focusing = true;
    },
    run: (line) => {
      terminal.scrollToBottom();
      repl.run(line);
    },
    press: (name) => repl.press(name),
    setScreenReader: (on) => {
      remember(SCREEN_READER, on ? "on" : null);
      terminal.options.screenReaderMode = on;
      state.setState({ screenReader: on });
    },
  };
}

/** The clipboard may be forbidden: then the browser's own Copy is left. */
async function copySelection(terminal: Terminal): Promise<void> {
  try {
    await navigator.clipboard.writeText(terminal.getSelection());
  } catch {
    // Nothing was copied, and nothing is lost.
  }
}
