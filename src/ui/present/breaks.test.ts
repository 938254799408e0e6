import { expect, it } from "vitest";
import { clusterIPWalk, mirrorOf, refusedWalk, vipWalk } from "../../graph/testing/fixture.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { Broken } from "../../wire/protocol.ts";
import { breaksOf } from "./breaks.ts";

const selecting = mirrorOf();
const objects = new Map(
  [...selecting.objects].map(([key, object]) =>
    object.kind === "Service"
      ? [key, { ...object, spec: { ...(object as { readonly spec?: object }).spec, selector: { app: "web" } } }]
      : [key, object],
  ),
) as typeof selecting.objects;

function breaks(walk: Walk, broken: Partial<Broken> = {}) {
  const mirror = mirrorOf({ broken });
  return breaksOf(walk, { objects, broken: mirror.broken, choices: { from: [], to: [] } });
}

it("breaks what the walk came by: its Service's text, its pod, and the node that translates", () => {
  expect(breaks(vipWalk()).map(({ title, detail }) => `${title} (${detail})`)).toEqual([
    "Mistype the selector (app: webs)",
    "externalTrafficPolicy: Local (a node sends to its own pods only)",
    "Hang m4tqz (it stops answering)",
    "Kill m4tqz (SIGKILL; kubelet starts it again)",
    "Stop kube-proxy on worker-1 (its rules stay)",
    "Cut the power of worker-2 (its pods go with it)",
  ]);
});

it("does it with the deeds of the menus, which are in the history and in a link", () => {
  const deeds = new Map(breaks(vipWalk()).map(({ id, deed }) => [id, deed]));
  expect(deeds.get("selector")).toEqual({
    do: "edit",
    object: "Service/shop/web",
    path: "spec.selector.app",
    to: "webs",
  });
  expect(deeds.get("kill")).toEqual({
    do: "command",
    command: { type: "kill", pod: "Pod/shop/web-6c8b5d7f9-m4tqz" },
  });
  expect(deeds.get("kube-proxy")).toEqual({
    do: "command",
    command: { type: "fault", fault: "kube-proxy", node: "worker-1", on: false },
  });
});

it("asks within the cluster for the policy that counts there", () => {
  const walk = clusterIPWalk("web-6c8b5d7f9-m4tqz", "10.244.2.3", 2);
  expect(breaks(walk).map(({ title }) => title)).toContain("internalTrafficPolicy: Local");
});

it("leaves the sender its power", () => {
  const walk = clusterIPWalk("web-6c8b5d7f9-x2b7k", "10.244.1.5", 1);
  const ids = breaks(walk).map(({ id }) => id);
  expect(ids).toContain("kill");
  expect(ids).not.toContain("power");
});

it("does not break again what is broken, nor a pod where none was reached", () => {
  const ids = breaks(vipWalk(), { proxies: ["worker-1"], nodes: ["worker-2"] }).map(({ id }) => id);
  expect(ids).not.toContain("kube-proxy");
  expect(ids).not.toContain("power");
  expect(breaks(refusedWalk()).map(({ id }) => id)).toEqual(["selector", "policy"]);
});
