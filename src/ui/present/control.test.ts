import { beforeEach, describe, expect, it } from "vitest";
import { mirrorOf, vipWalk } from "../../graph/testing/fixture.ts";
import { positionAt, usePlayback } from "../playback.ts";
import { backward, forward, playOn, roomSpeed, toEdge, toggleAsking, watchPlay } from "./control.ts";
import { questionsOf } from "./questions.ts";
import { aboutWalk, beginShow, count, handsOf, isVeiled, shownQuestion, standing, takeUp, useShow } from "./show.ts";

const walk = vipWalk();
const questions = questionsOf(walk, mirrorOf().objects);
const [pod, source, end] = questions;

const position = (): number => positionAt(walk, usePlayback.getState().at);
const stands = (): string | null => standing(useShow.getState())?.id ?? null;
const shown = (): string | null => shownQuestion(useShow.getState())?.id ?? null;

beforeEach(() => {
  beginShow();
  usePlayback.getState().show(walk, { paused: true });
  takeUp(aboutWalk(walk), questions, walk);
});

function until(isSo: () => boolean): void {
  for (let step = 0; step < 40 && !isSo(); step++) forward();
  expect(isSo()).toBe(true);
}

describe("step by step", () => {
  it("stops before the hop that answers, with the packet at its door", () => {
    until(() => stands() === "pod");
    expect(position()).toBe((pod?.before ?? 0) - 1);
    expect(usePlayback.getState().at).toBe((walk.hops[pod?.before ?? 0]?.at ?? 0) - 1);
    expect(isVeiled(useShow.getState())).toBe(true);
  });

  it("shows the answer, then the hop, then goes on", () => {
    until(() => stands() === "pod");
    forward();
    expect([stands(), shown(), position()]).toEqual([null, "pod", pod?.before]);
    forward();
    expect([shown(), position()]).toEqual([null, pod?.before]);
    forward();
    expect(position()).toBe((pod?.before ?? 0) + 1);
  });

  it("goes back from a question to the hop before it, and asks again on the way forth", () => {
    until(() => stands() === "pod");
    backward();
    expect([shown(), position()]).toEqual([null, (pod?.before ?? 0) - 1]);
    forward();
    expect(stands()).toBe("pod");
  });

  it("draws what is ahead once nothing is left to be guessed", () => {
    until(() => stands() === "end");
    expect(isVeiled(useShow.getState())).toBe(true);
    forward();
    expect(isVeiled(useShow.getState())).toBe(false);
  });

  it("ends with the whole walk, which is where End goes at once", () => {
    toEdge("end");
    const { at, reading } = usePlayback.getState();
    expect([at, reading, stands()]).toEqual([walk.endedAt, false, null]);
  });

  it("begins anew at Home: every question is asked again, and no hands are left", () => {
    until(() => stands() === "pod");
    count(0, 1);
    toEdge("end");
    toEdge("start");
    expect(position()).toBe(0);
    until(() => stands() === "pod");
    expect(pod === undefined ? [] : handsOf(useShow.getState(), pod)).toEqual([0, 0, 0]);
  });

  it("asks nothing when questions are off", () => {
    toggleAsking();
    for (let step = 0; step < 60; step++) {
      forward();
      expect(stands()).toBeNull();
    }
    expect(usePlayback.getState().at).toBe(walk.endedAt);
  });
});

describe("playing", () => {
  it("stops at each question's door, and plays on after the answer", () => {
    const stop = watchPlay();
    playOn();
    for (const question of [pod, source, end]) {
      // Frames of a sixtieth of a second, at a thousandth of the speed.
      for (let frame = 0; frame < 400 && stands() === null; frame++) usePlayback.getState().advance(16);
      expect([stands(), usePlayback.getState().playing, position()]).toEqual([
        question?.id,
        false,
        (question?.before ?? 0) - 1,
      ]);
      playOn();
      expect([stands(), shown(), usePlayback.getState().playing]).toEqual([null, question?.id, false]);
      playOn();
      expect([shown(), usePlayback.getState().playing]).toEqual([null, true]);
    }
    stop();
  });

  it("gives a room five seconds for a walk at least", () => {
    const speed = roomSpeed(walk);
    expect((walk.endedAt - walk.startedAt) / 1e6 / speed).toBeGreaterThanOrEqual(5);
  });
});

describe("hands", () => {
  it("are counted while a question stands, never below none, and kept for after", () => {
    until(() => stands() === "pod");
    for (const [choice, by] of [
      [0, 1],
      [1, 1],
      [1, 1],
      [2, -1],
      [1, -1],
      [7, 1],
    ] as const)
      count(choice, by);
    expect(pod === undefined ? [] : handsOf(useShow.getState(), pod)).toEqual([1, 1, 0]);
    forward();
    count(0, 1);
    expect(pod === undefined ? [] : handsOf(useShow.getState(), pod)).toEqual([1, 1, 0]);
  });

  it("of one question are none of another's", () => {
    until(() => stands() === "pod");
    count(0, 1);
    until(() => stands() === "source");
    expect(source === undefined ? [] : handsOf(useShow.getState(), source)).toEqual([0, 0, 0, 0]);
  });
});

it("does not ask what the packet has passed already", () => {
  beginShow();
  usePlayback.getState().select({ leg: "request", index: (source?.before ?? 0) + 1 });
  takeUp(aboutWalk(walk), questions, walk);
  until(() => stands() !== null);
  expect(stands()).toBe("end");
  forward();
  expect(isVeiled(useShow.getState())).toBe(false);
});
