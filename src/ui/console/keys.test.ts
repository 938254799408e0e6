import fc from "fast-check";
import { expect, test } from "vitest";
import { keysOf } from "./keys.ts";

const names = (data: string): readonly string[] =>
  keysOf(data).map((key) => (key.kind === "key" ? key.name : key.text));

test("text, control characters and sequences", () => {
  expect(names("get\r")).toEqual(["get", "enter"]);
  expect(names("\x01\x05\x0b\x17\x15\x0c\x03\x12")).toEqual([
    "home",
    "end",
    "delete-to-end",
    "delete-word-left",
    "delete-to-start",
    "clear",
    "interrupt",
    "search",
  ]);
  expect(names("\x1b[A\x1b[B\x1b[1;5D\x1b[1;3C\x1bb\x1b[3~\x1b[Z")).toEqual([
    "up",
    "down",
    "word-left",
    "word-right",
    "word-left",
    "delete",
    "backtab",
  ]);
  expect(names("\x1b")).toEqual(["escape"]);
});

test("a paste is one key, whatever it holds", () => {
  expect(keysOf("a\x1b[200~one\rtwo\x03\x1b[201~b")).toEqual([
    { kind: "text", text: "a" },
    { kind: "paste", text: "one\rtwo\x03" },
    { kind: "text", text: "b" },
  ]);
});

test("sequences that mean nothing are dropped whole", () => {
  expect(names("a\x1b[38;5;1mb\x1b[?1;2cc\x1bOPd")).toEqual(["a", "b", "c", "d"]);
});

test("no input throws, and no text of a key holds a control character", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("\x1b", "[", "2", "0", "~", "O", "a", "\x03", "é") }), (data) => {
      const texts = keysOf(data).map((key) => (key.kind === "text" ? key.text : ""));
      // oxlint-disable-next-line no-control-regex -- those are what is meant
      expect(texts.join("")).not.toMatch(/[\u0000-\u001f]/);
    }),
  );
});
