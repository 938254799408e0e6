import { expect, test, vi } from "vitest";
import type { Command } from "../wire/protocol.ts";
import { createWorld } from "./world.ts";

const calls = vi.hoisted(() => ({ send: 0 }));

vi.mock(import("../network/send.ts"), async (original) => {
  const real = await original();
  return {
    ...real,
    send: (...all: Parameters<typeof real.send>) => {
      calls.send += 1;
      return real.send(...all);
    },
  };
});

const TEXT = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
`;
const SEND: Command = {
  type: "send",
  request: { from: "pod/default/web", to: "service/default/web:80", protocol: "tcp" },
};

test("a request is sent once, when its command is tried, and replays to the same", () => {
  const world = createWorld({ seed: 4 });
  world.dispatch({ type: "text", text: TEXT });
  calls.send = 0;
  const walk = world.dispatch(SEND).walk;
  expect([calls.send, walk?.outcome]).toEqual([1, "delivered"]);
  const again = world.dispatch(SEND).walk;
  expect([calls.send, again?.id]).toEqual([2, (walk?.id ?? 0) + 1]);
  // A replay has no trial before it.
  const replayed = createWorld({ seed: null });
  expect(replayed.load({ seed: 4, commands: structuredClone(world.commands) }, null)).toBeNull();
  expect(replayed.journalHash()).toBe(world.journalHash());
  world.seek(0);
  world.seek(replayed.now);
  expect(world.journalHash()).toBe(replayed.journalHash());
});
