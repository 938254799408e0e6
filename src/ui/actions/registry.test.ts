import { expect, test, vi } from "vitest";
import { keySections } from "../shell/keymap.ts";
import "./all.ts";
import { actionOf, allActions, register, type Action } from "./registry.ts";
import { ariaStroke, caps, pressed, type Pressed } from "./strokes.ts";

const NAMED: Readonly<Record<string, string>> = {
  Space: " ",
  "←": "ArrowLeft",
  "→": "ArrowRight",
  "↑": "ArrowUp",
  "↓": "ArrowDown",
  Esc: "Escape",
};

/** What a keyboard sends when the keycaps of the help are pressed. */
function typed(press: readonly string[]): Pressed {
  const last = press.at(-1) ?? "";
  const shiftKey = last.startsWith("⇧");
  const cap = shiftKey ? last.slice(1) : last;
  const key = NAMED[cap] ?? (/^[A-Z]$/.test(cap) && !shiftKey ? cap.toLowerCase() : cap);
  return {
    key,
    shiftKey: shiftKey || key === "?" || key === "+",
    ctrlKey: press[0] === "Ctrl",
    metaKey: false,
    altKey: false,
  };
}

test("every key that the help lists for the page does what the help says", () => {
  const sections = keySections().filter(({ title }) => !/^(On a card|In the|While)/.test(title));
  const listed = sections.flatMap(({ keys }) => keys);
  expect(listed.length).toBeGreaterThan(20);
  for (const { press, does } of listed) expect([press, actionOf(typed(press))?.title]).toEqual([press, does]);
});

test("every action with a key is in the help", () => {
  const listed = new Set(keySections().flatMap(({ keys }) => keys.map(({ does }) => does)));
  expect(allActions().filter(({ keys, title }) => keys !== undefined && !listed.has(title))).toEqual([]);
});

test("letters are meant without Shift and without Ctrl, and Cmd is as good as Ctrl", () => {
  const plain = { key: "k", shiftKey: false, ctrlKey: false, metaKey: false, altKey: false };
  expect(pressed("K", plain)).toBe(true);
  expect(pressed("K", { ...plain, key: "K", shiftKey: true })).toBe(false);
  expect(pressed("K", { ...plain, ctrlKey: true })).toBe(false);
  expect(pressed("Ctrl+K", { ...plain, metaKey: true })).toBe(true);
  expect(pressed("Ctrl+K", plain)).toBe(false);
  expect(pressed("⇧←", { ...plain, key: "ArrowLeft" })).toBe(false);
  expect(pressed("←", { ...plain, key: "ArrowLeft", shiftKey: true })).toBe(false);
});

test("a key reads as keycaps and as a screen reader is told it", () => {
  expect(caps("0–9")).toEqual(["0", "–", "9"]);
  expect(caps("Ctrl+K")).toEqual(["Ctrl", "K"]);
  expect(ariaStroke("Ctrl+K")).toBe("Control+K");
  expect(ariaStroke("⇧→")).toBe("Shift+ArrowRight");
});

test("who registers is listed until they take it back, and nobody takes another's id or key", () => {
  const mine: Action = { id: "test.mine", title: "Mine", group: "Cluster", keys: ["Q"], run: vi.fn<() => void>() };
  const unregister = register([mine]);
  expect(actionOf(typed(["Q"]))).toBe(mine);
  expect(() => register([{ ...mine, id: "test.other" }])).toThrow("Two actions have the key Q");
  expect(() => register([{ ...mine, keys: [] }])).toThrow("Two actions are called test.mine");
  unregister();
  expect(actionOf(typed(["Q"]))).toBeUndefined();
});
