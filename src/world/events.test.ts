import { expect, test } from "vitest";
import { HOUR, SECOND } from "../base/time.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { EventLog } from "./events.ts";

const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "p", namespace: "shop", uid: "u1" } } as KubeObject;

function tell(log: EventLog, at: number, message: string, by = "kubelet/worker-1"): void {
  log.add({
    about: POD,
    type: "Warning",
    reason: "Unhealthy",
    message,
    at,
    cause: at,
    by,
    fieldPath: "spec.containers{c}",
  });
}

test("equal events are one with a count; the last one said stands last; after an hour they are gone", () => {
  const log = new EventLog();
  tell(log, SECOND, "a");
  tell(log, 2 * SECOND, "b");
  tell(log, 3 * SECOND, "a");
  const shown = log.objects(4 * SECOND);
  expect(shown.map((e) => [e.message, e.count, e.firstTimestamp, e.lastTimestamp])).toEqual([
    ["b", 1, "2026-01-01T00:00:02Z", "2026-01-01T00:00:02Z"],
    ["a", 2, "2026-01-01T00:00:01Z", "2026-01-01T00:00:03Z"],
  ]);
  expect(shown[0]).toMatchObject({
    kind: "Event",
    metadata: { namespace: "shop" },
    involvedObject: { kind: "Pod", name: "p", uid: "u1", fieldPath: "spec.containers{c}" },
    source: { component: "kubelet", host: "worker-1" },
    type: "Warning",
  });
  expect(new Set(shown.map((e) => e.metadata.name)).size).toBe(2);
  expect(log.objects(HOUR + 2.5 * SECOND).map((e) => [e.message, e.count])).toEqual([["a", 1]]);
});

test("a checkpoint is a length: going back forgets, going on differently replaces", () => {
  const log = new EventLog();
  tell(log, 1, "a");
  const here = log.snapshot();
  tell(log, 2, "b");
  log.restore(here);
  expect(log.all.map((e) => e.message)).toEqual(["a"]);
  log.restore(2);
  expect(log.all.map((e) => e.message)).toEqual(["a", "b"]);
  log.restore(here);
  tell(log, 3, "c");
  expect(log.all.map((e) => e.message)).toEqual(["a", "c"]);
});
