import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Command } from "../wire/protocol.ts";
import { createWorld } from "./world.ts";
import type { World } from "./types.ts";

const scenario = (replicas: number): string => `
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]
`;

const SEND: Command = {
  type: "send",
  request: { from: "node/worker-1", to: "service/default/web:80", protocol: "tcp" },
};

const text = (replicas: number): Command => ({ type: "text", text: scenario(replicas) });
const pods = (world: World): readonly Pod[] => world.objects.list<Pod>("Pod", "default");

function play(commands: readonly Command[], seed: number | null = 1): World {
  const world = createWorld({ seed });
  for (const command of commands) world.dispatch(command);
  return world;
}

describe("a text command", () => {
  it("replaces the one before it while nothing has followed: typing piles nothing up", () => {
    const typed = play([text(1), text(3), text(2)]);
    expect(typed.commands).toHaveLength(1);
    expect(typed.journalHash()).toBe(play([text(2)]).journalHash());
  });

  it("is only put in the place of the last one when it says the same in other words: nothing is done again", () => {
    const reworded = `# a comment\n${scenario(2).replace("{name: web}\nspec", "{name: web} # the Service\nspec")}`;
    const world = play([text(1), text(2)]);
    const [journal, log] = [world.commitsAfter(0), world.logOf("user")];
    expect(world.dispatch({ type: "text", text: reworded }).refusal).toBeNull();
    // The very same: a history that was gone through again has other records.
    expect(world.commitsAfter(0)[0]).toBe(journal[0]);
    expect(world.logOf("user")).toEqual(log);
    expect(world.commands).toEqual([{ at: 0, command: { type: "text", text: reworded } }]);
    expect(world.frame(true).text).toBe(reworded);
    expect(world.journalHash()).toBe(play([{ type: "text", text: reworded }]).journalHash());
    world.seek(0);
    expect(world.dispatch({ type: "text", text: scenario(3) }).refusal).toBeNull();
    expect(world.journalHash()).toBe(play([text(3)]).journalHash());
  });

  it("is told of at its own places, and of what it says now alone", () => {
    const strange = scenario(2).replace(
      "spec:\n  selector: {app: web}\n  ports",
      "spec:\n  externalIPs: [203.0.113.1]\n  selector: {app: web}\n  ports",
    );
    const world = play([{ type: "text", text: strange }]);
    const told = (): readonly string[] => world.report.diagnostics.map(({ message }) => message);
    const line = (): number | undefined => world.report.diagnostics[0]?.range.startLine;
    const [before, at] = [told(), line()];
    expect(before).not.toEqual([]);
    world.dispatch({ type: "text", text: `# a comment\n${strange}` });
    expect(told()).toEqual(before);
    expect(line()).toBe((at ?? 0) + 1);
    // Refused, and then as it was: the refusal is forgotten.
    world.dispatch({ type: "text", text: `${strange}---\nkind: Serv` });
    expect(world.report.accepted).toBe(false);
    world.dispatch({ type: "text", text: strange });
    expect([world.report.accepted, told(), line()]).toEqual([true, before, at]);
  });

  it("keeps the last good cluster when it is refused, and keeps what was typed", () => {
    const world = play([text(2)]);
    const hash = world.journalHash();
    const { refusal } = world.dispatch({ type: "text", text: `${scenario(2)}---\nkind: Serv` });
    expect(refusal).not.toBeNull();
    expect(world.journalHash()).toBe(hash);
    expect(world.report.accepted).toBe(false);
    expect(world.frame(true).text).toContain("kind: Serv");
    expect(pods(world)).toHaveLength(2);
  });

  it("applies with prune at the present once something followed it: a send is never lost by an edit", () => {
    const world = play([text(2), SEND, text(3)]);
    expect(world.commands.map((c) => c.command.type)).toEqual(["text", "send", "text"]);
    expect(world.frame(true).walks).toHaveLength(1);
    expect(pods(world)).toHaveLength(3);
  });

  it("deletes what it no longer names", () => {
    const world = play([text(2), SEND, { type: "text", text: scenario(2).split("---")[0] ?? "" }]);
    expect(world.objects.get(objectKey("Deployment", "default", "web"))).toBeUndefined();
    expect(pods(world)).toEqual([]);
  });

  it("reports an unknown field in the server's words at its place", () => {
    const world = play([
      { type: "text", text: scenario(1).replace("selector: {app: web}\n  ports", "selectr: {app: web}\n  ports") },
    ]);
    const problem = world.report.diagnostics.find((d) => d.severity === "error");
    expect(problem?.message).toContain('strict decoding error: unknown field "spec.selectr"');
    expect(problem?.range.startLine).toBe(6);
  });
});

describe("history", () => {
  const commandArb: fc.Arbitrary<Command> = fc.oneof(
    fc.integer({ min: 0, max: 4 }).map(text),
    fc.constant(SEND),
    fc
      .integer({ min: 0, max: 4 })
      .map((replicas): Command => ({ type: "scale", key: objectKey("Deployment", "default", "web"), replicas })),
    fc.constant<Command>({ type: "run", micros: 1_500_000 }),
    fc.constant<Command>({ type: "text", text: "kind: Nonsense" }),
  );

  it("is the same for the same text, seed and commands, and replays from what it saves", () => {
    fc.assert(
      fc.property(fc.array(commandArb, { maxLength: 8 }), fc.integer({ min: 1, max: 9 }), (commands, seed) => {
        const world = play([text(2), ...commands], seed);
        expect(play([text(2), ...commands], seed).journalHash()).toBe(world.journalHash());
        const replayed = createWorld({ seed: null });
        replayed.load({ seed, commands: world.commands }, null);
        expect(replayed.journalHash()).toBe(world.journalHash());
        expect(replayed.frame(true).text).toBe(world.frame(true).text);
      }),
      { numRuns: 25 },
    );
  });

  it("shows the past as it was, and goes on from there", () => {
    const world = play([text(2), { type: "run", micros: 1_000_000 }, SEND]);
    const then = play([text(2), { type: "run", micros: 1_000_000 }]);
    world.seek(999_999);
    expect(world.frame(true).walks).toEqual([]);
    world.seek(1e12);
    expect(world.frame(true).walks).toHaveLength(1);
    expect(then.now).toBe(1_000_000);
  });

  it("kills and deletes pods, whose ReplicaSet makes new ones", () => {
    const world = play([text(2)]);
    const victim = pods(world)[0]?.metadata.name ?? "";
    const { refusal } = world.dispatch({ type: "delete", key: objectKey("Pod", "default", victim), force: true });
    expect(refusal).toBeNull();
    expect(pods(world).map((p) => p.metadata.name)).not.toContain(victim);
    expect(pods(world)).toHaveLength(2);
  });

  it("kills a pod's process, which its kubelet starts again", () => {
    const world = play([text(1)]);
    const [pod] = pods(world);
    world.dispatch({ type: "kill", pod: objectKey("Pod", "default", pod?.metadata.name ?? "") });
    expect(pods(world)[0]?.metadata.uid).toBe(pod?.metadata.uid);
    expect(pods(world)[0]?.status.containerStatuses?.[0]?.restartCount).toBe(1);
  });

  it("refuses in a sentence what it cannot do, and changes nothing", () => {
    const world = play([text(1)]);
    const hash = world.journalHash();
    for (const command of [
      { type: "send", request: { from: "pod/default/nobody", to: "service/default/web:80", protocol: "tcp" } },
      { type: "delete", key: objectKey("Pod", "default", "nobody"), force: false },
      { type: "scale", key: objectKey("Service", "default", "web"), replicas: 2 },
      // As a link that somebody wrote by hand may have it.
      { type: "mode", mode: "toString" as "iptables" },
    ] satisfies Command[]) {
      expect(world.dispatch(command).refusal?.message).toMatch(/\S/);
    }
    expect(world.journalHash()).toBe(hash);
    expect(world.commands).toHaveLength(1);
  });
});
