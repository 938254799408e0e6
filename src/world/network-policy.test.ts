import { describe, expect, it, test } from "vitest";
import type { ProxyMode } from "../model/config/types.ts";
import type { Hop, Protocol, Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

/** client and web-1 on worker-1, web-2 on worker-2, spy of another namespace on worker-2, agent with hostNetwork on worker-2. */
const PODS = `
apiVersion: v1
kind: Namespace
metadata: {name: lab, labels: {team: b}}
---
${(
  [
    ["default", "client", "worker-1", "client", ""],
    ["default", "web-1", "worker-1", "web", "one: 'yes'"],
    ["default", "web-2", "worker-2", "web", "two: 'yes'"],
    ["lab", "spy", "worker-2", "client", ""],
  ] as const
)
  .map(
    ([namespace, name, node, app, more]) => `apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${app}${more === "" ? "" : `, ${more}`}}}
spec: {nodeName: ${node}, containers: [{name: c, image: nginx, ports: [{name: http, containerPort: 8080}]}]}
---
`,
  )
  .join("")}apiVersion: v1
kind: Pod
metadata: {name: agent, labels: {app: client}}
spec: {nodeName: worker-2, hostNetwork: true, containers: [{name: c, image: nginx, ports: [{containerPort: 9100}]}]}
---
${(["one", "two"] as const)
  .map(
    (name, i) => `apiVersion: v1
kind: Service
metadata: {name: ${name}}
spec:
  type: NodePort
  clusterIP: 10.96.0.5${i}
  selector: {${name}: "yes"}
  ports: [{port: 80, targetPort: http, nodePort: 3008${i}}]
---
`,
  )
  .join("")}`;

const policy = (name: string, spec: string): string => `apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}}
spec: ${spec}
`;

const worlds = new Map<string, World>();

/** A world with these policies; one per text, for what is asked leaves no trace. */
function worldWith(policies: string, mode: ProxyMode = "iptables"): World {
  const key = `${mode} ${policies}`;
  const known = worlds.get(key);
  if (known !== undefined) return known;
  const world = createWorld({ seed: 1 });
  expect(world.dispatch({ type: "mode", mode }).refusal).toBeNull();
  expect(world.dispatch({ type: "text", text: PODS + policies }).refusal).toBeNull();
  worlds.set(key, world);
  return world;
}

function ask(world: World, from: string, to: string, protocol: Protocol = "tcp"): Walk {
  const walk = world.probe({ from, to, protocol });
  if ("message" in walk) throw new Error(walk.message);
  return walk;
}

const policyHops = (walk: Walk): readonly Hop[] => [...walk.hops, ...walk.reply].filter((h) => h.stage === "policy");

const CLIENT = "pod/default/client";
const WEB1 = "pod/default/web-1:8080";
const WEB2 = "pod/default/web-2:8080";
const DENY_IN = policy("deny", "{podSelector: {matchLabels: {app: web}}}");
const DENY_OUT = policy("mute", "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress]}");
const FROM_CLIENTS = policy(
  "clients",
  "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: client}}}]}]}",
);
const FROM_OUTSIDE = policy(
  "outside",
  "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{ipBlock: {cidr: 198.51.100.0/24}}]}]}",
);
const TO_VIP = policy(
  "vip",
  "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.96.0.0/12}}]}]}",
);
const TO_PORT_80 = policy(
  "port",
  "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{ports: [{port: 80}]}]}",
);
const TO_PORT_HTTP = policy(
  "http",
  "{podSelector: {matchLabels: {app: client}}, policyTypes: [Egress], egress: [{ports: [{port: http}]}]}",
);

describe.each<ProxyMode>(["iptables", "nftables", "ipvs"])("what NetworkPolicies let through, %s mode", (mode) => {
  it.each<[string, string, string, string, Walk["outcome"]]>([
    ["pod to pod of the same node, over the bridge, ingress denied", DENY_IN, CLIENT, WEB1, "timeout"],
    ["pod to pod of another node, ingress denied", DENY_IN, CLIENT, WEB2, "timeout"],
    ["pod to pod, egress denied", DENY_OUT, CLIENT, WEB2, "timeout"],
    ["the other way answers pass, whatever egress says", DENY_OUT, "pod/default/web-1", `${CLIENT}:8080`, "delivered"],
    ["the pod that may, to a pod", FROM_CLIENTS, CLIENT, WEB2, "delivered"],
    ["the same labels in another namespace", FROM_CLIENTS, "pod/lab/spy", WEB2, "timeout"],
    ["hostNetwork, from another node, is a node's address", FROM_CLIENTS, "pod/default/agent", WEB1, "timeout"],
    ["hostNetwork, on the same node, is the node itself", FROM_CLIENTS, "pod/default/agent", WEB2, "delivered"],
    ["hostNetwork pods are not subject themselves", DENY_OUT, "pod/default/agent", WEB1, "delivered"],
    ["a node to its own pod: the kubelet's probes", DENY_IN, "node/worker-1", WEB1, "delivered"],
    ["a node to another node's pod", DENY_IN, "node/worker-1", WEB2, "timeout"],
    ["a pod to its own node", DENY_OUT, CLIENT, "node/worker-1:10250", "delivered"],
    ["a pod to another node", DENY_OUT, CLIENT, "node/worker-2:10250", "timeout"],
    ["by cluster IP: the pod that may, same node", FROM_CLIENTS, CLIENT, "10.96.0.50:80", "delivered"],
    ["by cluster IP: the pod that may, other node", FROM_CLIENTS, CLIENT, "10.96.0.51:80", "delivered"],
    ["by cluster IP: one that may not", FROM_CLIENTS, "pod/lab/spy", "10.96.0.51:80", "timeout"],
    [
      "a pod to itself, by its own Service",
      `${DENY_IN}---\n${policy("mute-web", "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}")}`,
      "pod/default/web-1",
      "10.96.0.50:80",
      "delivered",
    ],
    ["an ipBlock of cluster IPs never matches behind DNAT", TO_VIP, CLIENT, "10.96.0.51:80", "timeout"],
    ["the Service's port is not the pod's", TO_PORT_80, CLIENT, "10.96.0.51:80", "timeout"],
    ["the pod's port by name", TO_PORT_HTTP, CLIENT, "10.96.0.51:80", "delivered"],
    [
      "outside, by node port of the pod's own node: judged before that node masquerades",
      FROM_OUTSIDE,
      "client/internet",
      "node/worker-1:30080",
      "delivered",
    ],
    [
      "outside, by another node's port: masqueraded on the way",
      FROM_OUTSIDE,
      "client/internet",
      "node/worker-1:30081",
      "timeout",
    ],
    [
      "a pod that may, by another node's port: masqueraded there",
      FROM_CLIENTS,
      CLIENT,
      "node/worker-2:30080",
      "timeout",
    ],
  ])("%s", (_row, policies, from, to, outcome) => {
    expect(ask(worldWith(policies, mode), from, to).outcome).toBe(outcome);
  });
});

test("userspace mode: kube-proxy dials, so policies see its node", () => {
  const world = worldWith(FROM_CLIENTS, "userspace");
  expect(ask(world, CLIENT, WEB2).outcome).toBe("delivered");
  const relayed = ask(world, CLIENT, "10.96.0.51:80");
  expect(relayed.outcome).not.toBe("delivered");
  expect(relayed.children.flatMap(policyHops).map((h) => h.verdict)).toContain("drop");
});

test("ping passes where a rule has no ports", () => {
  const outcome = (policies: string): Walk["outcome"] =>
    ask(worldWith(policies), CLIENT, "pod/default/web-2", "icmp").outcome;
  expect([outcome(FROM_CLIENTS), outcome(TO_PORT_80)]).toEqual(["delivered", "timeout"]);
});

test("without a policy there is no hop; with one, one per pod's end, none for answers", () => {
  expect(policyHops(ask(worldWith(""), CLIENT, WEB2))).toEqual([]);
  const walk = ask(worldWith(FROM_CLIENTS), CLIENT, WEB2);
  expect(policyHops(walk).map((h) => [h.place, h.label, h.verdict, h.note])).toEqual([
    [
      "node/worker-1",
      "egress policy",
      "continue",
      "No NetworkPolicy selects pod default/client for egress, so everything may pass.",
    ],
    [
      "node/worker-2",
      "ingress policy",
      "accept",
      expect.stringMatching(
        /^Rule 1 of NetworkPolicy default\/clients lets pod default\/web-2 receive 8080\/TCP from pod default\/client \(10\.244\.1\.\d+\)\.$/,
      ),
    ],
  ]);
});

test("a bridge without br_netfilter switches past the filter", () => {
  const world = createWorld({ seed: 1 });
  const lab = `---\napiVersion: kubehop.dev/v1alpha1\nkind: Lab\nmetadata: {name: lab}\nspec: {network: {bridgeNetfilter: false}}\n`;
  world.dispatch({ type: "text", text: PODS + DENY_IN + lab });
  expect([ask(world, CLIENT, WEB1).outcome, ask(world, CLIENT, WEB2).outcome]).toEqual(["delivered", "timeout"]);
});

test("a plug-in that ignores policies, as flannel does, lets everything pass", () => {
  const world = createWorld({ seed: 1 });
  const lab = `---\napiVersion: kubehop.dev/v1alpha1\nkind: Lab\nmetadata: {name: lab}\nspec: {network: {policies: ignored}}\n`;
  world.dispatch({ type: "text", text: PODS + DENY_IN + lab });
  const walk = ask(world, CLIENT, WEB1);
  expect([walk.outcome, policyHops(walk)]).toEqual(["delivered", []]);
});

describe("a blocked port 53", () => {
  /** The classic: egress to the database only, and nobody thought of DNS. */
  const FORGETS = policy(
    "db-only",
    `
  podSelector: {matchLabels: {app: client}}
  policyTypes: [Egress]
  egress:
  - ports: [{port: 53}, {port: 5432}]`,
  );
  const MENDED = policy(
    "db-and-dns",
    `
  podSelector: {matchLabels: {app: client}}
  policyTypes: [Egress]
  egress:
  - to:
    - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
      podSelector: {matchLabels: {k8s-app: kube-dns}}
    ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]`,
  );
  const DNS = "service/kube-system/kube-dns:53";

  it("is silence for UDP, and the drop leads to the policy's line", () => {
    const world = worldWith(FORGETS);
    const walk = ask(world, CLIENT, DNS, "udp");
    expect(walk.outcome).toBe("timeout");
    const drop = walk.hops.at(-1);
    expect(drop).toMatchObject({
      stage: "policy",
      label: "egress policy",
      place: "node/worker-1",
      verdict: "drop",
      considered: 2,
      matched: 1,
    });
    expect(drop?.note).toMatch(
      /^worker-1 drops the packet: NetworkPolicy default\/db-only isolates pod default\/client for egress and has no rule that allows 53\/UDP to pod kube-system\/coredns-\S+ \(10\.244\.0\.\d\)\. Policies see the packet behind DNAT, so a rule for 10\.96\.0\.10 would not match\.$/,
    );
    const origin = drop?.rule?.origin;
    expect(origin).toMatchObject({ object: "NetworkPolicy/default/db-only", path: "spec.egress" });
    const lines = (PODS + FORGETS).split("\n");
    if (origin?.object === undefined || origin.object === null) throw new Error("the drop has an origin");
    const range = world.locate(origin.object, origin.path)?.range;
    expect(lines[(range?.startLine ?? 0) - 1]).toMatch(/^ {2}egress:|^ {2}- ports/);
  });

  it("is a name error for who dials by name, after all of resolv.conf's tries", () => {
    const walk = ask(worldWith(FORGETS), CLIENT, "http://one/");
    expect([walk.outcome, walk.symptom]).toEqual(["name-error", "curl: (6) Could not resolve host: one"]);
    expect(new Set(walk.children.map((c) => `${c.role ?? ""} ${c.outcome} ${c.hops.at(-1)?.stage ?? ""}`))).toEqual(
      new Set(["dns timeout policy"]),
    );
    expect(ask(worldWith(""), CLIENT, "http://one/").outcome).toBe("delivered");
  });

  it("passes by TCP, and by UDP once the policy allows it", () => {
    expect(ask(worldWith(FORGETS), CLIENT, DNS, "tcp").outcome).toBe("delivered");
    expect(ask(worldWith(MENDED), CLIENT, DNS, "udp").outcome).toBe("delivered");
    expect(ask(worldWith(MENDED), CLIENT, WEB2).outcome).toBe("timeout");
  });
});

test("what the policy's absence lets through again: nothing is remembered of a deleted one", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: PODS + DENY_IN });
  expect(ask(world, CLIENT, WEB1).outcome).toBe("timeout");
  world.dispatch({ type: "text", text: PODS });
  expect(ask(world, CLIENT, WEB1).outcome).toBe("delivered");
});

test("what stands goes on when a policy comes: conntrack lets it pass, and only new connections are judged", () => {
  const world = createWorld({ seed: 1 });
  world.dispatch({ type: "text", text: PODS });
  const request = { from: CLIENT, to: WEB2, protocol: "tcp" } as const;
  expect(world.dispatch({ type: "connect", request }).walk?.outcome).toBe("delivered");
  world.dispatch({ type: "text", text: PODS + DENY_IN });
  const next = world.dispatch({ type: "exchange", connection: 1 }).walk;
  expect([next?.outcome, next === null ? null : policyHops(next)]).toEqual(["delivered", []]);
  expect(ask(world, CLIENT, WEB2).outcome).toBe("timeout");
});

test("an address counts as the pod's that has it now, not as that of one that had it", () => {
  const world = createWorld({ seed: 1 });
  const heir = (app: string): string => `apiVersion: v1
kind: Pod
metadata: {name: heir-${app}, labels: {app: ${app}}}
spec: {nodeName: worker-1, containers: [{name: c, image: nginx}]}
status: {podIP: 10.244.1.77}
---
`;
  world.dispatch({ type: "text", text: heir("client") + PODS + FROM_CLIENTS });
  expect(ask(world, "pod/default/heir-client", WEB2).outcome).toBe("delivered");
  world.dispatch({ type: "text", text: heir("stranger") + PODS + FROM_CLIENTS });
  const walk = ask(world, "pod/default/heir-stranger", WEB2);
  expect([walk.hops[0]?.before.src, walk.outcome]).toEqual(["10.244.1.77", "timeout"]);
});

test("the source of masqueraded traffic is named", () => {
  const drop = policyHops(ask(worldWith(FROM_OUTSIDE), "client/internet", "node/worker-1:30081")).at(-1);
  expect(drop?.note).toContain(
    "from 192.168.56.11. That is the address of node worker-1: its own process, or a sender that was masqueraded there. No podSelector matches it.",
  );
});
