import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bare, draw, placeAfter, widthOf, windowed } from "./layout.ts";

/** A terminal as xterm.js is one, as far as drawing a line goes: rows of cells, a cursor that waits behind a full row. */
function screen(columns: number) {
  const rows: string[][] = [[]];
  let row = 0;
  let column = 0;
  const cells = (at: number): string[] => (rows[at] ??= []);
  const write = (text: string): void => {
    // oxlint-disable-next-line no-control-regex -- those are what is meant
    for (const [token] of text.matchAll(/\u001b\[[0-9;]*[A-Za-z]|[^]/gu)) {
      // oxlint-disable-next-line no-control-regex -- those are what is meant
      const sequence = /^\u001b\[(\d*)[0-9;]*([A-Za-z])$/.exec(token);
      if (sequence !== null) {
        const n = Number(sequence[1] === "" ? 1 : sequence[1]);
        if (sequence[2] === "A") row = Math.max(0, row - n);
        else if (sequence[2] === "C") column = Math.min(columns - 1, column + n);
        else if (sequence[2] === "J") {
          cells(row).length = Math.min(cells(row).length, column);
          rows.length = row + 1;
        }
        continue;
      }
      if (token === "\r") column = 0;
      else if (token === "\n") {
        row++;
        cells(row);
      } else {
        const width = widthOf(token);
        if (column + width > columns) {
          row++;
          column = 0;
        }
        const line = cells(row);
        while (line.length < column) line.push(" ");
        line[column] = token;
        if (width === 2) line[column + 1] = "";
        column += width;
      }
    }
  };
  return {
    write,
    text: (): string =>
      rows
        .map((line) => line.join("").trimEnd())
        .join("\n")
        .trimEnd(),
    cursor: () => ({ row, column }),
  };
}

test("columns of characters", () => {
  expect(["a", "é", "字", "ｱ", "Ａ", "👩"].map(widthOf)).toEqual([1, 1, 2, 1, 2, 2]);
  expect(widthOf("\u0301")).toBe(0);
});

test("a wide character that does not fit goes to the next row whole", () => {
  expect(placeAfter("abc字", 4)).toEqual({ row: 1, column: 2 });
  expect(placeAfter("abcd", 4)).toEqual({ row: 1, column: 0 });
  expect(placeAfter("abcd\ne", 4)).toEqual({ row: 1, column: 1 });
});

describe("drawing", () => {
  const prompt = "\u001b[1m$ \u001b[0m";
  const texts = fc.string({ unit: fc.constantFrom("a", "b", " ", "字", "\n"), maxLength: 60 });

  test("what was drawn before is drawn over: only the last text is on the screen, and the cursor stands at its place", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 20 }),
        fc.array(fc.record({ text: texts, at: fc.nat({ max: 60 }) }), { minLength: 1, maxLength: 6 }),
        (columns, steps) => {
          const terminal = screen(columns);
          const alone = screen(columns);
          let row = 0;
          for (const { text, at } of steps) {
            const drawn = draw(prompt, text, Math.min(at, text.length), columns, row);
            terminal.write(drawn.text);
            row = drawn.row;
          }
          const { text, at } = steps.at(-1) ?? { text: "", at: 0 };
          const cursor = Math.min(at, text.length);
          alone.write(draw(prompt, text, cursor, columns, 0).text);
          expect(terminal.text()).toBe(alone.text());
          expect(terminal.cursor()).toEqual(alone.cursor());
          expect(terminal.cursor().row).toBe(row);
          // Typing on from there lands where the cursor is.
          const whole = bare(prompt) + text.slice(0, cursor);
          const place = placeAfter(whole, columns);
          const waits = text[cursor] === "\n" && place.column === 0 && place.row > 0;
          expect(waits ? place : terminal.cursor()).toEqual(place);
        },
      ),
    );
  });

  test("a text taller than the screen is drawn around its cursor, and what is drawn fits", () => {
    const prompts = fc.constantFrom(prompt, "@ 4.218 741 s $ ");
    fc.assert(
      fc.property(prompts, texts, fc.nat({ max: 60 }), fc.integer({ min: 3, max: 6 }), (ahead, text, at, rows) => {
        const columns = 20;
        const cursor = Math.min(at, text.length);
        const part = windowed(ahead, text, cursor, columns, rows);
        expect(text).toContain(part.text);
        expect(part.text.slice(0, part.cursor)).toBe(text.slice(cursor - part.cursor, cursor));
        const end = placeAfter(bare(ahead) + part.text, columns);
        expect(end.row).toBeLessThan(Math.max(3, rows));
      }),
    );
    const whole = Array.from({ length: 40 }, (_, i) => `line ${String(i)}`).join("\n");
    expect(windowed("$ ", whole, whole.length, 80, 8).text.split("\n").at(-1)).toBe("line 39");
    expect(windowed("$ ", whole, 0, 80, 8).text.split("\n")).toHaveLength(7);
  });
});
