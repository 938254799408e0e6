import { describe, expect, it } from "vitest";
import { SECOND } from "../base/time.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Exploration, Protocol, Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

/** web has an endpoint on each node, near only one on worker-1 and policy Local, empty none, host a process of worker-1 itself. */
const SCENARIO = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: busybox}]}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, labels: {app: host}}
spec: {nodeName: worker-1, hostNetwork: true, containers: [{name: c, image: agent, ports: [{containerPort: 9090}]}]}
---
${["worker-1", "worker-2", "worker-3"]
  .map(
    (node) => `apiVersion: v1
kind: Pod
metadata: {name: web-${node}, labels: {app: web${node === "worker-1" ? ", near: 'yes'" : ""}}}
spec: {nodeName: ${node}, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
`,
  )
  .join("")}apiVersion: v1
kind: Service
metadata: {name: web}
spec: {type: NodePort, clusterIP: 10.96.0.50, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
---
apiVersion: v1
kind: Service
metadata: {name: near}
spec:
  type: NodePort
  clusterIP: 10.96.0.51
  externalTrafficPolicy: Local
  selector: {near: "yes"}
  ports: [{port: 80, targetPort: 8080, nodePort: 30081}]
---
apiVersion: v1
kind: Service
metadata: {name: sticky}
spec: {clusterIP: 10.96.0.53, selector: {app: web}, sessionAffinity: ClientIP, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: host}
spec: {clusterIP: 10.96.0.54, selector: {app: host}, ports: [{port: 80, targetPort: 9090}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {type: NodePort, clusterIP: 10.96.0.52, selector: {app: none}, ports: [{port: 80, nodePort: 30082}]}
---
apiVersion: v1
kind: Service
metadata: {name: fenced}
spec:
  clusterIP: 10.96.0.55
  externalIPs: [198.51.100.77]
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
`;

function world(): World {
  const made = createWorld({ seed: 1 });
  expect(made.dispatch({ type: "mode", mode: "ipvs" }).refusal).toBeNull();
  expect(made.dispatch({ type: "text", text: SCENARIO }).refusal).toBeNull();
  return made;
}

const SHARED = world();
const CLIENT = "pod/default/client";
const OUTSIDE = "client/internet";

function walks(from: string, to: string, protocol: Protocol = "tcp", on = SHARED): Exploration["walks"] {
  const result = on.explore({ from, to, protocol });
  if (!("walks" in result)) throw new Error(result.message);
  return result.walks;
}

function ends(from: string, to: string, protocol: Protocol = "tcp"): readonly string[] {
  return walks(from, to, protocol)
    .map((w) => `${Math.round(w.probability * 1000)} ${w.outcome} ${w.backend?.pod ?? "-"} ${w.sourceSeen ?? "-"}`)
    .toSorted();
}

const last = (walk: Walk | undefined): Walk["hops"][number] | undefined => walk?.hops.at(-1);

describe("where requests end in ipvs mode", () => {
  it("splits a cluster IP in thirds, keeps the source of pods, never passes FORWARD on the client's node", () => {
    expect(ends(CLIENT, "10.96.0.50:80")).toEqual([
      expect.stringMatching(/^333 delivered default\/web-worker-1 10\.244\.1\.\d+$/),
      expect.stringMatching(/^333 delivered default\/web-worker-2 10\.244\.1\.\d+$/),
      expect.stringMatching(/^333 delivered default\/web-worker-3 10\.244\.1\.\d+$/),
    ]);
    for (const walk of walks(CLIENT, "10.96.0.50:80")) {
      const stages = walk.hops.filter((h) => h.place === "node/worker-1").map((h) => `${h.label} ${h.verdict}`);
      expect(stages).toContain("IPVS dnat");
      expect(stages.some((s) => s.startsWith("FORWARD"))).toBe(false);
      expect(walk.reply.find((h) => h.verdict === "undo-dnat")?.after.src).toBe("10.96.0.50");
    }
  });

  it("masquerades a node's own connections, which start from the dialled address", () => {
    expect(ends("node/worker-2", "10.96.0.50:80")).toEqual([
      "333 delivered default/web-worker-1 192.168.56.12",
      "333 delivered default/web-worker-2 10.244.2.1",
      "333 delivered default/web-worker-3 192.168.56.12",
    ]);
    const [walk] = walks("node/worker-2", "10.96.0.50:80");
    expect(walk?.hops[0]?.after).toMatchObject({ src: "10.96.0.50", dst: "10.96.0.50" });
  });

  it("serves node ports from outside with this node's address, and pods that dial them", () => {
    expect(ends(OUTSIDE, "node/worker-2:30080")).toEqual([
      "333 delivered default/web-worker-1 192.168.56.12",
      "333 delivered default/web-worker-2 10.244.2.1",
      "333 delivered default/web-worker-3 192.168.56.12",
    ]);
    expect(ends(CLIENT, "node/worker-1:30080").map((end) => end.split(" ")[1])).toEqual(Array(3).fill("delivered"));
  });

  it("serves node ports at every address of the node, the bridge's too", () => {
    expect(ends(CLIENT, "10.244.1.1:30080").map((end) => end.split(" ")[1])).toEqual(Array(3).fill("delivered"));
    const rules = SHARED.rulesText("worker-2");
    expect("text" in rules ? rules.text : "").toMatch(/^TCP {2}10\.244\.2\.1:30080 rr$/m);
  });

  it("keeps the client's address with policy Local where an endpoint is", () => {
    const [end, ...others] = ends(OUTSIDE, "node/worker-1:30081");
    expect(others).toEqual([]);
    expect(end).toMatch(/^1000 delivered default\/web-worker-1 (?!10\.|192\.168\.)/);
  });

  it("policy Local with none local: sends to another node's pod, whose answer the outside client does not know", () => {
    const [walk] = walks(OUTSIDE, "node/worker-2:30081");
    expect(walk?.outcome).toBe("timeout");
    // Unlike in the other modes the packet does arrive.
    expect(last(walk)?.place).toBe("pod/default/web-worker-1");
    expect(ends("pod/default/web-worker-2", "node/worker-2:30081")).toEqual([
      expect.stringMatching(/^1000 delivered default\/web-worker-1 10\.244\.2\.\d+$/),
    ]);
  });

  it("gives a pod that is sent to itself another source", () => {
    expect(ends("pod/default/web-worker-1", "10.96.0.51:80")).toEqual([
      "1000 delivered default/web-worker-1 10.244.1.1",
    ]);
  });

  it("reaches a process of the node itself, which sees the pod", () => {
    expect(ends(CLIENT, "10.96.0.54:80")).toEqual([
      expect.stringMatching(/^1000 delivered default\/agent 10\.244\.1\.\d+$/),
    ]);
  });

  it("serves an external IP", () => {
    expect(ends(CLIENT, "198.51.100.77:80").map((end) => end.split(" ").slice(0, 2))).toEqual(
      Array(3).fill(["333", "delivered"]),
    );
  });

  /** Sources: KUBE-IPVS-FILTER of pkg/proxy/ipvs; ip_vs_leave of Linux; no virtual server for 127.0.0.1. */
  it.each<[string, string, string, Protocol]>([
    ["wrong port of a cluster IP", CLIENT, "10.96.0.50:81", "tcp"],
    ["wrong protocol of a cluster IP", CLIENT, "10.96.0.50:80", "udp"],
    ["wrong port, from a node", "node/worker-1", "10.96.0.50:81", "tcp"],
    ["the node's own sshd through a cluster IP", CLIENT, "10.96.0.50:22", "tcp"],
    ["no endpoints", CLIENT, "10.96.0.52:80", "tcp"],
    ["no endpoints, from a node", "node/worker-1", "10.96.0.52:80", "tcp"],
    ["no endpoints, node port", OUTSIDE, "node/worker-1:30082", "tcp"],
    ["node port on localhost", "node/worker-1", "127.0.0.1:30080", "tcp"],
    ["a port that no Service has", OUTSIDE, "node/worker-1:30999", "tcp"],
    // Since 1.27 the filter that hides the node's ports hides its echo too: nothing in it asks for a protocol.
    ["ping of a cluster IP", CLIENT, "10.96.0.50:0", "icmp"],
  ])("refuses: %s", (_row, from, to, protocol) => {
    expect(walks(from, to, protocol).map((w) => w.outcome)).toEqual(["refused"]);
  });

  it("says who refuses", () => {
    expect(last(walks(CLIENT, "10.96.0.50:81")[0])?.rule).toMatchObject({
      chain: "KUBE-IPVS-FILTER",
      text: "-A KUBE-IPVS-FILTER -m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst -j REJECT --reject-with icmp-port-unreachable",
    });
    expect(last(walks(CLIENT, "10.96.0.52:80")[0])).toMatchObject({
      label: "IPVS",
      verdict: "reject",
      rule: { text: "-A -t 10.96.0.52:80 -s rr", origin: { object: "Service/default/empty" } },
    });
  });

  it("names the real server and where it comes from", () => {
    const hop = walks(CLIENT, "10.96.0.50:80")[0]?.hops.find((h) => h.label === "IPVS");
    expect(hop?.rule?.text).toMatch(/^-a -t 10\.96\.0\.50:80 -r 10\.244\.1\.\d+:8080 -m -w 1$/);
    expect(hop?.rule?.origin).toMatchObject({ object: "Service/default/web", path: "spec.ports[0].targetPort" });
    expect(hop?.rule?.origin?.because?.map((link) => link.object)).toContain("Pod/default/web-worker-1");
  });
});

describe("what IPVS remembers", () => {
  const sent = (on: World, to: string, from = CLIENT): string | null | undefined =>
    on.dispatch({ type: "send", request: { from, to, protocol: "tcp" } }).walk?.backend?.pod;

  it("goes round, per node and per virtual server", () => {
    const on = world();
    const six = Array.from({ length: 6 }, () => sent(on, "10.96.0.50:80"));
    expect(new Set(six.slice(0, 3)).size).toBe(3);
    expect(six.slice(3)).toEqual(six.slice(0, 3));
    expect(sent(on, "10.96.0.50:80", "pod/default/web-worker-2")).toBe(six[0]);
    expect(walks(CLIENT, "10.96.0.50:80", "tcp", on)).toHaveLength(3);
  });

  it("sends a sticky client where it went before", () => {
    const on = world();
    const pods = Array.from({ length: 4 }, () => sent(on, "10.96.0.53:80"));
    expect(new Set(pods).size).toBe(1);
    expect(walks(CLIENT, "10.96.0.53:80", "tcp", on)).toHaveLength(1);
    expect(walks("pod/default/web-worker-2", "10.96.0.53:80", "tcp", on)).toHaveLength(3);
  });

  it("counts connections, and shows a removed endpoint that still has some as drained", () => {
    const on = world();
    const rowOf = (address: string): string | undefined => {
      const result = on.rulesText("worker-1");
      const lines = "text" in result ? result.text.split("\n") : [];
      const from = lines.indexOf("TCP  10.96.0.51:80 rr");
      return lines.slice(from).find((line) => line.includes(address));
    };
    on.dispatch({ type: "run", micros: 10 * SECOND });
    expect(sent(on, "10.96.0.51:80")).toBe("default/web-worker-1");
    const [pod] = walks(CLIENT, "10.96.0.51:80", "tcp", on).map((w) => w.backend?.ip ?? "");
    expect(rowOf(pod ?? "")).toMatch(/Masq {4}1 {6}0 {10}1 {9}$/);
    on.dispatch({ type: "delete", key: objectKey("Pod", "default", "web-worker-1"), force: true });
    on.dispatch({ type: "run", micros: 5 * SECOND });
    expect(rowOf(`${pod}:8080`)).toMatch(/Masq {4}0 {6}0 {10}1 {9}$/);
    // The connection is forgotten after two minutes in TIME_WAIT; kube-proxy looks every minute, and finds out at the third.
    on.dispatch({ type: "run", micros: 150 * SECOND });
    expect(on.conntrack("node/worker-1").filter((entry) => entry.ipvs === true)).toEqual([]);
    expect(rowOf(`${pod}:8080`)).toMatch(/Masq {4}0 {6}0 {10}0 {9}$/);
    on.dispatch({ type: "run", micros: 30 * SECOND });
    expect(on.rulesText("worker-1")).not.toMatchObject({ text: expect.stringContaining(`${pod}:8080`) as string });
  });

  it("drains nothing that has no connections, and gives one that comes back its weight", () => {
    const on = world();
    const text = (): string => {
      const result = on.rulesText("worker-1");
      return "text" in result
        ? (result.text.slice(result.text.indexOf("TCP  10.96.0.51:80 rr")).split("TCP")[1] ?? "")
        : "";
    };
    const label = (near: boolean): void => {
      const pod = on.objects.get<Pod>(objectKey("Pod", "default", "web-worker-1"));
      if (pod === undefined) throw new Error("no web-worker-1");
      const { near: _, ...labels } = pod.metadata.labels ?? {};
      const object = { ...pod, metadata: { ...pod.metadata, labels: near ? { ...labels, near: "yes" } : labels } };
      on.dispatch({ type: "write", title: "label", writes: [{ verb: "update", object }] });
    };
    label(false);
    expect(text()).not.toContain("Masq");
    label(true);
    expect(sent(on, "10.96.0.51:80")).toBe("default/web-worker-1");
    label(false);
    expect(text()).toMatch(/Masq {4}0 /);
    label(true);
    expect(text()).toMatch(/Masq {4}1 /);
    on.dispatch({ type: "run", micros: 200 * SECOND });
    expect(text()).toMatch(/Masq {4}1 /);
  });

  it("prints what other tools show of it", () => {
    const shown = (form: Parameters<World["rulesText"]>[1]): string => {
      const result = SHARED.rulesText("worker-1", form);
      return "text" in result ? result.text : result.message;
    };
    expect(shown("iptables")).toMatch(/^\*filter\n:INPUT ACCEPT \[0:0\]\n/);
    expect(shown("ipvsadm-save")).toContain("-A -t 10.96.0.53:80 -s rr -p 10800\n");
    expect(shown("ipset")).toContain("Name: KUBE-NODE-PORT-LOCAL-TCP\nType: bitmap:port\n");
    expect(shown("ipset")).toMatch(/Name: KUBE-CLUSTER-IP\n(.*\n){4}References: 3\nNumber of entries: \d+\n/);
    expect(shown("ipset-save")).toContain("add KUBE-NODE-PORT-LOCAL-TCP 30081\n");
  });

  it("lists what stands in the kernel, and iptables again after a switch back", () => {
    const on = world();
    const text = (): string => {
      const result = on.rulesText("worker-1");
      return "text" in result ? result.text : "";
    };
    expect(text()).toContain("TCP  10.96.0.53:80 rr persistent 10800\n  -> 10.244.1.");
    const { rows, total } = on.ruleRows({ node: "worker-1", table: null, search: "", offset: 0, limit: 1000 });
    expect(rows).toHaveLength(total);
    expect(rows[0]?.text).toMatch(/^-A -t /);
    expect(rows.map((row) => row.text)).toContain(
      "-A KUBE-SERVICES -m set --match-set KUBE-CLUSTER-IP dst,dst -j ACCEPT",
    );
    const window = on.ruleRows({ node: "worker-1", table: null, search: "", offset: total - 5, limit: 3 });
    expect(window.rows.map((row) => row.text)).toEqual(rows.slice(total - 5, total - 2).map((row) => row.text));
    on.dispatch({ type: "mode", mode: "iptables" });
    expect(text()).toMatch(/^\*filter\n/);
    // Virtual servers and their access filter stay: kube-proxy in iptables mode does not remove them.
    expect(walks(CLIENT, "10.96.0.50:81", "tcp", on).map((w) => w.outcome)).toEqual(["refused"]);
    expect(text()).toContain("-A KUBE-IPVS-FILTER");
  });
});
