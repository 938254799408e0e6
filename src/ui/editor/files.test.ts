import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  FIRST_FILE,
  filesByName,
  filesOf,
  firstLines,
  freeName,
  joinFiles,
  lineOf,
  nameProblem,
  placeOf,
  type SourceFile,
} from "./files.ts";

const line = fc.constantFrom(
  "a: 1",
  "",
  "---",
  "# file: x.yaml",
  "--- # file: web.yaml",
  "--- # file: scenario.yaml",
  "--- # file: ",
  "--- # file: a b.yaml ",
  "  --- # file: inner.yaml",
  "ü: 🂡",
  "\r",
  "\u2028--- # file: web.yaml",
);
const anyText = fc
  .tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
  .map(([lines, open]) => lines.join("\n") + (open ? "\n" : ""));
const content = fc
  .array(fc.constantFrom("a: 1", "", "---", "# file: x", "ü: 🂡", " --- # file: x"), { maxLength: 6 })
  .chain((lines) => fc.constantFrom(lines.join("\n"), lines.map((one) => `${one}\n`).join("")));
const name = fc.constantFrom(FIRST_FILE, "web.yaml", "a b.yml", "deep/er.yaml", "x", "ü.yaml");
const someFiles = fc.array(fc.record({ name, text: content }), { minLength: 1, maxLength: 5 });

/** What a file's text is once another file follows it. */
const closed = (files: readonly SourceFile[]): readonly SourceFile[] =>
  files.map((file, at) => {
    const bare = file.text === "" ? at === 0 && file.name === FIRST_FILE : !file.text.endsWith("\n");
    return at < files.length - 1 && bare ? { ...file, text: `${file.text}\n` } : file;
  });

describe("files in one text", () => {
  it("are the text again when put together, whatever the text", () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string()), (text) => {
        expect(joinFiles(filesOf(text))).toBe(text);
      }),
    );
  });

  it("come back by name and text; a file that another follows ends with a line break", () => {
    fc.assert(
      fc.property(someFiles, (files) => {
        expect(filesOf(joinFiles(files))).toEqual(closed(files));
      }),
    );
  });

  it("know where each of their lines stands in the whole text, and the other way round", () => {
    fc.assert(
      fc.property(someFiles, (files) => {
        const whole = joinFiles(files);
        const lines = whole.split("\n");
        const starts = firstLines(files);
        for (const [file, { text }] of closed(files).entries()) {
          for (const [at, words] of text.split("\n").entries()) {
            // After the last line break there is a line only at the end of the text.
            if (words === "" && at === text.split("\n").length - 1 && file < files.length - 1) continue;
            const place = { file, line: at + 1 };
            expect(lines[lineOf(starts, place) - 1]).toBe(words);
            expect(placeOf(starts, lineOf(starts, place))).toEqual(place);
          }
        }
      }),
    );
  });

  it("begin at their marker", () => {
    const whole = "a: 1\n--- # file: web.yaml\nb: 1\nc: 1\n--- # file: x.yaml\n";
    expect(filesByName(whole)).toEqual({ [FIRST_FILE]: "a: 1\n", "web.yaml": "b: 1\nc: 1\n", "x.yaml": "" });
    const starts = firstLines(filesOf(whole));
    expect(starts).toEqual([1, 3, 6]);
    expect([1, 2, 3, 4, 5, 6].map((at) => placeOf(starts, at))).toEqual([
      { file: 0, line: 1 },
      { file: 1, line: 1 },
      { file: 1, line: 1 },
      { file: 1, line: 2 },
      { file: 2, line: 1 },
      { file: 2, line: 1 },
    ]);
  });

  it("have names that a marker can carry, each once", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 120, unit: "binary" }), fc.array(name), (wanted, others) => {
        const free = freeName(wanted, others);
        expect(nameProblem(free, others)).toBeNull();
        if (free === FIRST_FILE) return;
        expect(filesOf(joinFiles([{ name: free, text: "a: 1\n" }]))).toEqual([{ name: free, text: "a: 1\n" }]);
      }),
    );
    expect(freeName("web.yaml", ["web.yaml", "web-2.yaml"])).toBe("web-3.yaml");
    expect(nameProblem("web.yaml", ["web.yaml"])).toBe("There is a web.yaml already.");
    expect(nameProblem(" a", [])).not.toBeNull();
  });
});
