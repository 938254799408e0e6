import { describe, expect, test } from "vitest";
import { SECOND } from "../base/time.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { ProxyMode } from "../model/config/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const CLUSTER = `
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: worker-1, containers: [{name: c, image: busybox}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec: {nodeName: worker-1, containers: [{name: web, image: nginx, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {clusterIP: 10.96.0.50, selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: near}
spec:
  type: NodePort
  clusterIP: 10.96.0.51
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080, nodePort: 30081}]
`;

const document = (mode: string, name = "all"): string => `---
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
metadata: {name: ${name}}
mode: ${mode}
`;

function worldOf(text: string): World {
  const world = createWorld({ seed: 1 });
  expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
  return world;
}

const FILE = objectKey("ConfigMap", "kube-system", "kube-proxy");
const NODES = ["worker-1", "worker-2", "worker-3"];

const modes = (world: World): readonly ProxyMode[] => NODES.map((node) => world.modeOf(node));
const text = (world: World, node = "worker-1"): string => {
  const printed = world.rulesText(node);
  return "text" in printed ? printed.text : printed.message;
};
const saidBy = (world: World, node = "worker-1"): string =>
  world
    .proxy(node)
    .starts.at(-1)
    ?.said.map((line) => line.text)
    .join("\n") ?? "";

/** `kubectl -n kube-system edit cm kube-proxy`. */
function edit(world: World, change: (conf: string) => string): void {
  const map = world.objects.get<ConfigMap>(FILE) as ConfigMap;
  const object = { ...map, data: { ...map.data, "config.conf": change(map.data?.["config.conf"] ?? "") } };
  expect(
    world.dispatch({ type: "write", title: "kubectl edit cm kube-proxy", writes: [{ verb: "update", object }] })
      .refusal,
  ).toBeNull();
}

const setMode = (world: World, mode: string): void =>
  edit(world, (conf) => conf.replace(/^mode:.*$/m, `mode: ${mode}`));

function restart(world: World, node: string): void {
  for (const on of [false, true]) {
    expect(world.dispatch({ type: "fault", fault: "kube-proxy", node, on }).refusal).toBeNull();
  }
}

describe("the file that kube-proxy reads when it starts", () => {
  test("kubeadm makes it of the text, or of nothing", () => {
    const conf = (world: World): string => world.objects.get<ConfigMap>(FILE)?.data?.["config.conf"] ?? "";
    expect(conf(worldOf(CLUSTER))).toMatch(/^clusterCIDR: 10\.244\.0\.0\/16$/m);
    expect(conf(worldOf(CLUSTER))).toMatch(/^mode: ""$/m);
    const world = worldOf(CLUSTER + document("nftables"));
    expect(conf(world)).toMatch(/^mode: nftables$/m);
    expect(modes(world)).toEqual(["nftables", "nftables", "nftables"]);
  });

  test("an edit alone changes nothing; a restart of one node's kube-proxy takes it there", () => {
    const world = worldOf(CLUSTER);
    const before = text(world);
    setMode(world, "nftables");
    expect(modes(world)).toEqual(["iptables", "iptables", "iptables"]);
    expect(text(world)).toBe(before);
    restart(world, "worker-1");
    expect(modes(world)).toEqual(["nftables", "iptables", "iptables"]);
    expect(text(world)).toMatch(/^table ip kube-proxy \{/);
    expect(text(world, "worker-2")).toMatch(/^\*filter/);
    // Each node's packets meet its own rules.
    const [walk] = (
      world.explore({ from: "pod/default/client", to: "10.96.0.50:80", protocol: "tcp" }) as never as {
        walks: readonly { hops: readonly { rule: { chain: string } | null }[] }[];
      }
    ).walks;
    expect(walk?.hops.map((hop) => hop.rule?.chain ?? "").join(" ")).toContain("service-");
  });

  test("the document changes nothing either, once kube-proxy runs, and the text says so", () => {
    const world = worldOf(CLUSTER + document("iptables"));
    world.dispatch({ type: "send", request: { from: "pod/default/client", to: "10.96.0.50:80", protocol: "tcp" } });
    world.dispatch({ type: "text", text: CLUSTER + document("nftables") });
    expect(modes(world)).toEqual(["iptables", "iptables", "iptables"]);
    expect(world.report.diagnostics.map((d) => `${d.severity} ${d.message}`)).toEqual([
      expect.stringMatching(
        /^warning kube-proxy reads this only when it starts: it runs on control-plane, worker-1, worker-2 and 1 more /,
      ),
    ]);
    for (const node of NODES) restart(world, node);
    expect(modes(world)).toEqual(["nftables", "nftables", "nftables"]);
  });

  test("a document with a node's name is that node's own", () => {
    const world = worldOf(CLUSTER + document("iptables") + document("ipvs", "worker-2"));
    expect(modes(world)).toEqual(["iptables", "ipvs", "iptables"]);
    expect(text(world, "worker-2")).toMatch(/^IP Virtual Server/);
    expect(world.objects.list("ConfigMap", "kube-system").map((map) => map.metadata.name)).toEqual([
      "coredns",
      "kube-proxy",
      "kube-proxy-worker-2",
    ]);
  });
});

describe("a file that cannot be used", () => {
  test.each([
    [
      "a mode that nobody knows",
      (conf: string) => conf.replace(/^mode:.*$/m, "mode: winuserspace"),
      'failed validate: KubeProxyConfiguration.Mode.ProxyMode: Invalid value: \\"winuserspace\\": must be iptables, ipvs, nftables or blank',
    ],
    [
      "a range that is none",
      (conf: string) => conf.replace(/^clusterCIDR:.*$/m, "clusterCIDR: 10.244.0.0"),
      'failed validate: KubeProxyConfiguration.ClusterCIDR: Invalid value: \\"10.244.0.0\\": must be a valid CIDR value',
    ],
    [
      "a period below nothing",
      (conf: string) => conf.replace(/^ {2}syncPeriod:.*$/m, "  syncPeriod: -1s"),
      'KubeProxyConfiguration.KubeProxyIPTablesConfiguration.SyncPeriod: Invalid value: \\"-1s\\": must be greater than 0',
    ],
  ])("%s: kube-proxy ends, the old rules stay, and it comes up when the file is mended", (_, change, why) => {
    const world = worldOf(CLUSTER);
    const before = text(world);
    edit(world, change);
    restart(world, "worker-1");
    expect(world.proxy("worker-1").config).toBeNull();
    expect(saidBy(world)).toContain(`run.go:72] "command failed" err="`);
    expect(saidBy(world)).toContain(why);
    expect(world.frame(true).proxies.map((proxy) => proxy.running)).toEqual([true, false, true, true]);
    expect(text(world)).toBe(before);
    // A new Service is not in its rules: nobody writes them.
    const more = CLUSTER.replace("10.96.0.51", "10.96.0.60").replaceAll("near", "late");
    expect(world.dispatch({ type: "text", text: more }).refusal).toBeNull();
    expect(text(world)).toBe(before);
    expect(text(world, "worker-2")).toContain("default/late");
    setMode(world, "iptables");
    edit(world, (conf) => conf.replace(/^clusterCIDR:.*$/m, "clusterCIDR: 10.244.0.0/16").replace("-1s", "30s"));
    world.dispatch({ type: "run", micros: 11 * SECOND });
    expect(world.proxy("worker-1").failure).toBeNull();
    expect(text(world)).toContain("default/late");
  });

  test("starts are tried again later and later", () => {
    const world = worldOf(CLUSTER);
    world.dispatch({ type: "pace", pace: "run" });
    setMode(world, "ebpf");
    restart(world, "worker-1");
    world.dispatch({ type: "run", micros: 100 * SECOND });
    const at = world.proxy("worker-1").starts.flatMap((start) => (start.config === null ? [start.at] : []));
    expect(at.slice(1).map((time, i) => (time - (at[i] ?? 0)) / SECOND)).toEqual([10, 20, 40]);
  });
});

describe("a switch of the mode", () => {
  const switched = (from: ProxyMode, to: ProxyMode): World => {
    const world = createWorld({ seed: 1 });
    world.dispatch({ type: "mode", mode: from });
    world.dispatch({ type: "text", text: CLUSTER });
    world.dispatch({ type: "mode", mode: to });
    return world;
  };
  const iptablesOf = (world: World): string => {
    const printed = world.rulesText("worker-1", "iptables");
    return "text" in printed ? printed.text : "";
  };

  test("between nftables and the others cleans up", () => {
    expect(text(switched("iptables", "nftables"))).not.toContain("KUBE-");
    expect(iptablesOf(switched("nftables", "iptables"))).toBe(iptablesOf(worldOf(CLUSTER)));
    expect(switched("ipvs", "nftables").proxy("worker-1").starts.at(-1)?.cleaned).toBe("ipvs");
  });

  test("from iptables to ipvs leaves chains behind, which still decide", () => {
    const left = switched("iptables", "ipvs");
    const saved = iptablesOf(left);
    expect(saved).toMatch(/^:KUBE-SVC-\w{16} - /m);
    expect(saved).toContain(
      '-A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES',
    );
    // Without them ipvs mode sends this on; the old rule for "no local endpoints" drops it.
    const request = { from: "client/internet", to: "node/worker-2:30081", protocol: "tcp" } as const;
    const fresh = createWorld({ seed: 1 });
    fresh.dispatch({ type: "mode", mode: "ipvs" });
    fresh.dispatch({ type: "text", text: CLUSTER });
    const end = (world: World): string | undefined => {
      const walk = world.probe(request);
      return "hops" in walk ? walk.hops.at(-1)?.place : undefined;
    };
    expect([end(left), end(fresh)]).toEqual(["node/worker-2", "pod/default/web"]);
    const stale = left.ruleRows({
      node: "worker-2",
      table: "filter",
      search: "left behind",
      offset: 0,
      limit: 99,
    }).rows;
    expect(stale.some((row) => row.chain === "KUBE-EXTERNAL-SERVICES")).toBe(true);
    // A reboot is rid of them.
    for (const on of [false, true]) left.dispatch({ type: "fault", fault: "node", node: "worker-1", on });
    expect(iptablesOf(left)).not.toContain("KUBE-SVC-");
  });

  test("back to iptables leaves IPVS, and only that", () => {
    const world = switched("iptables", "ipvs");
    world.dispatch({ type: "mode", mode: "iptables" });
    expect(iptablesOf(world)).toContain("KUBE-IPVS-FILTER");
    const servers = world.rulesText("worker-1", "ipvsadm-save");
    expect("text" in servers && servers.text).toContain("-A -t 10.96.0.50:80 -s rr");
    expect(iptablesOf(world).match(/^-A KUBE-SERVICES .*10\.96\.0\.50/gm)).toHaveLength(1);
  });

  test("to ipvs is told by an Event of the node", () => {
    const events = switched("iptables", "ipvs").objects.list("Event") as readonly {
      readonly kind: string;
      readonly reason?: string;
      readonly message?: string;
      readonly involvedObject?: { readonly name: string };
    }[];
    expect(
      events.filter(({ reason }) => reason === "IPVSDeprecation").map((e) => [e.involvedObject?.name, e.message]),
    ).toEqual(
      ["control-plane", ...NODES].map((node) => [
        node,
        "The ipvs proxier is now deprecated and may be removed in a future release. Please use 'nftables' instead.",
      ]),
    );
  });

  test("outlives texts that say nothing of the mode, and not one that says another", () => {
    const world = worldOf(CLUSTER + document("iptables"));
    world.dispatch({ type: "mode", mode: "ipvs" });
    world.dispatch({ type: "text", text: `${CLUSTER.replace("30081", "30082")}${document("iptables")}` });
    for (const node of NODES) restart(world, node);
    expect(modes(world)).toEqual(["ipvs", "ipvs", "ipvs"]);
    world.dispatch({ type: "text", text: CLUSTER + document("nftables") });
    for (const node of NODES) restart(world, node);
    expect(modes(world)).toEqual(["nftables", "nftables", "nftables"]);
  });

  test("takes its time: nftables mode has no rules between its start and its first sync", () => {
    const world = worldOf(CLUSTER);
    world.dispatch({ type: "pace", pace: "run" });
    world.dispatch({ type: "mode", mode: "nftables" });
    expect(text(world)).toMatch(/^\*filter/);
    world.dispatch({ type: "run", micros: 1.1 * SECOND });
    expect(text(world)).toBe("");
    world.dispatch({ type: "run", micros: SECOND });
    expect(text(world)).toMatch(/^table ip kube-proxy/);
  });
});

test("a node with both families lists both, and each by itself", () => {
  const node = `
apiVersion: v1
kind: Node
metadata: {name: two}
spec: {podCIDR: 10.244.1.0/24, podCIDRs: [10.244.1.0/24, "fd00:10:244:1::/64"]}
status: {addresses: [{type: InternalIP, address: 192.168.56.11}, {type: InternalIP, address: "fd00:56::11"}]}
`;
  const world = worldOf(`${node}---${CLUSTER.replaceAll("worker-1", "two")}`);
  const print = (family?: 4 | 6): string => {
    const printed = world.rulesText("two", undefined, family);
    return "text" in printed ? printed.text : "";
  };
  expect(print(6)).toContain("! -d ::1/128");
  expect(print()).toBe(print(4));
  const count = (family?: 4 | 6): number =>
    world.ruleRows({
      node: "two",
      table: null,
      search: "",
      offset: 0,
      limit: 1,
      ...(family === undefined ? {} : { family }),
    }).total;
  expect(count()).toBe(count(4) + count(6));
  const rows = world.ruleRows({ node: "two", table: null, search: "", offset: count(4) - 1, limit: 2 }).rows;
  expect(rows.map((row) => row.family)).toEqual([4, 6]);
  expect(world.frame(true).proxies.find((proxy) => proxy.node === "two")?.families).toEqual([4, 6]);
  world.dispatch({ type: "mode", mode: "nftables" });
  expect(print().match(/^table \S+ kube-proxy/gm)).toEqual(["table ip kube-proxy", "table ip6 kube-proxy"]);
});
