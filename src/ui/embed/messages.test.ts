import { describe, expect, it } from "vitest";
import { readAsked } from "./messages.ts";

describe("messages from the page around", () => {
  it.each([
    { kubehop: 1, do: "play" },
    { kubehop: 1, do: "step", by: -1 },
    { kubehop: 1, do: "seek", hop: 3 },
    { kubehop: 1, do: "select", walk: 1 },
  ])("%j is read", (message) => {
    expect(readAsked(message)).toEqual(message);
  });

  it.each([null, "play", 7, {}, { do: "play" }, { kubehop: 2, do: "play" }])("%j is nobody's", (message) => {
    expect(readAsked(message)).toBeNull();
  });

  it.each([
    { kubehop: 1 },
    { kubehop: 1, do: "explode" },
    { kubehop: 1, do: "step", by: 5 },
    { kubehop: 1, do: "seek", hop: 0 },
    { kubehop: 1, do: "seek", hop: "1" },
    { kubehop: 1, do: "play", more: 1 },
    { kubehop: 1, do: "select", walk: Number.NaN },
  ])("%j is refused with a sentence", (message) => {
    expect(readAsked(message)).toMatch(/\w+: \w+/);
  });
});
