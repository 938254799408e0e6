import { describe, expect, it } from "vitest";
import type { Goal } from "../model/lesson/types.ts";
import { goalsMet, markNow } from "./lesson.ts";
import { worldOf } from "./why-testing.ts";

const yaml = `
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: worker-2, containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: shop}
spec: {nodeName: worker-1, containers: [{name: client, image: busybox}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.41.7, selector: {app: web}, ports: [{port: 80}]}
`;

const FROM = "pod/shop/client";
const TO = "service/shop/web:80";

describe("goals of a lesson", () => {
  const world = worldOf({ yaml });
  const met = (goal: Goal): boolean | undefined => goalsMet(world, { goals: [goal] })[0];

  it.each<[string, Goal, boolean]>([
    ["an outcome over all branches", { expect: { from: FROM, to: TO, outcome: "delivered", backends: 1 } }, true],
    ["another outcome", { expect: { from: FROM, to: TO, outcome: "refused" } }, false],
    ["a share as a fraction", { expect: { from: FROM, to: TO, outcome: "delivered", share: "1/2" } }, false],
    ["a source by its pattern", { expect: { from: FROM, to: TO, sourceSeen: "10.244.1.*" } }, true],
    ["a source where a dot is a dot", { expect: { from: FROM, to: TO, sourceSeen: "10.244.1.*.*" } }, false],
    [
      "a request that cannot be sent",
      { expect: { from: FROM, to: "service/shop/none:80", outcome: "not-sent" } },
      true,
    ],
    ["a field", { object: "Service/shop/web", path: "spec.ports[0].targetPort", equals: 80 }, true],
    ["a field that differs", { object: "Service/shop/web", path: "spec.type", equals: "NodePort" }, false],
    ["no such field", { object: "Service/shop/web", path: "spec.externalIPs", exists: false }, true],
    ["no such object", { object: "Service/shop/none", exists: false }, true],
    ["no such object, though there is", { object: "Service/shop/web", exists: false }, false],
    ["how many objects fit", { object: "Pod/shop/*", count: 2 }, true],
    ["a star that is no slash", { object: "Pod/*", exists: true }, false],
    ["a line of the rules", { rules: { node: "worker-3", matches: "shop/web cluster IP" } }, true],
    ["no line of the rules", { rules: { node: "worker-3", matches: "shop/none", count: 0 } }, true],
    ["rules of no node", { rules: { node: "none", matches: "." } }, false],
    ["the mode", { mode: "iptables" }, true],
    ["a load that was never sent", { load: { lost: false } }, false],
    ["all of several", { all: [{ mode: "iptables" }, { mode: "ipvs" }] }, false],
    ["any of several", { any: [{ mode: "iptables" }, { mode: "ipvs" }] }, true],
    ["not", { not: { mode: "ipvs" } }, true],
    ["a variable of a process", { env: { pod: "shop/web", name: "WEB_SERVICE_HOST" } }, true],
    ["a variable that it has not", { env: { pod: "shop/web", name: "NONE" } }, false],
    ["variables of no process", { env: { pod: "shop/none", name: "WEB_SERVICE_HOST" } }, false],
    [
      "what would be so",
      {
        after: {
          do: [{ edit: { object: "Service/shop/web", path: "spec.ports[0].targetPort", to: 81 } }, { run: 1 }],
          goal: { expect: { from: FROM, to: TO, outcome: "refused" } },
        },
      },
      true,
    ],
    [
      "where a request would come by",
      {
        after: {
          do: [{ send: { from: FROM, to: TO } }],
          goal: { sent: { hop: { place: "node/worker-1", verdict: "dnat", dst: "10.244.2.*:80" } } },
        },
      },
      true,
    ],
    [
      "where it would not",
      { after: { do: [{ send: { from: FROM, to: TO } }], goal: { sent: { hop: { place: "lb/*" } } } } },
      false,
    ],
    ["what cannot be done", { after: { do: [{ console: "kubectl get pods" }], goal: { mode: "iptables" } } }, false],
  ])("%s", (_what, goal, is) => {
    const before = world.journalHash();
    expect(met(goal)).toBe(is);
    expect(world.journalHash()).toBe(before);
  });

  it("asks of what was sent, done and typed since the step began", () => {
    const sent: Goal = { sent: { from: FROM, outcome: "delivered", backend: "shop/*" } };
    const killed: Goal = { given: { command: "kill", matches: "shop/web" } };
    const ran: Goal = { ran: "^iptables" };
    const goals = [sent, killed, ran];
    const mine = worldOf({ yaml });
    mine.dispatch({ type: "send", request: { from: FROM, to: TO, protocol: "tcp" } });
    mine.dispatch({ type: "kill", pod: "Pod/shop/web" as never });
    expect(goalsMet(mine, { goals, ran: ["iptables -L"] })).toEqual([true, true, true]);
    expect(goalsMet(mine, { goals, since: markNow(mine), ran: ["ls iptables"] })).toEqual([false, false, false]);
  });

  it("leaves no trace", () => {
    const before = world.journalHash();
    goalsMet(world, { goals: [{ expect: { from: FROM, to: TO, because: "SVC-NO-ENDPOINTS" } }] });
    expect(world.journalHash()).toBe(before);
  });
});
