import { expect, test } from "vitest";
import { createStore } from "../apiserver/store.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { Write } from "../wire/protocol.ts";
import { Rehearsal } from "./rehearsal.ts";
import { FRESH, State } from "./state.ts";
import { createWorld } from "./world.ts";

const config = (name: string, value: string): KubeObject =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { value } }) as KubeObject;
const write = (...objects: readonly KubeObject[]): readonly Write[] =>
  objects.map((object) => ({ verb: "create", object }));

/** A stage on which one object has been tried as `subject`, and undone. */
function tried(subject: object, works = true) {
  const store = createStore();
  const state = new State(FRESH);
  const clock = { at: 0, handled: 7 };
  const rehearsal = new Rehearsal(store, state, () => ({ ...clock }));
  const before = store.snapshot();
  rehearsal.try(
    subject,
    () => store.commit({ puts: [config("a", "1")] }, { at: 0, cause: 0, writer: "kubectl" }),
    () => {
      store.restore(before);
    },
    () => works,
  );
  return { store, state, clock, rehearsal };
}

test("what was tried is written once more where it was tried, by the event that does it", () => {
  const subject = {};
  const { store, rehearsal } = tried(subject);
  expect(store.revision).toBe(0);
  expect(rehearsal.perform(subject, 8)).toBe(true);
  expect(store.journal).toMatchObject([
    { revision: 1, cause: 8, writer: "kubectl", added: [{ data: { value: "1" } }] },
  ]);
  expect(rehearsal.perform(subject, 9)).toBe(false);
});

test.each<[string, (stage: ReturnType<typeof tried>) => void]>([
  ["time has passed", ({ clock }) => void (clock.at += 1)],
  ["an event was handled", ({ clock }) => void (clock.handled += 1)],
  [
    "something was written",
    ({ store }) => void store.commit({ puts: [config("b", "1")] }, { at: 0, cause: 0, writer: "x" }),
  ],
  ["the state is another", ({ state }) => state.change({ seed: 2 })],
  ["the history was left", ({ rehearsal }) => rehearsal.forget()],
])("it is worked out anew when %s", (_, happen) => {
  const subject = {};
  const stage = tried(subject);
  happen(stage);
  const { revision } = stage.store;
  expect(stage.rehearsal.perform(subject, 8)).toBe(false);
  expect(stage.store.revision).toBe(revision);
});

test("another subject, or one that was refused, is not performed", () => {
  expect(tried({}).rehearsal.perform({}, 8)).toBe(false);
  const subject = {};
  expect(tried(subject, false).rehearsal.perform(subject, 8)).toBe(false);
});

test("a command's writes are the work of the event that took it; a refused one changes nothing, not even by its first half", () => {
  const world = createWorld({ seed: 1 });
  const before = world.journalHash();
  const twice = write(config("a", "1"), config("a", "2"));
  expect(world.dispatch({ type: "write", title: "twice", writes: twice }).refusal?.message).toContain("already exists");
  expect(world.journalHash()).toBe(before);
  world.dispatch({ type: "write", title: "two", writes: write(config("a", "1"), config("b", "2")) });
  const event = world.logOf("user").at(-1);
  expect(event?.title).toBe("two");
  expect(world.commitsAfter(0).filter((commit) => commit.cause === event?.seq)).toHaveLength(2);
});
