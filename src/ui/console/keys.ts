/** What a terminal sends, taken apart: keys, text, and pastes. */

export type Key =
  | { readonly kind: "text"; readonly text: string }
  /** Several lines at once, as they were copied. */
  | { readonly kind: "paste"; readonly text: string }
  | { readonly kind: "key"; readonly name: KeyName };

export type KeyName =
  | "enter"
  | "tab"
  | "backtab"
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "up"
  | "down"
  | "home"
  | "end"
  | "word-left"
  | "word-right"
  | "delete-word-left"
  | "delete-word-right"
  | "delete-to-start"
  | "delete-to-end"
  | "yank"
  | "transpose"
  | "interrupt"
  | "end-of-file"
  | "clear"
  | "search"
  | "escape"
  | "page-up"
  | "page-down";

/** Control characters as readline binds them. */
const CONTROL: Readonly<Record<string, KeyName>> = {
  "\x01": "home",
  "\x02": "left",
  "\x03": "interrupt",
  "\x04": "end-of-file",
  "\x05": "end",
  "\x06": "right",
  "\x07": "escape",
  "\b": "backspace",
  "\t": "tab",
  "\n": "enter",
  "\x0b": "delete-to-end",
  "\f": "clear",
  "\r": "enter",
  "\x0e": "down",
  "\x10": "up",
  "\x12": "search",
  "\x14": "transpose",
  "\x15": "delete-to-start",
  "\x17": "delete-word-left",
  "\x19": "yank",
  "\x7f": "backspace",
};

/** Sequences of xterm's keys, without the escape character. */
const SEQUENCES: Readonly<Record<string, KeyName>> = {
  "[A": "up",
  "[B": "down",
  "[C": "right",
  "[D": "left",
  OA: "up",
  OB: "down",
  OC: "right",
  OD: "left",
  "[H": "home",
  "[F": "end",
  OH: "home",
  OF: "end",
  "[1~": "home",
  "[4~": "end",
  "[3~": "delete",
  "[5~": "page-up",
  "[6~": "page-down",
  "[Z": "backtab",
  "[1;3C": "word-right",
  "[1;3D": "word-left",
  "[1;5C": "word-right",
  "[1;5D": "word-left",
  "[3;3~": "delete-word-right",
  "[3;5~": "delete-word-right",
  b: "word-left",
  f: "word-right",
  d: "delete-word-right",
  "\x7f": "delete-word-left",
  "\b": "delete-word-left",
};

const PASTE = "\x1b[200~";
const PASTED = "\x1b[201~";

/** One chunk of input, key by key. Sequences that mean nothing here are dropped whole. */
export function keysOf(data: string): readonly Key[] {
  const keys: Key[] = [];
  let text = "";
  const endText = (): void => {
    if (text !== "") keys.push({ kind: "text", text });
    text = "";
  };
  for (let at = 0; at < data.length;) {
    if (data.startsWith(PASTE, at)) {
      endText();
      const end = data.indexOf(PASTED, at);
      keys.push({ kind: "paste", text: data.slice(at + PASTE.length, end < 0 ? undefined : end) });
      at = end < 0 ? data.length : end + PASTED.length;
      continue;
    }
    const c = data[at] as string;
    if (c === "\x1b") {
      endText();
      // oxlint-disable-next-line no-control-regex -- those are what is meant
      const sequence =
        /^(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Za-z]|[\x20-\x7f\b])/.exec(data.slice(at + 1, at + 40))?.[0] ?? "";
      const name = sequence === "" ? "escape" : Object.hasOwn(SEQUENCES, sequence) ? SEQUENCES[sequence] : undefined;
      if (name !== undefined) keys.push({ kind: "key", name });
      at += 1 + sequence.length;
      continue;
    }
    const name = Object.hasOwn(CONTROL, c) ? CONTROL[c] : undefined;
    if (name !== undefined) {
      endText();
      keys.push({ kind: "key", name });
    } else if (c >= " ") text += c;
    at += 1;
  }
  endText();
  return keys;
}
