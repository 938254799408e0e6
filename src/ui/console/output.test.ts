import { expect, test } from "vitest";
import { columnsOf, MOST_ROWS, RED, spoken, visible, written } from "./output.ts";

test("text of the cluster cannot steer the terminal", () => {
  expect(visible("a\u001b]0;title\u0007b\u009bc\u007f\td\n")).toBe("a^[]0;title^Gb\ufffdc^?\td\n");
});

test("rows end as terminals end them, each in its colour, with no row for the last line break", () => {
  expect(written("a\nb\n")).toBe("a\r\nb\r\n");
  expect(written("a\n\nb\n", RED)).toBe("\u001b[31ma\u001b[0m\r\n\u001b[31m\u001b[0m\r\n\u001b[31mb\u001b[0m\r\n");
  expect(written("")).toBe("");
});

test("a very long answer is cut, and says by how much", () => {
  const text = written("x\n".repeat(MOST_ROWS + 1_234));
  expect(text.match(/^x\r$/gm)).toHaveLength(MOST_ROWS);
  expect(text).toContain("1,234 more lines");
});

test("candidates go down the columns", () => {
  expect(columnsOf(["a", "bb", "c"], 10)).toBe("a   c\nbb");
  expect(columnsOf(["longer-than-the-terminal"], 5)).toBe("longer-than-the-terminal");
});

test("an answer in a few words", () => {
  expect(spoken("NAME   READY\nweb    1/1\n", "(note)\n", 0)).toBe("NAME READY, and 1 more line.");
  expect(spoken("", "sh: nope\n", 127)).toBe("Exit 127. sh: nope.");
  expect(spoken("", "", 0)).toBe("no output.");
});
