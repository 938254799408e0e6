import { describe, expect, it } from "vitest";
import type { ProxyMode } from "../model/config/types.ts";
import type { Endpoints } from "../model/endpoints/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Walk } from "../model/trace/types.ts";
import { createWorld } from "./world.ts";

/**
 * A Service whose only endpoint is another Service's cluster IP. The API server admits it, and kube-proxy writes rules for it; but a
 * connection is given a destination once, so the second Service's rules never see the packet. Each expectation was seen on
 * a real kernel with these very rules (but for ipvs, which that kernel lacked).
 */
const SCENARIO = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: busybox}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {nodeName: worker-2, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.50, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: front}
spec: {clusterIP: 10.96.0.60, ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: front}
subsets: [{addresses: [{ip: 10.96.0.50}], ports: [{port: 80}]}]
`;

function worldIn(mode: ProxyMode) {
  const made = createWorld({ seed: 1 });
  expect(made.dispatch({ type: "text", text: SCENARIO }).refusal).toBeNull();
  made.dispatch({ type: "mode", mode });
  return made;
}

function front(mode: ProxyMode, from: string): Walk {
  const explored = worldIn(mode).explore({ from, to: "service/default/front:80", protocol: "tcp" });
  if (!("walks" in explored)) throw new Error(explored.message);
  expect(explored.walks).toHaveLength(1);
  return explored.walks[0] as Walk;
}

const FROM = ["pod/default/client", "node/worker-1"];
const rewrites = (walk: Walk): readonly string[] =>
  walk.hops.filter((h) => h.verdict === "dnat").map((h) => `${h.before.dst} to ${h.after.dst}`);

describe("an Endpoints address that is another Service's cluster IP", () => {
  it("is admitted, and mirrored into a slice", () => {
    const { objects } = worldIn("iptables");
    const endpoints = objects.get<Endpoints>(objectKey("Endpoints", "default", "front"));
    expect(endpoints?.subsets?.[0]?.addresses?.[0]?.ip).toBe("10.96.0.50");
    expect(objects.slicesOf("default", "front")[0]?.endpoints?.[0]?.addresses).toEqual(["10.96.0.50"]);
  });

  it.each(FROM)("iptables, from %s: translated once, then lost beyond the default route", (from) => {
    const walk = front("iptables", from);
    expect(rewrites(walk)).toEqual(["10.96.0.60 to 10.96.0.50"]);
    expect(walk.outcome).toBe("timeout");
    expect(walk.hops.at(-1)).toMatchObject({
      place: "router/underlay",
      note: "The router has no route to 10.96.0.50 and drops the packet without a word.",
    });
    expect(walk.hops.find((h) => h.stage === "route" && h.before.dst === "10.96.0.50")?.note).toContain(
      "a route to 10.96.0.50 by its default route via 192.168.56.1",
    );
  });

  it.each(FROM)("nftables, from %s: translated once, then refused as no endpoint but a cluster IP", (from) => {
    const walk = front("nftables", from);
    expect(rewrites(walk)).toEqual(["10.96.0.60 to 10.96.0.50"]);
    expect([walk.outcome, walk.symptom.slice(0, 9)]).toEqual(["refused", "curl: (7)"]);
    expect(walk.hops.at(-1)).toMatchObject({ place: "node/worker-1", verdict: "reject" });
    expect(walk.hops.at(-1)?.rule?.text).toContain("ip daddr @cluster-ips reject");
    // The error is about a connection that no table has; it is changed back all the same, outside and inside.
    expect(walk.reply.at(-1)?.before.src).toBe("10.96.0.60");
  });

  it("ipvs: the real server is an address of the node itself, on which nothing listens", () => {
    const walk = front("ipvs", "pod/default/client");
    expect(rewrites(walk)).toEqual(["10.96.0.60 to 10.96.0.50"]);
    expect([walk.outcome, walk.reply.at(-1)?.before.src]).toEqual(["refused", "10.96.0.60"]);
    expect(walk.hops.at(-1)?.note).toContain("Nothing on worker-1 listens on 10.96.0.50:80/TCP");
  });
});
