/** Keys as they are written in the help, and whether an event is one of them: the same text serves both, so that help cannot lie. */

/** `Space`, `J`, `⇧←`, `0–9`, `Ctrl+K`, `Esc`, `?`, `` ` ``. Letters are meant without Shift; Ctrl is also Cmd. */
export type Stroke = string;

export interface Pressed {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

const NAMES: Readonly<Record<string, string>> = {
  Space: " ",
  "←": "ArrowLeft",
  "→": "ArrowRight",
  "↑": "ArrowUp",
  "↓": "ArrowDown",
  Esc: "Escape",
};

interface Parsed {
  readonly command: boolean;
  /** null: Shift does not matter, for it is how the character is typed on some keyboards. */
  readonly shift: boolean | null;
  readonly digits: boolean;
  readonly key: string;
}

function parse(stroke: Stroke): Parsed {
  const command = stroke.startsWith("Ctrl+");
  const rest = command ? stroke.slice("Ctrl+".length) : stroke;
  const shifted = rest.startsWith("⇧");
  const name = shifted ? rest.slice(1) : rest;
  const key = NAMES[name] ?? name;
  const own = NAMES[name] !== undefined || /^[A-Z]$/.test(name);
  return { command, shift: shifted ? true : own ? false : null, digits: name === "0–9", key };
}

/** Is this event that stroke? */
export function pressed(stroke: Stroke, event: Pressed): boolean {
  const { command, shift, digits, key } = parse(stroke);
  if (event.altKey || (event.ctrlKey || event.metaKey) !== command) return false;
  if (shift !== null && event.shiftKey !== shift) return false;
  return digits ? /^[0-9]$/.test(event.key) : event.key.toLowerCase() === key.toLowerCase();
}

/** As keycaps: `Ctrl+K` is two, `0–9` three. */
export function caps(stroke: Stroke): readonly string[] {
  if (stroke === "0–9") return ["0", "–", "9"];
  return stroke.startsWith("Ctrl+") ? ["Ctrl", stroke.slice("Ctrl+".length)] : [stroke];
}

/** As `aria-keyshortcuts` wants it. */
export function ariaStroke(stroke: Stroke): string {
  const { command, shift, digits, key } = parse(stroke);
  if (digits) return "0";
  const name = key === " " ? "Space" : key.length === 1 ? key.toUpperCase() : key;
  return `${command ? "Control+" : ""}${shift === true ? "Shift+" : ""}${name}`;
}
