import { expect, test } from "vitest";
import { splitKey, type ObjectKey } from "../model/meta/types.ts";
import type { Command, JournalEntry } from "../wire/protocol.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const TEXT = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
`;

const scale = (replicas: number): Command => ({
  type: "scale",
  key: "Deployment/default/web" as ObjectKey,
  replicas,
});

const pods = (world: World): number => world.objects.list("Pod", "default").length;

function started(): World {
  const world = createWorld({ seed: 1 });
  expect(world.dispatch({ type: "text", text: TEXT }).refusal).toBeNull();
  return world;
}

/** The same commands given to a fresh world. */
function replayed(world: World): World {
  const fresh = createWorld({ seed: 1 });
  expect(fresh.load({ seed: 1, commands: world.commands }, null)).toBeNull();
  return fresh;
}

const titled = (journal: readonly JournalEntry[], start: string): JournalEntry => {
  const found = journal.find(({ title }) => title.startsWith(start));
  if (found === undefined) throw new Error(`nothing in the journal begins with ${start}`);
  return found;
};

test("a place within an instant is looked at, what came later is told, and the way back is open", () => {
  const world = started();
  world.dispatch(scale(4));
  world.dispatch(scale(1));
  const { journal, now } = world.frame(true);
  expect(pods(world)).toBe(1);
  const first = titled(journal, "kubectl scale Deployment/default/web --replicas=4");
  const second = titled(journal, "kubectl scale Deployment/default/web --replicas=1");
  expect(second.at).toBe(first.at);

  world.seek(first.at, first.seq);
  const back = world.frame(true);
  expect(pods(world)).toBe(2);
  expect(back.journal.at(-1)?.cause).toBe(first.seq);
  expect(back.later?.map(({ command }) => command)).toEqual([scale(1)]);
  expect(back.commands.map(({ command }) => command.type)).toEqual(["text", "scale"]);

  // Right before the second: the first has come to rest.
  const before = journal[journal.indexOf(second) - 1];
  world.seek(first.at, before?.lane === "api" ? before.cause : (before?.seq ?? null));
  expect(pods(world)).toBe(4);
  world.seek(now);
  expect(pods(world)).toBe(1);
  expect(world.frame(true).later).toBeUndefined();
});

test("a command in the midst of settling forks after that instant, and the fork replays to the same journal", () => {
  const world = started();
  world.dispatch(scale(4));
  world.dispatch(scale(1));
  const scaled = titled(world.frame(true).journal, "kubectl scale Deployment/default/web --replicas=4");
  world.seek(scaled.at, scaled.seq);
  world.dispatch(scale(3));
  expect(world.commands.map(({ command }) => command)).toEqual([{ type: "text", text: TEXT }, scale(4), scale(3)]);
  expect(pods(world)).toBe(3);
  expect(replayed(world).journalHash()).toBe(world.journalHash());
});

test("a fork in the middle of a long settling replays to the same journal", () => {
  const world = started();
  const pod = world.objects.list("Pod", "default")[0];
  const key = `Pod/default/${pod?.metadata.name ?? ""}` as ObjectKey;
  // The second kill waits for the restart back-off.
  for (let i = 0; i < 2; i++) expect(world.dispatch({ type: "kill", pod: key }).refusal).toBeNull();
  const end = world.now;
  expect(end).toBeGreaterThan(5_000_000);
  world.seek(4_000_000);
  world.dispatch(scale(3));
  expect(world.commands.at(-1)).toEqual({ at: 4_000_000, command: scale(3) });
  expect(replayed(world).journalHash()).toBe(world.journalHash());
});

test("a refused command in a look back leaves the look and what came later", () => {
  const world = started();
  world.dispatch(scale(4));
  const scaled = titled(world.frame(true).journal, "kubectl scale");
  world.seek(scaled.at, scaled.seq);
  expect(world.dispatch({ type: "text", text: "kind: Service" }).refusal).not.toBeNull();
  expect(
    world.dispatch({ type: "scale", key: "Deployment/default/no" as ObjectKey, replicas: 1 }).refusal,
  ).not.toBeNull();
  expect(pods(world)).toBe(2);
  world.seek(Infinity);
  expect(pods(world)).toBe(4);
});

test("stretches of time that follow each other are one command", () => {
  const world = started();
  world.dispatch({ type: "pace", pace: "run" });
  for (let i = 0; i < 5; i++) world.dispatch({ type: "run", micros: 300_000 });
  world.dispatch(scale(3));
  for (let i = 0; i < 5; i++) world.dispatch({ type: "run", micros: 700_000 });
  const runs = world.commands.flatMap(({ command }) => (command.type === "run" ? [command.micros] : []));
  expect(runs).toEqual([1_500_000, 3_500_000]);
  expect(replayed(world).journalHash()).toBe(world.journalHash());
});

test("a revision is told as what it did to an object, and a sync as what it did to a node's rules", () => {
  const world = started();
  world.frame(true);
  world.dispatch(scale(3));
  const { journal } = world.frame(false);
  const slice = journal.find(({ title }) => title.startsWith("EndpointSlice default/web-"));
  const key = slice?.objects[0] ?? ("" as ObjectKey);
  const diff = world.objectDiff(key, slice?.revision ?? 0);
  const count = (object: unknown): number => (object as { endpoints: readonly unknown[] }).endpoints.length;
  expect([count(diff?.before), count(diff?.after), diff?.writer]).toEqual([2, 3, "endpointslice-controller"]);
  expect(world.objectDiff(key, 1)).toBeNull();

  const sync = titled(journal, "rules written");
  const rules = world.rulesDiff(sync.node, sync.seq);
  const pod = world.objects.list("Pod", "default").map((one) => one.metadata.name);
  expect(pod).toHaveLength(3);
  const lines = rules?.added.map(({ text }) => text).join("\n") ?? "";
  expect(lines).toMatch(/-A KUBE-SEP-\w+ .*-j DNAT --to-destination 10\.244\./);
  expect(rules?.removed.map(({ text }) => text).join("\n")).toMatch(/--probability 0\.5/);
  expect(world.now).toBe(sync.at);
  expect(world.rulesDiff(sync.node, 999_999)).toBeNull();
});

test("a line of the text names the hops that its rules decided", () => {
  const world = started();
  world.dispatch({ type: "send", request: { from: "node/worker-1", to: "service/default/web:80", protocol: "tcp" } });
  const line = TEXT.split("\n").findIndex((one) => one.includes("targetPort")) + 1;
  const column = (TEXT.split("\n")[line - 1] ?? "").indexOf("targetPort") + 2;
  const found = world.provenance(line, column);
  expect(splitKey(found?.object ?? ("" as ObjectKey)).kind).toBe("Service");
  const [walk] = world.walks;
  const uses = (found?.hops ?? []).map(({ leg, index }) => walk?.[leg === "request" ? "hops" : "reply"][index]);
  expect(uses.some((hop) => hop?.verdict === "dnat")).toBe(true);
});
