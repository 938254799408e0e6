import { expect, test } from "vitest";
import { readScenario } from "./scenario.ts";
import { createWorld } from "./world.ts";

/** A Service as an API server answers. */
const dumped = (name: string, ips: readonly string[], more = "", ports = "{ port: 80, protocol: TCP }"): string => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: default }
spec:
  clusterIP: "${ips[0] ?? ""}"
  clusterIPs: ${JSON.stringify(ips)}
  ipFamilies: ${JSON.stringify(ips.map((ip) => (ip.includes(":") ? "IPv6" : "IPv4")))}
  ipFamilyPolicy: ${ips.length > 1 ? "RequireDualStack" : "SingleStack"}
  internalTrafficPolicy: Cluster
  sessionAffinity: None
  selector: { app: x }
  ports: [${ports}]
  ${more}
status: { loadBalancer: {} }
---`;
const node = (ips: readonly string[], cidrs: readonly string[]): string => `
apiVersion: v1
kind: Node
metadata: { name: one }
spec: { podCIDR: "${cidrs[0] ?? ""}", podCIDRs: ${JSON.stringify(cidrs)} }
status: { addresses: [${ips.map((ip) => `{ type: InternalIP, address: "${ip}" }`).join(", ")}] }
---`;
const clusterOf = (text: string) => readScenario(text).cluster;

test.each([
  ["the usual one", dumped("web", ["10.99.1.2"]), "10.96.0.0/12"],
  ["of another installer", dumped("web", ["172.20.3.4"]) + dumped("b", ["172.20.200.1"]), "172.20.0.0/16"],
  ["wider than 16 bits", dumped("web", ["10.32.0.9"]) + dumped("b", ["10.47.0.1"]), "10.32.0.0/12"],
  [
    "from its own Service on",
    dumped("kubernetes", ["10.3.240.1"], "", "{ name: https, port: 443, protocol: TCP }") + dumped("b", ["10.3.250.9"]),
    "10.3.240.0/20",
  ],
  ["of both families", dumped("web", ["10.99.1.2", "fd00:96::8"]), "10.96.0.0/12,fd00:96::/112"],
  [
    "of IPv6 alone, on nodes of IPv6 alone",
    dumped("web", ["fd00:96::8"]) + node(["fd00:1::1"], ["fd00:244:1::/64"]),
    "fd00:96::/112",
  ],
  [
    "IPv6 first, as its nodes are",
    dumped("web", ["fd00:96::8"]) + node(["fd00:1::1", "10.0.0.1"], ["fd00:244:1::/64", "10.244.1.0/24"]),
    "fd00:96::/112,10.96.0.0/12",
  ],
])("the range of ClusterIPs, read off what was read from a cluster: %s", (_, text, range) => {
  expect(clusterOf(text).serviceSubnet).toBe(range);
  const world = createWorld({ seed: null });
  world.dispatch({ type: "text", text });
  expect(world.report.diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual(
    [],
  );
});

test("the pods' range follows where IPv6 is added", () => {
  const nodes = node(["10.0.0.1", "fd00:1::1"], ["10.244.1.0/24", "fd00:244:1::/64"]);
  expect(clusterOf(dumped("web", ["fd00:96::8"]) + nodes).podSubnet).toBe("10.244.0.0/16,fd00:244:1::/56");
});

test("node ports too, with a word on it at the Service", () => {
  const text = dumped("web", ["10.99.1.2"], "type: NodePort", "{ port: 80, protocol: TCP, nodePort: 8080 }");
  const { cluster, diagnostics } = readScenario(text);
  expect(cluster.nodePortRange).toEqual({ from: 8080, to: 32767 });
  expect(diagnostics.map(({ severity, message }) => [severity, message])).toEqual([
    [
      "info",
      "Read from a cluster with a wider range of node ports: it is taken to be 8080-32767. A ClusterConfiguration in the text says it exactly.",
    ],
  ]);
});

test("addresses that no range of a server holds stay as they are, and are refused", () => {
  expect(clusterOf(dumped("web", ["10.3.0.9"]) + dumped("b", ["192.168.0.1"]))).toEqual(clusterOf(""));
});

test("nothing is concluded from what somebody has written, nor where the text says it", () => {
  const written =
    "apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { type: NodePort, clusterIP: 172.20.0.9, ports: [{ port: 80, nodePort: 80 }] }\n---\n";
  expect(clusterOf(written)).toEqual(clusterOf(""));
  const said =
    "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworking: { serviceSubnet: 10.0.0.0/24 }\n---\n";
  expect(clusterOf(said + dumped("web", ["172.20.3.4"])).serviceSubnet).toBe("10.0.0.0/24");
});
