/** `Lab.spec.network.masquerade` and whom of the outside a pod can talk to. */
import { describe, expect, it, test } from "vitest";
import type { ProxyMode } from "../model/config/types.ts";
import type { Walk } from "../model/trace/types.ts";
import type { World } from "./types.ts";
import { createWorld } from "./world.ts";

const POD = "pod/default/curl";
const POD_IP = "10.244.1.9";
const NODE_IP = "192.168.56.11";

/** legacy: a Service without a selector whose Endpoints name a server outside. */
const OBJECTS = `apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: worker-1, containers: [{name: curl, image: curlimages/curl}]}
status: {podIP: ${POD_IP}}
---
apiVersion: v1
kind: Service
metadata: {name: legacy}
spec: {clusterIP: 10.96.0.60, ports: [{port: 80, targetPort: 9376}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: legacy}
subsets: [{addresses: [{ip: 198.51.100.60}], ports: [{port: 9376}]}]
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: legacy}
spec: {ip: 198.51.100.60, listen: 9376/TCP}
`;

const lab = (network: string): string => `---
apiVersion: kubehop.dev/v1alpha1
kind: Lab
metadata: {name: lab}
spec: {network: ${network}}
`;

function worldOf(text: string, mode: ProxyMode = "iptables"): World {
  const world = createWorld({ seed: 1 });
  expect(world.dispatch({ type: "mode", mode }).refusal).toBeNull();
  expect(world.dispatch({ type: "text", text }).refusal).toBeNull();
  expect(world.report.diagnostics.filter((d) => d.severity === "error")).toEqual([]);
  return world;
}

function walk(world: World, from: string, to: string): Walk {
  const one = world.probe({ from, to, protocol: "tcp" });
  if ("message" in one) throw new Error(one.message);
  return one;
}

const seen = (one: Walk): string => `${one.outcome} ${one.sourceSeen ?? "-"}`;

/** What the node's iptables-save holds of ip-masq-agent, without the comments. */
function agentRules(world: World, node = "worker-1"): readonly string[] {
  const answer = world.rulesText(node);
  if (!("text" in answer)) throw new Error(answer.message);
  const lines = answer.text.split("\n").filter((line) => line.includes("IP-MASQ-AGENT"));
  return lines.map((line) => line.replace(/ -m comment --comment "[^"]*"/, ""));
}

describe("outside, the default: what goes to public addresses is masqueraded, as ip-masq-agent does it", () => {
  it("stands behind kube-proxy's rules in iptables-save, with the agent's own ranges", () => {
    const world = worldOf(OBJECTS);
    expect(agentRules(world)).toEqual([
      ":IP-MASQ-AGENT - [0:0]",
      "-A POSTROUTING -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT",
      "-A IP-MASQ-AGENT -d 169.254.0.0/16 -j RETURN",
      "-A IP-MASQ-AGENT -d 10.0.0.0/8 -j RETURN",
      "-A IP-MASQ-AGENT -d 172.16.0.0/12 -j RETURN",
      "-A IP-MASQ-AGENT -d 192.168.0.0/16 -j RETURN",
      "-A IP-MASQ-AGENT -j MASQUERADE --random-fully",
    ]);
    const answer = world.rulesText("worker-1");
    const text = "text" in answer ? answer.text : "";
    expect(text.indexOf("-j IP-MASQ-AGENT")).toBeGreaterThan(text.indexOf("-j KUBE-POSTROUTING"));
  });

  it.each<[ProxyMode]>([["iptables"], ["nftables"], ["ipvs"]])(
    "%s: a pod reaches a server outside, which sees the node's address; private addresses see the pod's",
    (mode) => {
      const world = worldOf(OBJECTS, mode);
      const out = walk(world, POD, "198.51.100.60:9376");
      expect(seen(out)).toBe(`delivered ${NODE_IP}`);
      const snat = out.hops.find((hop) => hop.verdict === "snat");
      expect([snat?.place, snat?.rule?.chain, snat?.after.src]).toEqual(["node/worker-1", "IP-MASQ-AGENT", NODE_IP]);
      expect(out.reply.at(-1)?.before.dst).toBe(POD_IP);
      expect(seen(walk(world, POD, "192.168.56.12:10250"))).toBe(`delivered ${POD_IP}`);
    },
  );

  it("a Service with hand-made Endpoints outside works for pods", () => {
    expect(seen(walk(worldOf(OBJECTS), POD, "service/default/legacy:80"))).toBe(`delivered ${NODE_IP}`);
  });

  it("none: the server hears the pod's own address, and its answer finds no way back", () => {
    for (const world of [worldOf(OBJECTS + lab("{masquerade: none}")), worldOf(OBJECTS + NODE("masquerade=none"))]) {
      expect(agentRules(world)).toEqual([]);
      const lost = walk(world, POD, "198.51.100.60:9376");
      expect(lost.outcome).toBe("timeout");
      expect(lost.hops.some((hop) => hop.place === "client/legacy" && hop.before.src === POD_IP)).toBe(true);
    }
  });
});

const NODE = (network: string, ip = NODE_IP, cidr = "10.244.1.0/24"): string => `---
apiVersion: v1
kind: Node
metadata: {name: worker-1, annotations: {kubehop.dev/network: "${network}"}}
spec: {podCIDR: "${cidr}", podCIDRs: ["${cidr}"]}
status: {addresses: [{type: InternalIP, address: "${ip}"}]}
`;

test("public ranges of the cluster's own count as inside: pods keep their address among nodes and pods", () => {
  const config = `---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: {podSubnet: 100.72.0.0/16}
`;
  const text = OBJECTS.replace(POD_IP, "100.72.1.9") + config + NODE("", "203.0.113.11", "100.72.1.0/24");
  const second = NODE("", "203.0.113.12", "100.72.2.0/24").replace("worker-1", "worker-2");
  const world = worldOf(text + second);
  expect(agentRules(world).slice(-3)).toEqual([
    "-A IP-MASQ-AGENT -d 100.72.0.0/16 -j RETURN",
    "-A IP-MASQ-AGENT -d 203.0.113.0/24 -j RETURN",
    "-A IP-MASQ-AGENT -j MASQUERADE --random-fully",
  ]);
  expect(seen(walk(world, POD, "203.0.113.12:10250"))).toBe("delivered 100.72.1.9");
  expect(seen(walk(world, POD, "198.51.100.60:9376"))).toBe("delivered 203.0.113.11");
});

test("IPv6: unique local addresses and link-local ones are inside, the rest is masqueraded", () => {
  const world = worldOf(`apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: {serviceSubnet: "fd00:96::/112", podSubnet: "fd00:244::/56"}
${NODE("", "fd00:56::11", "fd00:244:0:1::/64")}---
apiVersion: v1
kind: Pod
metadata: {name: curl}
spec: {nodeName: worker-1, containers: [{name: curl, image: curlimages/curl}]}
---
apiVersion: kubehop.dev/v1alpha1
kind: Client
metadata: {name: six}
spec: {ip: "2001:db8::60", listen: 443/TCP}
`);
  expect(agentRules(world)).toEqual([
    ":IP-MASQ-AGENT - [0:0]",
    "-A POSTROUTING -m addrtype ! --dst-type LOCAL -j IP-MASQ-AGENT",
    "-A IP-MASQ-AGENT -d fe80::/10 -j RETURN",
    "-A IP-MASQ-AGENT -d fc00::/7 -j RETURN",
    "-A IP-MASQ-AGENT -j MASQUERADE --random-fully",
  ]);
  expect(seen(walk(world, POD, "[2001:db8::60]:443"))).toBe("delivered fd00:56::11");
});
