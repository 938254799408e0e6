import { expect, test } from "vitest";
import { runConsole } from "../../kubectl/console.ts";
import type { World } from "../../world/types.ts";
import { createWorld } from "../../world/world.ts";
import { decodeShare, encodeShare } from "./codec.ts";

const TEXT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
`;

/** The world that a reader gets who opens a link to this one. */
function reopened(world: World): World {
  const hash = encodeShare({
    scenario: null,
    history: { seed: world.seed, commands: world.commands },
    upTo: null,
    view: { walk: null, hop: null, object: null, center: "map" },
  });
  const decoded = decodeShare(hash);
  if (!decoded.ok) throw new Error(JSON.stringify(decoded.error));
  const other = createWorld({ seed: null });
  expect(other.load(decoded.value.history, decoded.value.upTo)).toBeNull();
  return other;
}

test("what was done in the console comes back from a link with the same journal", () => {
  const world = createWorld({ seed: 7 });
  world.dispatch({ type: "text", text: TEXT });
  for (const line of [
    "kubectl expose deployment web --port 80",
    "kubectl label svc web tier=front",
    "kubectl scale deployment web --replicas 3",
    "kubectl set image deployment/web web=nginx:1.27",
    "kubectl annotate pod -l app=web constructor=yes",
    "kubectl cordon worker-1",
    "kubectl create service clusterip other --tcp 80:80",
    "cat <<EOF | kubectl apply -f -\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: notes}\ndata: {a: b}\nEOF",
    "client internet -- curl -s http://10.96.0.1/",
    "ssh worker-1 conntrack -D -p tcp",
    "kubectl delete svc other",
    "kubectl rollout status deployment/web",
    "sleep 2",
  ]) {
    expect({ line, ...runConsole(world, [line]) }).toMatchObject({
      line,
      stderr: expect.not.stringContaining("error:"),
    });
  }
  expect(world.commands.filter(({ command }) => command.type === "write").length).toBeGreaterThan(5);
  expect(reopened(world).journalHash()).toBe(world.journalHash());
});
