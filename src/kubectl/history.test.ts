/** What the console does is history: it replays, and what only looks leaves no trace. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createWorld } from "../world/world.ts";
import { deployment, service, terminal, worldOf } from "./testing.ts";

const FILES = { "svc.yaml": service("late", "{selector: {app: web}, ports: [{port: 81}]}") };
const TEXT = `${service("web")}---\n${deployment("web", 2)}`;

const WRITES = [
  "kubectl apply -f svc.yaml",
  "kubectl delete -f svc.yaml --ignore-not-found",
  "kubectl scale deploy/web --replicas=3",
  "kubectl scale deploy/web --replicas=1",
  "kubectl label svc web tier=fe --overwrite",
  "kubectl label svc web tier-",
  `kubectl patch svc web -p '{"spec":{"type":"NodePort"}}'`,
  "kubectl set image deploy/web web=nginx:1.27",
  "kubectl rollout restart deploy/web",
  "kubectl rollout undo deploy/web",
  "kubectl delete pod -l app=web --force",
  "kubectl expose deploy/web --port=80 --name=copy",
  "kubectl delete svc copy --ignore-not-found",
  "kubectl cordon worker-1 && kubectl uncordon worker-1",
  "kubectl create service nodeport np --tcp=80:8080",
  "kubectl run one --image=nginx --port=80",
  "timeout 3s kubectl get pods -w",
];

const LOOKS = [
  "kubectl get all -A -o wide",
  "kubectl describe svc,pods,deploy",
  "kubectl get svc web -o yaml",
  "kubectl apply -f svc.yaml --dry-run=server",
  "kubectl delete svc web --dry-run=client",
  "kubectl create deployment x --image=nginx --dry-run=client -o yaml",
  "kubectl label svc web a=b --dry-run=server",
  "kubectl rollout history deploy/web",
  "kubectl explain svc.spec",
  "iptables-save | wc -l",
  "conntrack -L",
  "kubectl delete svc nobody",
];

describe("the history of a console", () => {
  it("replays to the same journal", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...WRITES), { maxLength: 6 }), (lines) => {
        const world = worldOf(TEXT, 3);
        const { run } = terminal(world, FILES);
        for (const line of lines) run(line);
        const replayed = createWorld({ seed: null });
        expect(replayed.load({ seed: 3, commands: structuredClone(world.commands) }, null)).toBeNull();
        expect(replayed.journalHash()).toBe(world.journalHash());
      }),
      { numRuns: 15 },
    );
  });

  it.each(LOOKS)("is not changed by %s", (line) => {
    const world = worldOf(TEXT, 3);
    const hash = world.journalHash();
    terminal(world, FILES).run(line);
    expect(world.journalHash()).toBe(hash);
    expect(world.commands).toHaveLength(1);
  });

  it("names a command by its line", () => {
    const world = worldOf(TEXT);
    terminal(world).out("kubectl scale deployment web --replicas=5");
    expect(world.commands.at(-1)?.command).toMatchObject({
      type: "write",
      title: "kubectl scale deployment web --replicas=5",
    });
    expect(world.frame(true).journal.some((entry) => entry.title === "kubectl scale deployment web --replicas=5")).toBe(
      true,
    );
  });

  it("undoes with a seek, and forks there", () => {
    const world = worldOf(TEXT);
    const { out } = terminal(world, FILES);
    out("timeout 2s kubectl get pods -w");
    out("kubectl delete svc web");
    world.seek(1_000_000);
    expect(out("kubectl get svc web -o name")).toBe("service/web\n");
    out("kubectl apply -f svc.yaml");
    expect(out("kubectl get svc -o name")).toContain("service/late\nservice/web\n");
  });
});

describe("time", () => {
  it("kills a process from inside, which its kubelet starts again", () => {
    const { run, out } = terminal(
      worldOf("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: nginx}]}\n"),
    );
    expect(run("kubectl exec p -- kill 1")).toMatchObject({
      code: 137,
      stderr: "command terminated with exit code 137\n",
    });
    expect(out("kubectl get pod p -o jsonpath='{.status.containerStatuses[0].restartCount}'")).toBe("1");
  });

  it("passes while kubectl waits, when the cluster runs", () => {
    const world = worldOf(TEXT);
    const { out } = terminal(world);
    world.dispatch({ type: "pace", pace: "run" });
    const [pod = ""] = out("kubectl get pods -o name").split("\n");
    const before = world.now;
    expect(out(`kubectl delete ${pod} --wait=false`)).toMatch(/deleted from default namespace/);
    expect(world.now).toBe(before);
    expect(out(`kubectl get ${pod} --no-headers`)).toContain("Terminating");
    out(`kubectl wait --for=delete ${pod} --timeout=60s`);
    expect(world.now).toBeGreaterThan(before);
    out("kubectl set image deploy/web web=nginx:1.27");
    const lines = out("kubectl rollout status deploy/web").trimEnd().split("\n");
    expect(lines.length).toBeGreaterThan(1);
    expect(lines[0]).toMatch(/^Waiting for deployment /);
    expect(lines.at(-1)).toBe('deployment "web" successfully rolled out');
  });

  it("shows a rollout as it goes", () => {
    const world = worldOf(TEXT);
    const { out } = terminal(world);
    world.dispatch({ type: "pace", pace: "run" });
    out("kubectl scale deploy/web --replicas=3");
    const rows = out("timeout 30s kubectl get deploy web -w --no-headers").trimEnd().split("\n");
    expect(rows[0]).toMatch(/^web {3}2\/[23] /);
    expect(rows.at(-1)).toMatch(/^web +3\/3 +3 +3 /);
    expect(rows.length).toBeGreaterThan(2);
  });
});
