import { expect, test } from "vitest";
import type { KubeObject } from "../model/meta/types.ts";
import type { Write } from "../wire/protocol.ts";
import { createWorld } from "./world.ts";

const config = (name: string, value: string): KubeObject =>
  ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" }, data: { value } }) as KubeObject;
const write = (...objects: readonly KubeObject[]): readonly Write[] =>
  objects.map((object) => ({ verb: "create", object }));

test("what was tried and then done is what is done untried", () => {
  const writes = write(config("a", "1"), config("b", "2"));
  const tried = createWorld({ seed: 1 });
  expect(tried.attempt(writes).every((answer) => answer.ok)).toBe(true);
  tried.dispatch({ type: "write", title: "two", writes });
  const plain = createWorld({ seed: 1 });
  plain.dispatch({ type: "write", title: "two", writes: structuredClone(writes) });
  expect(tried.journalHash()).toBe(plain.journalHash());
  expect(tried.commitsAfter(0)).toEqual(plain.commitsAfter(0));
});

test("what was tried elsewhere in the history is worked out anew", () => {
  const writes = write(config("a", "1"));
  const world = createWorld({ seed: 1 });
  expect(world.attempt(writes)[0]?.ok).toBe(true);
  world.dispatch({ type: "run", micros: 5_000_000 });
  world.dispatch({ type: "write", title: "one", writes });
  expect(world.commitsAfter(0).at(-1)).toMatchObject({ at: 5_000_000, added: [{ metadata: { name: "a" } }] });
});

test("a refused write changes nothing, not even by its first half", () => {
  const world = createWorld({ seed: 1 });
  const before = world.journalHash();
  const writes = write(config("a", "1"), config("a", "2"));
  expect(world.dispatch({ type: "write", title: "twice", writes }).refusal?.message).toContain("already exists");
  expect(world.journalHash()).toBe(before);
  expect(world.objects.list("ConfigMap", "default").map((o) => o.metadata.name)).not.toContain("a");
});
