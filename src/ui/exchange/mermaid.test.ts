import { describe, expect, test } from "vitest";
import { droppedWalk, refusedWalk, workbenchWalk } from "../inspector/testing/fixture.ts";
import { mermaidOf } from "./mermaid.ts";

/** Mermaid's grammar as far as we use it: each line one statement, names declared before they speak, texts without what ends them. */
function complaints(text: string): readonly string[] {
  const lines = text.split("\n");
  const known = new Set<string>();
  const wrong: string[] = [];
  const sayable = (words: string): boolean =>
    !/[;<>{}[\]"`]/.test(words.replaceAll("<br/>", "").replaceAll(/#(\d+|lt|gt);/g, ""));
  if (lines[0] !== "sequenceDiagram") wrong.push("no head");
  for (const line of lines.slice(1)) {
    const participant = /^ {2}participant (\w+) as (.+)$/.exec(line);
    const message = /^ {2}(\w+)(->>|-->>)(\w+): (.+)$/.exec(line);
    const note = /^ {2}Note over (\w+): (.+)$/.exec(line);
    const title = /^ {2}title (.+)$/.exec(line);
    const [from, to] = message === null ? [note?.[1], note?.[1]] : [message[1], message[3]];
    const words = participant?.[2] ?? message?.[4] ?? note?.[2] ?? title?.[1] ?? "";
    if (participant !== null) known.add(participant[1] ?? "");
    else if (message !== null || note !== null) {
      if (!known.has(from ?? "") || !known.has(to ?? "")) wrong.push(`unknown: ${line}`);
    } else if (title === null && line !== "  autonumber" && line !== "") wrong.push(`not a statement: ${line}`);
    if (!sayable(words)) wrong.push(`unsayable: ${line}`);
  }
  return wrong;
}

describe("mermaidOf", () => {
  test("hosts speak, rewriting is noted, and the reply comes back dashed", () => {
    const text = mermaidOf(workbenchWalk);
    expect(complaints(text)).toEqual([]);
    expect(text).toContain("  participant h1 as outside client\n");
    expect(text).toMatch(/Note over h\d: DNAT: dst 203\.0\.113\.10:80 → 10\.244\.2\.3:8080/);
    expect(text).toMatch(/h1->>h2: 198\.51\.100\.24:51514 to 203\.0\.113\.10:80/);
    expect(text).toMatch(/h\d-->>h1: 203\.0\.113\.10:80 to 198\.51\.100\.24:51514/);
  });

  test("what is refused or lost ends where it ends", () => {
    for (const walk of [refusedWalk, droppedWalk]) expect(complaints(mermaidOf(walk))).toEqual([]);
    expect(mermaidOf(droppedWalk)).toMatch(/Note over h\d: (DROP|no answer)/);
  });

  test("words cannot end a statement", () => {
    const text = mermaidOf({ ...workbenchWalk, summary: 'a; b # c\n  d "e" <f> [g] {h} `i`' });
    expect(complaints(text)).toEqual([]);
    expect(text).toContain("a#59; b #35; c<br/>d #34;e#34; #lt;f#gt; #91;g#93; #123;h#125; #96;i#96;");
  });
});
