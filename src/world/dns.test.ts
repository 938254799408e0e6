import { expect, test } from "vitest";
import type { Walk } from "../model/trace/types.ts";
import { createWorld } from "./world.ts";
import type { World } from "./types.ts";

const TEXT = `
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Namespace
metadata: {name: prod}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx, ports: [{containerPort: 80, name: http}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: prod}
spec: {type: ExternalName, externalName: my.database.example.com}
---
apiVersion: v1
kind: Pod
metadata: {name: curl, namespace: shop}
spec: {containers: [{name: curl, image: curlimages/curl, command: [sleep, infinity]}]}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: database}
spec: {ip: 198.51.100.50, names: [my.database.example.com], listen: 5432/TCP}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: internet}
spec: {ip: 198.51.100.24}
`;

function world(text = TEXT): World {
  const made = createWorld({ seed: null });
  expect(made.dispatch({ type: "text", text }).refusal).toBeNull();
  expect(made.report.diagnostics).toEqual([]);
  return made;
}

function walkOf(w: World, to: string, from = "pod/shop/curl"): Walk {
  const walk = w.probe({ from, to, protocol: "tcp" });
  if ("message" in walk) throw new Error(walk.message);
  return walk;
}

test("x", () => {
  const w = world();
  for (const to of [
    "web:80",
    "web.shop:80",
    "http://web.shop.svc.cluster.local/",
    "http://web.shop.svc.cluster.local./x",
    "web.prod:80",
    "db.prod:5432",
    "my.database.example.com:5432",
  ]) {
    const walk = walkOf(w, to);
    console.log(to, walk.outcome, "|", walk.symptom, "|", walk.summary, "|", walk.hops[0]?.note);
    for (const c of walk.children) console.log("   ", c.symptom, c.outcome, c.hops.length, c.endedAt - c.startedAt);
  }
  console.log(walkOf(w, "web:80", "client/internet").summary);
});
