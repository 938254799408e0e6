/** What `kubectl get -o yaml` prints of a cluster is a text: it loads again, and the same is wrong with it as with the cluster. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { World } from "../world/types.ts";
import { createWorld } from "../world/world.ts";
import { runConsole } from "./console.ts";

function worldOf(text: string): World {
  const world = createWorld({ seed: null });
  expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
  return world;
}
function errorsIn(world: World): readonly string[] {
  const found = world.whyAll();
  if ("message" in found) throw new Error(found.message);
  return found.findings
    .filter(({ severity }) => severity === "error")
    .map(({ id, request }) => `${id} ${request.to}`)
    .sort();
}
function dumpOf(world: World, kinds: string): string {
  const { stdout, tab } = runConsole(world, ["kubectl", "get", kinds, "-A", "-o", "yaml"]);
  return stdout + (tab?.text ?? "");
}

it.each(["clusterip", "nodeport", "loadbalancer", "ingress", "shop-web"])("of the scenario %s: nothing", (slug) => {
  const world = worldOf(readFileSync(`src/scenarios/${slug}/scenario.yaml`, "utf8"));
  for (const kinds of ["nodes,svc,endpointslices,pods", "nodes,svc,endpointslices", "svc,endpointslices"])
    expect([kinds, ...errorsIn(worldOf(dumpOf(world, kinds)))]).toEqual([kinds]);
});

it("of a cluster with many faults: the same, told by the same names", () => {
  const world = worldOf(readFileSync("src/lessons/28-capstone/scenario.yaml", "utf8"));
  const before = errorsIn(world);
  expect(before.length).toBeGreaterThan(2);
  expect(errorsIn(worldOf(dumpOf(world, "nodes,svc,endpointslices,pods")))).toEqual(before);
});
