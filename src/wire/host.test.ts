import { expect, it } from "vitest";
import { createWorld } from "../world/world.ts";
import { createHost } from "./host.ts";
import type { ConsoleAnswer, ConsoleLine, FromWorker, ToWorker } from "./protocol.ts";

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
  let hear: (message: ToWorker) => void = () => {};
  createHost(
    {
      post: (message) => said.push(structuredClone(message)),
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
  return { ask, run, tell, said };
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
