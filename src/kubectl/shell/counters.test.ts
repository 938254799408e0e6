import { describe, expect, it } from "vitest";
import { deployment, service, terminal, worldOf } from "../testing.ts";

const TEXT = `${service("web", "{selector: {app: web}, ports: [{port: 80}]}")}---\n${deployment("web", 1)}`;
const REQUEST = { from: "node/worker-1", to: "service/default/web:80", protocol: "tcp" } as const;

describe("rule counters on a node", () => {
  it("count what was sent, start again where kube-proxy rewrites a chain, and are there again after a seek", () => {
    const world = worldOf(TEXT);
    const { out } = terminal(world);
    const counts = (chain: string): readonly string[] =>
      [...out(`ssh worker-1 iptables-save -t nat -c`).matchAll(/^\[(\d+:\d+)\] -A (\S+)/gm)]
        .filter(([, , name]) => name?.startsWith(chain))
        .map(([, count]) => count ?? "")
        .filter((count) => count !== "0:0");
    expect(counts("")).toEqual([]);
    for (let i = 0; i < 2; i++)
      expect(world.dispatch({ type: "send", request: REQUEST })).not.toHaveProperty("message");
    // A SYN is 60 bytes; what belongs to the connection afterwards does not come to nat again.
    expect(counts("KUBE-SERVICES")).toEqual(["2:120"]);
    expect(counts("KUBE-SEP-")).toEqual(["2:120"]);
    expect(out("ssh worker-1 iptables -t nat -nvL KUBE-SERVICES")).toMatch(/^ {4}2 {3}120 KUBE-SVC-\w{16} {2}6 /m);
    const sent = world.now;
    world.dispatch({ type: "run", micros: 1_000_000 });

    // Another Service: the top-level chain is written anew, the chains of this one stand.
    world.dispatch({
      type: "text",
      text: `${TEXT}---\n${service("other", "{selector: {app: web}, ports: [{port: 81}]}")}`,
    });
    expect([counts("KUBE-SERVICES"), counts("KUBE-SEP-")]).toEqual([[], ["2:120"]]);
    // Another endpoint of its own: its chains are written anew, too. What the node's other chains counted stays.
    world.dispatch({ type: "text", text: TEXT.replace("replicas: 1", "replicas: 2") });
    expect(counts("KUBE-S")).toEqual([]);
    expect(counts("OUTPUT")).toEqual(["2:120"]);

    world.seek(sent);
    expect([counts("KUBE-SERVICES"), counts("KUBE-SEP-")]).toEqual([["2:120"], ["2:120"]]);
  });
});
