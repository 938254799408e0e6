import { describe, expect, it } from "vitest";
import { humanDuration } from "./age.ts";

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

describe("humanDuration", () => {
  it.each([
    [-5, "<invalid>"],
    [-1, "0s"],
    [0, "0s"],
    [95, "95s"],
    [119, "119s"],
    [120, "2m"],
    [4 * MINUTE + 5, "4m5s"],
    [10 * MINUTE + 30, "10m"],
    [179 * MINUTE, "179m"],
    [3 * HOUR, "3h"],
    [5 * HOUR + 22 * MINUTE, "5h22m"],
    [30 * HOUR, "30h"],
    [2 * DAY, "2d"],
    [3 * DAY + 4 * HOUR, "3d4h"],
    [120 * DAY, "120d"],
    [2 * 365 * DAY + 3 * DAY, "2y3d"],
    [9 * 365 * DAY, "9y"],
  ])("%d s is %s", (seconds, text) => expect(humanDuration(seconds)).toBe(text));
});
