import { expect, test } from "vitest";
import type { KubeObject } from "../model/meta/types.ts";
import type { Command } from "../wire/protocol.ts";
import { createWorld } from "./world.ts";

const applying = (kind: string, more: object): Command => ({
  type: "write",
  title: "kubectl apply -f -",
  writes: [
    {
      verb: "apply",
      object: { apiVersion: "v1", kind, metadata: { name: "a", namespace: "default" }, ...more } as KubeObject,
    },
  ],
});

test.each([
  ["Pod", { spec: { containers: 5 } }, "json: cannot unmarshal number into Go struct field PodSpec.spec.containers"],
  ["Node", { status: { addresses: { a: 1 } } }, "cannot be handled as a Node"],
  ["Pod", { metadata: { name: "a", ownerReferences: 3 } }, "cannot be handled as a Pod"],
  ["Service", { spec: { ports: [5] } }, "cannot be handled as a Service"],
] as const)("a write of a %s with %j is refused, and changes nothing", (kind, more, message) => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: "" });
  const hash = world.journalHash();
  expect(world.dispatch(applying(kind, more)).refusal?.message).toContain(message);
  expect(world.journalHash()).toBe(hash);
});

test("a field that is not known here is no reason to refuse a write", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: "" });
  expect(world.dispatch(applying("ConfigMap", { data: { a: "b" }, unheard: 1 })).refusal).toBeNull();
});
