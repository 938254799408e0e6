import { describe, expect, it } from "vitest";
import type { Walk } from "../model/trace/types.ts";
import { SPEEDS, usePlayback, watchableSpeed } from "./playback.ts";

const lasting = (micros: number): Walk =>
  ({ startedAt: 1000, endedAt: 1000 + micros, hops: [], reply: [] }) as unknown as Walk;

describe("the speed of a walk", () => {
  it("is 1/1000 for a walk of 2 ms, slower for shorter ones and never faster", () => {
    expect(watchableSpeed(lasting(2_090))).toBe(1 / 1000);
    expect(watchableSpeed(lasting(1_450))).toBe(1 / 2000);
    expect(watchableSpeed(lasting(384))).toBe(1 / 5000);
    expect(watchableSpeed(lasting(140))).toBe(1 / 20000);
    expect(watchableSpeed(lasting(3_000_000))).toBe(1 / 1000);
    expect(watchableSpeed(lasting(0))).toBe(SPEEDS[0]);
  });

  it("is fitted to each walk until the reader chooses one", () => {
    const { show, setSpeed } = usePlayback.getState();
    show(lasting(140));
    expect(usePlayback.getState().speed).toBe(1 / 20000);
    setSpeed(1);
    show(lasting(384));
    expect(usePlayback.getState().speed).toBe(1);
  });
});
