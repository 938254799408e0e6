/** The console without a terminal: keys in, text out, lines to the core. Everything that it needs of the world stands in {@link Ports}. */
import type { ConsoleAnswer, ConsoleLine } from "../../wire/protocol.ts";
import { HELP } from "./help.ts";
import { AT_DRAFT, type Browsing, browsed, remembered, type Search, searched } from "./history.ts";
import { keysOf, type Key, type KeyName } from "./keys.ts";
import { draw, windowed } from "./layout.ts";
import { edited, EMPTY_LINE, insert, isUnfinished, type Line, lineOf, pasted, vertical } from "./line.ts";
import { BOLD, columnsOf, DIM, PLAIN, RED, spoken, written } from "./output.ts";
import { type Shell, shellOf } from "./place.ts";

export interface Candidates {
  /** Offset in the line at which the word begins. */
  readonly from: number;
  readonly candidates: readonly string[];
}

export interface Ports {
  write(text: string): void;
  /** Size of the terminal, in characters. */
  size(): { readonly columns: number; readonly rows: number };
  /** Runs a line in the core. Rejects when the simulator does not answer. */
  ask(line: ConsoleLine): Promise<ConsoleAnswer>;
  complete(line: string, cursor: number): Promise<Candidates>;
  /** When the time shown is not the latest: that time in words, and how many commands came later. */
  lookingBack(): { readonly at: string; readonly later: number } | null;
  history(): readonly string[];
  keep(lines: readonly string[]): void;
  /** Empties the screen and what was scrolled out of it. */
  clear(): void;
  page(by: -1 | 1): void;
  /** A text to be opened in an editor tab. */
  open(name: string, text: string): void;
  status(status: Status): void;
  /** What a line came to, in a sentence. */
  say(text: string): void;
}

export interface Status {
  readonly doing: "reading" | "running" | "watching";
  /** Exit code of the last line; null before any. */
  readonly code: number | null;
}

export interface Repl {
  /** What the terminal sends. */
  input(data: string): void;
  /** Types a line and runs it, as soon as what runs is over; a line being typed comes back afterwards. */
  run(line: string): void;
  /** Puts a text into the line without running it. */
  press(name: KeyName): void;
  /** The terminal has another width, or the time shown has changed. */
  redraw(): void;
  /** The cluster has changed: whoever watches looks again. */
  changed(): void;
  start(): void;
}

/** Candidates that are listed at most. */
const MOST_CANDIDATES = 120;

const FOLLOWS = /^\s*(?:kubectl|k)\s.*\s(?:-w|--watch|--watch-only)(?:=true)?(?:\s|$)/;

export function createRepl(ports: Ports): Repl {
  let line: Line = EMPTY_LINE;
  let browsing: Browsing = AT_DRAFT;
  let search: Search | null = null;
  /** The line before the search began. */
  let beforeSearch: Line = EMPTY_LINE;
  let shells: readonly Shell[] = [];
  let doing: Status["doing"] = "reading";
  let code: number | null = null;
  /** Row of the cursor below the prompt's first one, as it was drawn last. */
  let row = 0;
  let drawn = "";
  const queue: (Key | { readonly kind: "run"; readonly line: string })[] = [];
  let watching: { readonly argv: readonly string[]; followed: number; asking: boolean; again: boolean } | null = null;

  const set = (next: Status["doing"]): void => {
    doing = next;
    ports.status({ doing, code });
  };

  const prompt = (): string => {
    const back = ports.lookingBack();
    const time = back === null ? "" : `${DIM}@ ${back.at}${PLAIN} `;
    return `${time}${BOLD}${shells.at(-1)?.prompt ?? "$ "}${PLAIN}`;
  };

  const show = (): void => {
    const { columns, rows } = ports.size();
    const found = search === null || search.found === null ? null : (ports.history()[search.found] ?? null);
    const ahead =
      search === null
        ? prompt()
        : `${DIM}(${search.query !== "" && found === null ? "failed " : ""}reverse-i-search)\`${search.query}':${PLAIN} `;
    const text = search === null ? line.text : (found ?? "");
    const cursor = search === null ? line.cursor : Math.max(0, text.indexOf(search.query));
    const part = windowed(ahead, text, cursor, columns, rows);
    const next = draw(ahead, part.text, part.cursor, columns, row);
    drawn = ahead;
    row = next.row;
    ports.write(next.text);
  };

  const fresh = (): void => {
    row = 0;
    show();
  };

  /** Leaves the line as it stands and goes on below it. */
  const below = (tail = ""): void => {
    line = { ...line, cursor: line.text.length };
    search = null;
    show();
    ports.write(`${tail}\r\n`);
    row = 0;
  };

  const answered = (answer: ConsoleAnswer): void => {
    const { stdout, stderr, tab } = answer;
    const complaints = written(stderr, answer.code === 0 ? DIM : RED);
    // Notes come before what they are about; complaints, and what `time` measured, after it.
    const notesFirst = answer.code === 0 && !/(?:^|\n)real\t/.test(stderr);
    ports.write(notesFirst ? complaints + written(stdout) : written(stdout) + complaints);
    code = answer.code;
    if (tab !== undefined) ports.open(tab.name, tab.text);
  };

  const ready = (): void => {
    watching = null;
    set("reading");
    fresh();
    pump();
  };

  /** Asks the core; a line that would change what is not the present says first what becomes of what came later. */
  const ask = async (argv: readonly string[], follow: "start" | null): Promise<ConsoleAnswer> => {
    const words: ConsoleLine = { argv, ...(follow !== null && { follow }) };
    const back = ports.lookingBack();
    if (back === null) return ports.ask(words);
    const looked = await ports.ask({ ...words, readOnly: true });
    if (looked.changes !== true) return looked;
    const dropped =
      back.later === 0
        ? "nothing was given after it"
        : `${back.later === 1 ? "the command" : `the ${String(back.later)} commands`} given after it ${back.later === 1 ? "is" : "are"} dropped`;
    ports.write(`${DIM}(this goes on from ${back.at}: ${dropped})${PLAIN}\r\n`);
    return ports.ask(words);
  };

  const failed = (error: unknown): ConsoleAnswer => ({
    stdout: "",
    stderr: `${error instanceof Error ? error.message : "The simulator did not answer."}\n`,
    code: 1,
  });

  const execute = async (text: string): Promise<void> => {
    set("running");
    const shell = shells.at(-1);
    const opened = shell === undefined ? shellOf(text) : null;
    const argv = opened?.probe ?? shell?.words(text) ?? [text];
    const follow = shell === undefined && FOLLOWS.test(text) ? "start" : null;
    const answer = await ask(argv, follow).catch(failed);
    answered(answer);
    if (opened !== null && answer.code === 0) shells = [...shells, opened];
    // The container is gone, and the shell in it.
    if (shell !== undefined && /^Error from server \(NotFound\): pods /m.test(answer.stderr))
      shells = shells.slice(0, -1);
    ports.say(
      opened !== null && answer.code === 0
        ? `A shell: ${opened.prompt}`
        : spoken(answer.stdout, answer.stderr, answer.code),
    );
    if (answer.followed === undefined) {
      ready();
      return;
    }
    watching = { argv, followed: answer.followed, asking: false, again: false };
    set("watching");
    pump();
    changed();
  };

  const changed = (): void => {
    const watch = watching;
    if (watch === null) return;
    if (watch.asking) {
      watch.again = true;
      return;
    }
    watch.asking = true;
    void ports
      .ask({ argv: watch.argv, follow: watch.followed })
      .catch(failed)
      .then((answer) => {
        if (watching !== watch) return;
        watch.asking = false;
        answered({ ...answer, ...(answer.followed !== undefined && { stderr: "" }) });
        if (answer.stdout !== "") ports.say(spoken(answer.stdout, "", 0));
        if (answer.followed === undefined) {
          ready();
          return;
        }
        watch.followed = answer.followed;
        if (watch.again) {
          watch.again = false;
          changed();
        }
      });
  };

  const enter = (): void => {
    const text = line.text.trimEnd();
    below();
    line = { ...EMPTY_LINE, cut: line.cut };
    browsing = AT_DRAFT;
    ports.keep(remembered(ports.history(), text));
    const word = text.trim();
    if (word === "") {
      fresh();
    } else if (word === "clear") {
      ports.clear();
      fresh();
    } else if (word === "help" || word === "?") {
      ports.write(written(HELP));
      ports.say("Help is shown.");
      fresh();
    } else if (word === "history") {
      const lines = ports.history();
      const width = String(lines.length).length;
      ports.write(written(lines.map((one, i) => `${String(i + 1).padStart(width + 2)}  ${one}\n`).join("")));
      fresh();
    } else if (word === "exit" || word === "logout") {
      if (shells.length === 0) ports.write(`${DIM}(Esc, then Tab leaves the console)${PLAIN}\r\n`);
      shells = shells.slice(0, -1);
      fresh();
    } else void execute(text);
  };

  const complete = async (): Promise<void> => {
    const at = line;
    const prefix = shells.at(-1)?.prefix ?? "";
    set("running");
    const found = await ports
      .complete(prefix + at.text, prefix.length + at.cursor)
      .catch((): Candidates => ({ from: at.cursor, candidates: [] }));
    set("reading");
    const from = Math.max(0, found.from - prefix.length);
    const { candidates } = found;
    const typed = at.text.slice(from, at.cursor);
    const common = commonPrefix(candidates);
    const [only] = candidates;
    if (candidates.length === 1 && only !== undefined) {
      const blank = /[/=:,]$/.test(only) || /^\s/.test(at.text.slice(at.cursor)) ? "" : " ";
      line = insert(at, only.slice(typed.length) + blank);
      show();
    } else if (common.length > typed.length) {
      line = insert(at, common.slice(typed.length));
      show();
    } else if (candidates.length > 1) {
      below();
      line = at;
      const listed = candidates.slice(0, MOST_CANDIDATES);
      const more = candidates.length - listed.length;
      ports.write(written(columnsOf(listed, ports.size().columns), DIM));
      if (more > 0) ports.write(written(`… and ${String(more)} more`, DIM));
      ports.say(`${String(candidates.length)} completions: ${candidates.slice(0, 10).join(", ")}`);
      fresh();
    } else ports.say("No completion.");
    pump();
  };

  const searching = (key: Key, { query, found }: Search): boolean => {
    if (key.kind !== "key") {
      const next = query + key.text.replace(/\n/g, " ");
      search = searched(ports.history(), next, found ?? undefined);
      return true;
    }
    switch (key.name) {
      case "search":
        if (found !== null) {
          const older = searched(ports.history(), query, found - 1);
          if (older.found !== null) search = older;
        }
        return true;
      case "backspace":
        search = searched(ports.history(), query.slice(0, -1));
        return true;
      case "escape":
      case "interrupt":
        search = null;
        line = beforeSearch;
        return true;
      default: {
        const text = found === null ? null : ports.history()[found];
        search = null;
        if (text !== null && text !== undefined) line = lineOf(text, line.cut);
        return false;
      }
    }
  };

  const onKey = (key: Key): void => {
    if (search !== null && searching(key, search)) {
      show();
      return;
    }
    if (key.kind === "text" || key.kind === "paste") {
      line = insert(line, key.kind === "paste" ? pasted(key.text) : key.text);
      show();
      return;
    }
    switch (key.name) {
      case "enter":
        if (isUnfinished(line.text)) {
          line = insert({ ...line, cursor: line.text.length }, "\n");
          show();
        } else enter();
        return;
      case "tab":
        void complete();
        return;
      case "interrupt":
        below("^C");
        line = { ...EMPTY_LINE, cut: line.cut };
        browsing = AT_DRAFT;
        fresh();
        return;
      case "end-of-file":
        if (line.text !== "") line = edited(line, "delete") ?? line;
        else if (shells.length > 0) {
          below("exit");
          shells = shells.slice(0, -1);
          fresh();
          return;
        }
        show();
        return;
      case "clear":
        ports.clear();
        fresh();
        return;
      case "search":
        beforeSearch = line;
        search = { query: "", found: null };
        show();
        return;
      case "up":
      case "down": {
        const by = key.name === "up" ? -1 : 1;
        const inside = vertical(line, by);
        const next = inside === null ? browsed(ports.history(), browsing, by === -1 ? -1 : 1, line.text) : null;
        if (inside !== null) line = inside;
        else if (next !== null) {
          browsing = next.browsing;
          line = lineOf(next.text, line.cut);
        }
        show();
        return;
      }
      case "page-up":
      case "page-down":
        ports.page(key.name === "page-up" ? -1 : 1);
        return;
      default: {
        const next = edited(line, key.name);
        if (next === null) return;
        line = next;
        show();
      }
    }
  };

  /** Keys that came while something ran are taken when it is over, one by one. */
  const pump = (): void => {
    while (queue.length > 0) {
      if (doing === "watching") {
        const next = queue.shift();
        if (next?.kind === "key" && (next.name === "interrupt" || next.name === "end-of-file")) {
          ports.write("^C\r\n");
          code = 130;
          ready();
        } else if (next?.kind === "run") {
          ports.write("^C\r\n");
          queue.unshift(next);
          ready();
        }
        continue;
      }
      if (doing !== "reading") return;
      const next = queue.shift();
      if (next?.kind === "run") {
        const typed = line;
        search = null;
        line = lineOf(next.line, typed.cut);
        enter();
        if (typed.text !== "" && typed.text !== next.line) line = typed;
      } else if (next !== undefined) onKey(next);
    }
  };

  const push = (keys: readonly (Key | { readonly kind: "run"; readonly line: string })[]): void => {
    // Whatever runs cannot be ended; what was typed ahead of its end can.
    if (doing === "running" && keys.some((key) => key.kind === "key" && key.name === "interrupt")) queue.length = 0;
    else queue.push(...keys);
    pump();
  };

  return {
    input: (data) => push(keysOf(data)),
    run: (text) => push([{ kind: "run", line: text }]),
    press: (name) => push([{ kind: "key", name }]),
    redraw: () => {
      if (doing === "reading") show();
    },
    changed: () => {
      if (watching !== null) changed();
      else if (doing === "reading" && search === null && prompt() !== drawn) show();
    },
    start: fresh,
  };
}

/** What all of them begin with. */
function commonPrefix(words: readonly string[]): string {
  let [common = ""] = words;
  for (const word of words) {
    let length = 0;
    while (length < common.length && common[length] === word[length]) length++;
    common = common.slice(0, length);
  }
  return common;
}
