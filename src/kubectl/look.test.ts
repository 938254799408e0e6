import { expect, test } from "vitest";
import { lookConsole, runConsole } from "./console.ts";
import { deployment, service, worldOf } from "./testing.ts";

test("a line that must change nothing reads as ever, and stops before it would write, send or let time pass", () => {
  const world = worldOf(`${service("web")}---\n${deployment("web", 1)}`);
  const hash = world.journalHash();
  for (const line of ["kubectl get svc,pods -A", "iptables-save | grep web", "kubectl describe svc web", "echo a"]) {
    expect(lookConsole(world, [line])).toEqual(runConsole(world, [line]));
  }
  for (const line of [
    "kubectl delete svc web",
    "kubectl scale deploy/web --replicas 2",
    "client internet -- curl -s http://10.96.0.10/",
    "sleep 1",
    "kubectl get svc && kubectl label svc web a=b",
  ]) {
    expect(lookConsole(world, [line])).toMatchObject({ changes: true, stdout: "" });
  }
  // Refused before it is given: there is nothing that would change.
  expect(lookConsole(world, ["kubectl delete svc nope"])).toMatchObject({ code: 1 });
  expect(world.journalHash()).toBe(hash);
  expect(runConsole(world, ["kubectl delete svc web"]).stdout).toBe('service "web" deleted from default namespace\n');
});
