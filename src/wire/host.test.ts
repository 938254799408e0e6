import { expect, it } from "vitest";
import { createWorld } from "../world/world.ts";
// oxlint-disable-next-line no-restricted-imports -- what a host says is right when a page can make its picture of it.
import { EMPTY, fold } from "../mirror/fold.ts";
import type { MirrorState } from "../mirror/types.ts";
import type { ObjectKey } from "../model/meta/types.ts";
import { createHost } from "./host.ts";
import { createFiller } from "./repeats.ts";
import type { ConsoleAnswer, ConsoleLine, Frame, FromWorker, ToWorker } from "./protocol.ts";

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
`;

/** A host in this thread. Every message goes through structuredClone, as between threads. */
function start(text = "") {
  const world = createWorld({ seed: 1 });
  const said: FromWorker[] = [];
  /** The same as they crossed. */
  const crossed: FromWorker[] = [];
  const fill = createFiller();
  let hear: (message: ToWorker) => void = () => {};
  createHost(
    {
      post: (message) => {
        crossed.push(structuredClone(message));
        const heard = structuredClone(message);
        const isThin = heard.kind === "frame" && heard.repeats !== undefined;
        said.push(isThin ? { kind: "frame", frame: fill(heard.frame, heard.repeats) } : heard);
      },
      listen: (handler) => {
        hear = handler;
      },
      close: () => {},
    },
    world,
  );
  let id = 0;
  /** What one message is answered with. */
  const tell = (message: ToWorker): readonly FromWorker[] => {
    said.length = 0;
    hear(structuredClone(message));
    return [...said];
  };
  const run = (micros: number): void => {
    tell({ kind: "command", id: ++id, command: { type: "run", micros } });
  };
  const ask = (line: ConsoleLine): { readonly kinds: readonly string[]; readonly answer: ConsoleAnswer } => {
    const all = tell({ kind: "query", id: ++id, name: "console", params: line });
    const last = all.at(-1);
    if (last?.kind !== "answer") throw new Error(JSON.stringify(last));
    return { kinds: all.map(({ kind }) => kind), answer: last.answer as ConsoleAnswer };
  };
  tell({ kind: "command", id: ++id, command: { type: "text", text } });
  return { ask, run, tell, said, crossed, world };
}

it("sends the frame before the answer of a console line that changed the cluster, and none for one that did not", () => {
  const { ask, said } = start(WEB);
  expect(ask({ argv: ["kubectl get deploy"] }).kinds).toEqual(["answer"]);
  const { kinds, answer } = ask({ argv: ["kubectl", "scale", "deploy/web", "--replicas=2"] });
  expect(answer).toEqual({ stdout: "deployment.apps/web scaled\n", stderr: "", code: 0 });
  expect(kinds).toEqual(["frame", "answer"]);
  const frame = said.find((message) => message.kind === "frame")?.frame;
  expect(frame?.upserts.map(({ kind }) => kind)).toContain("Pod");
  expect(frame?.commands.at(-1)?.command).toMatchObject({
    type: "write",
    title: "kubectl scale deploy/web --replicas=2",
  });
  // Refused, dry, or nothing to do: no frame.
  expect(ask({ argv: ["kubectl delete svc nope"] }).kinds).toEqual(["answer"]);
  expect(ask({ argv: ["kubectl delete deploy web --dry-run=server"] }).kinds).toEqual(["answer"]);
});

it("does not send again what every frame has, and the receiver has it all the same", () => {
  const { run, said, crossed, world } = start(`${WEB}---\napiVersion: v1\nkind: Service\nmetadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}\n`);
  const last = (messages: readonly FromWorker[]): Frame | undefined =>
    messages.findLast((message) => message.kind === "frame")?.frame;
  for (const micros of [1_000, 2_000]) {
    run(micros);
    // Two stretches of time become one command: it is another one then.
    expect(last(crossed)?.commands).toHaveLength(1);
    expect([last(crossed)?.proxies, last(crossed)?.sigils]).toEqual([[], []]);
    expect(last(said)?.commands).toEqual(world.commands);
    expect(last(said)?.proxies.map(({ node }) => node)).toEqual(["control-plane", "worker-1", "worker-2", "worker-3"]);
    expect(last(said)?.sigils.map(({ service }) => service)).toContain("Service/default/web");
  }
});

it("reads the editor's tabs as files, and says what else it cannot read", () => {
  const { ask } = start();
  const files = { "web.yaml": WEB };
  expect(ask({ argv: ["kubectl apply -f web.yaml"], files }).answer.stdout).toBe("deployment.apps/web created\n");
  expect(ask({ argv: ["kubectl apply -f ./web.yaml"], files }).answer.stdout).toBe("deployment.apps/web unchanged\n");
  expect(ask({ argv: ["cat web.yaml | kubectl delete -f -"], files }).answer.stdout).toBe(
    'deployment.apps "web" deleted from default namespace\n',
  );
  expect(ask({ argv: ["kubectl apply -f other.yaml"], files }).answer.stderr).toBe(
    'error: the path "other.yaml" does not exist\n',
  );
  expect(ask({ argv: ["kubectl apply -f -"], files }).answer.stderr).toMatch(/^error: .*cat FILE \| .*\n$/);
  expect(ask({ argv: ["kubectl apply -f https://k8s.io/web.yaml"], files }).answer.stderr).toMatch(
    /^error: https:\/\/k8s\.io\/web\.yaml cannot be read here: .*\n$/,
  );
});

it("passes virtual time in a watch, and lets a terminal stay with one while time runs elsewhere", () => {
  const { ask, run } = start(WEB);
  const alone = ask({ argv: ["timeout 5s kubectl get pods -w"] });
  expect(alone.kinds).toEqual(["frame", "answer"]);
  expect(alone.answer.followed).toBeUndefined();

  const argv = ["kubectl get pods -w | grep -v NAME"];
  const first = ask({ argv, follow: "start" });
  expect(first.kinds).toEqual(["answer"]);
  expect(first.answer.stdout).toMatch(/^web-\S+ +1\/1 +Running/);
  const from = first.answer.followed ?? -1;
  expect(ask({ argv, follow: from }).answer).toEqual({ stdout: "", stderr: "", code: 1, followed: from });

  ask({ argv: ["kubectl scale deploy web --replicas=2"] });
  run(1_000_000);
  const { answer, kinds } = ask({ argv: ["kubectl get pods -w"], follow: from });
  expect(kinds).toEqual(["answer"]);
  expect(answer.stdout).not.toContain("NAME");
  expect(answer.stdout.match(/Pending|ContainerCreating|Running/g)?.at(-1)).toBe("Running");
  expect(answer.followed).toBeGreaterThan(from);
  expect(ask({ argv: ["kubectl get pods"], follow: 0 }).answer.stdout).toBe("");
});

it("answers kubectl edit with a tab", () => {
  const { ask } = start(WEB);
  const { answer } = ask({ argv: ["kubectl edit deploy web"] });
  expect(answer.tab?.name).toBe("deployment-web.yaml");
  expect(answer.tab?.text).toContain("\nkind: Deployment\n");
  const files = { [answer.tab?.name ?? ""]: (answer.tab?.text ?? "").replace("replicas: 1", "replicas: 3") };
  expect(ask({ argv: ["kubectl replace -f deployment-web.yaml"], files }).answer.stdout).toBe(
    "deployment.apps/web replaced\n",
  );
  expect(ask({ argv: ["kubectl get deploy web -o jsonpath={.spec.replicas}"] }).answer.stdout).toBe("3");
});

it("sends another moment as what differs, and whoever folds it has what a page has that begins there", () => {
  const { tell } = start();
  const commands = [
    { at: 0, command: { type: "text", text: WEB } as const },
    { at: 0, command: { type: "pace", pace: "run" } as const },
    { at: 0, command: { type: "write", title: "more", writes: [] } as const },
    { at: 1_000_000, command: { type: "scale", key: "Deployment/default/web" as ObjectKey, replicas: 5 } as const },
    { at: 9_000_000, command: { type: "run", micros: 1_000 } as const },
  ];
  const framesOf = (said: readonly FromWorker[]): readonly Frame[] =>
    said.flatMap((message) => (message.kind === "frame" ? [message.frame] : []));
  const load = (upTo: number | null): readonly Frame[] =>
    framesOf(tell({ kind: "load", id: 1, history: { seed: 1, commands }, upTo }));
  const picture = (state: MirrorState): object => ({
    ...state,
    status: null,
    objects: new Map([...state.objects].sort(([a], [b]) => (a < b ? -1 : 1))),
  });
  const moments = [500_000, 1_000_400, 9_000_000, 1_500_000, 0, 8_000_000];
  let page = load(null).reduce(fold, EMPTY);
  const shown = moments.map((at) => {
    const frames = framesOf(tell({ kind: "seek", id: 2, at }));
    expect(frames.map(({ full, sought }) => [full, sought])).toEqual([[false, true]]);
    page = frames.reduce(fold, page);
    return picture(page);
  });
  moments.forEach((at, i) => expect(shown[i]).toEqual(picture(load(at).reduce(fold, EMPTY))));
  // Little is said of what stands.
  const [near] = framesOf(tell({ kind: "seek", id: 3, at: 8_000_001 }));
  tell({ kind: "seek", id: 4, at: 8_000_000 });
  const [again] = framesOf(tell({ kind: "seek", id: 5, at: 8_000_001 }));
  expect([near?.full, again?.upserts, again?.journal]).toEqual([false, [], []]);
});

it("says that it is at work, and sends a large picture in parts", () => {
  const { tell } = start();
  const said = tell({
    kind: "command",
    id: 1,
    command: { type: "text", text: WEB.replace("replicas: 1", "replicas: 2500") },
  });
  const kinds = said.map(({ kind }) => kind);
  expect(kinds.filter((kind) => kind === "working").length).toBeGreaterThan(2);
  // Once more before the picture, which takes its time: the same number again.
  const working = said.flatMap((message) => (message.kind === "working" ? [message.events] : []));
  expect(working.at(-1)).toBe(working.at(-2));
  expect(kinds.filter((kind) => kind !== "working").at(-2)).toBe("frame");
  const parts = said.flatMap((message) => (message.kind === "part" ? [message] : []));
  expect(parts.map(({ upserts, journal }) => Math.max(upserts.length, journal.length)).every((n) => n <= 2_000)).toBe(
    true,
  );
  const pods = parts.flatMap(({ upserts }) => upserts).filter(({ kind }) => kind === "Pod").length;
  const last = said.flatMap((message) => (message.kind === "frame" ? [message.frame] : [])).at(-1);
  expect(pods).toBeGreaterThan(0);
  expect(pods + (last?.upserts.filter(({ kind }) => kind === "Pod").length ?? 0)).toBe(2_502);
});

it("counts the commands of a history while it replays them, before the frame", () => {
  const { tell } = start();
  const run = { type: "run", micros: 1_000 } as const;
  const commands = [
    { at: 0, command: { type: "text", text: WEB } as const },
    { at: 5_000_000, command: run },
    { at: 6_000_000, command: run },
  ];
  const said = tell({ kind: "load", id: 7, history: { seed: 1, commands }, upTo: null });
  expect(said.map(({ kind }) => kind)).toEqual(["progress", "progress", "progress", "frame", "done"]);
  expect(said.slice(0, 3)).toEqual(
    [1, 2, 3].map((done) => ({ kind: "progress", id: 7, what: "replaying", done, total: 3 })),
  );
});

it("compares a dump and runs packets on it, and shows nothing new for it", () => {
  const { tell } = start(WEB);
  const [rules] = tell({ kind: "query", id: 1, name: "rulesText", params: { node: "worker-1" } });
  const { text } = (rules?.kind === "answer" ? rules.answer : { text: "" }) as { readonly text: string };
  expect(text).toContain("KUBE-SERVICES");
  const compared = tell({ kind: "query", id: 2, name: "drift", params: { node: "worker-1", dump: text } });
  expect(compared).toMatchObject([{ kind: "answer", id: 2, answer: { counts: { dump: 0, expected: 0, differs: 0 } } }]);
});
