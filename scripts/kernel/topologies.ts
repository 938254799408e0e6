/** The clusters that are built twice, and what is sent through them. */
import type { Protocol, Request } from "../../src/model/trace/types.ts";
import type { Mode, Twist } from "./cluster.ts";
import { cleanedDatagrams, beforeTheRules, established, oldRules, sticky, staleDatagrams } from "./plays.ts";
import {
  asker,
  client,
  INTERNET,
  NEIGHBOUR,
  node,
  NODES,
  pod,
  proxyConfig,
  texts,
  VIP,
  VIP6,
  VIP_CLOUD,
  web,
  wires,
} from "./scenario.ts";
import type { Play } from "./stage.ts";

export interface Topology {
  readonly name: string;
  readonly yaml: string;
  readonly twist?: Twist;
  readonly flows: readonly Request[];
  /** What needs an order of events, after the flows. */
  readonly plays?: readonly Play[];
  readonly modes?: readonly Mode[];
}

const CURL_1 = "pod/default/curl-1";
const CURL_3 = "pod/default/curl-3";
const WEB_1 = "pod/default/web-1";
const ASKERS = texts(asker("curl-1", "worker-1"), asker("curl-3", "worker-3"));
const NODE_PORT = 31_480;
const DUAL_STACK = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
networking: {serviceSubnet: "10.96.0.0/12,fd00:10:96::/112", podSubnet: "10.244.0.0/16,fd00:10:244::/56"}`;
const VIP_EMPTY = "10.96.41.8";

/** Everyone to everything. */
function each(
  froms: readonly string[],
  tos: readonly string[],
  protocol: Protocol = "tcp",
  family?: 4 | 6,
): readonly Request[] {
  return froms.flatMap((from) =>
    tos.map((to): Request => ({ from, to, protocol, ...(family === undefined ? {} : { family }) })),
  );
}

const nodePorts = (port = NODE_PORT): readonly string[] => NODES.map((name) => `node/${name}:${port}`);

const forwardDrop: Twist = {
  rules: (text, mode, family) => {
    if (mode === "iptables") return text.replace(/(\*filter\n(?::.*\n)*?):FORWARD ACCEPT/, "$1:FORWARD DROP");
    return `${text}\ntable ${family === 4 ? "ip" : "ip6"} guard {\n\tchain forward {\n\t\ttype filter hook forward priority filter; policy drop;\n\t}\n}\n`;
  },
};

export const TOPOLOGIES: readonly Topology[] = [
  {
    name: "ClusterIP",
    yaml: texts(
      web(),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      pod("web-3", "worker-2"),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3"], [`${VIP}:80`]),
      ...each([CURL_1, WEB_1, "node/worker-1", "node/worker-3"], [`${VIP}:80`], "udp"),
      ...each([CURL_1, "node/worker-2"], [`${VIP}:81`, "10.96.200.200:80"]),
      ...each([CURL_1, "node/worker-1"], [`${VIP}:81`], "udp"),
      ...each(["client/internet", "client/neighbour"], [`${VIP}:80`]),
      ...each([CURL_1, CURL_3, "node/worker-1", "node/worker-3"], ["pod/default/web-1:8080", "pod/default/web-1:8081"]),
      ...each([CURL_3, "node/worker-3"], ["pod/default/web-1:8081"], "udp"),
    ],
  },
  {
    name: "NodePort, policy Cluster",
    yaml: texts(
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
    ),
    flows: [
      ...each([CURL_1, WEB_1, "node/worker-1", "node/worker-3", "client/internet", "client/neighbour"], nodePorts()),
      ...each([CURL_1, "node/worker-1", "client/internet"], nodePorts(), "udp"),
      ...each(["node/worker-1", "node/worker-3"], [`127.0.0.1:${NODE_PORT}`]),
      ...each(["client/internet", CURL_1, "node/worker-2"], ["node/worker-1:31481", "node/worker-1:10250"]),
    ],
  },
  {
    name: "NodePort, policy Local with an empty node",
    yaml: texts(
      web(["type: NodePort", "externalTrafficPolicy: Local"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      pod("web-3", "worker-2"),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
    ),
    flows: [
      ...each(
        [CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3", "client/internet", "client/neighbour"],
        nodePorts(),
      ),
      ...each(["client/internet", "node/worker-3", CURL_3], nodePorts(), "udp"),
      ...each(["node/worker-1", "node/worker-3"], [`127.0.0.1:${NODE_PORT}`]),
    ],
  },
  {
    name: "load balancer with source ranges",
    yaml: texts(
      web(
        [
          "type: LoadBalancer",
          "loadBalancerIP: 203.0.113.10",
          "loadBalancerSourceRanges: [198.51.100.0/24, 10.244.1.0/24, 192.168.56.11/32]",
        ],
        {
          nodePort: NODE_PORT,
        },
      ),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
      client("stranger", "192.0.2.9"),
      VIP_CLOUD,
    ),
    flows: [
      ...each(
        ["client/internet", "client/stranger", CURL_1, CURL_3, "node/worker-1", "node/worker-2"],
        ["lb/default/web:80"],
      ),
      ...each(["client/internet", "client/stranger", CURL_3], ["lb/default/web:80"], "udp"),
      ...each(["client/stranger"], nodePorts()),
    ],
  },
  {
    name: "load balancer, policy Local, equal cost routes to every node",
    yaml: texts(
      web(["type: LoadBalancer", "externalTrafficPolicy: Local"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
      VIP_CLOUD,
    ),
    // Nobody asks the nodes whether they have an endpoint.
    twist: { view: (view) => ({ ...view, healthyNodes: () => view.nodes() }) },
    flows: [
      ...each(["client/internet", CURL_1, CURL_3, "node/worker-1", "node/worker-3"], ["lb/default/web:80"]),
      ...each(["client/internet"], ["lb/default/web:80"], "udp"),
    ],
  },
  {
    name: "session affinity",
    yaml: texts(
      web(["type: NodePort", "sessionAffinity: ClientIP"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      pod("web-3", "worker-3"),
      ASKERS,
      INTERNET,
    ),
    flows: [],
    plays: [
      sticky({ from: CURL_1, to: `${VIP}:80`, protocol: "tcp" }),
      sticky({ from: CURL_3, to: `${VIP}:80`, protocol: "udp" }),
      sticky({ from: WEB_1, to: `${VIP}:80`, protocol: "tcp" }),
      sticky({ from: "node/worker-2", to: `${VIP}:80`, protocol: "tcp" }),
      sticky({ from: "client/internet", to: `node/worker-1:${NODE_PORT}`, protocol: "tcp" }),
      sticky({ from: "client/internet", to: `node/worker-3:${NODE_PORT}`, protocol: "tcp" }),
    ],
  },
  {
    name: "no endpoints",
    yaml: texts(
      web(["type: LoadBalancer", "externalIPs: [203.0.113.99]"], { nodePort: NODE_PORT, app: "nobody" }),
      pod("web-1", "worker-1"),
      ASKERS,
      INTERNET,
      VIP_CLOUD,
    ),
    flows: [
      ...each([CURL_1, CURL_3, "node/worker-1"], [`${VIP}:80`, "lb/default/web:80", "203.0.113.99:80"]),
      ...each([CURL_1, "node/worker-1", "client/internet"], nodePorts()),
      ...each(["client/internet"], ["lb/default/web:80"]),
      ...each([CURL_1, "client/internet"], ["lb/default/web:80"], "udp"),
      ...each([CURL_1, "node/worker-1"], [`${VIP}:80`], "udp"),
      ...each(["node/worker-1"], [`127.0.0.1:${NODE_PORT}`]),
    ],
  },
  {
    name: "hairpin",
    yaml: texts(
      web(["type: NodePort", "externalIPs: [203.0.113.99]"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      INTERNET,
    ),
    flows: [
      ...each([WEB_1], [`${VIP}:80`, "203.0.113.99:80", ...nodePorts()]),
      ...each([WEB_1], [`${VIP}:80`, ...nodePorts()], "udp"),
      ...each([WEB_1], ["pod/default/web-1:8080"]),
    ],
  },
  {
    name: "hairpin, policy Local",
    yaml: texts(
      web(["type: NodePort", "externalTrafficPolicy: Local"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      INTERNET,
    ),
    flows: [...each([WEB_1, "pod/default/web-2"], nodePorts()), ...each([WEB_1], nodePorts(), "udp")],
  },
  {
    name: "internal policy Local",
    yaml: texts(
      web(["internalTrafficPolicy: Local"]),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      pod("web-3", "worker-2"),
      ASKERS,
      asker("curl-2", "worker-2"),
    ),
    flows: [
      ...each([CURL_1, "pod/default/curl-2", CURL_3, "node/worker-1", "node/worker-3"], [`${VIP}:80`]),
      ...each([CURL_1, CURL_3, "node/worker-3"], [`${VIP}:80`], "udp"),
    ],
  },
  {
    name: "external IPs",
    yaml: texts(
      web(["externalIPs: [203.0.113.99, 192.168.56.12]"]),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
    ),
    flows: [
      ...each(
        [CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-2", "client/internet", "client/neighbour"],
        ["203.0.113.99:80", "192.168.56.12:80"],
      ),
      ...each([CURL_1, "node/worker-2", "client/internet"], ["192.168.56.12:80"], "udp"),
    ],
  },
  {
    name: "external IPs, policy Local",
    yaml: texts(
      web(["type: NodePort", "externalTrafficPolicy: Local", "externalIPs: [192.168.56.11, 192.168.56.13]"], {
        nodePort: NODE_PORT,
      }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
    ),
    flows: each(
      [CURL_1, CURL_3, "node/worker-1", "node/worker-3", "client/internet", "client/neighbour"],
      ["192.168.56.11:80", "192.168.56.13:80"],
    ),
  },
  {
    name: "dual stack",
    yaml: texts(
      DUAL_STACK,
      ...NODES.map((name, i) =>
        node(
          name,
          [`192.168.56.${11 + i}`, `fd00:56::${11 + i}`],
          [`10.244.${i + 1}.0/24`, `fd00:10:244:${i + 1}::/64`],
        ),
      ),
      web(
        [
          "type: NodePort",
          "ipFamilyPolicy: RequireDualStack",
          "ipFamilies: [IPv4, IPv6]",
          `clusterIPs: [${VIP}, "${VIP6}"]`,
        ],
        { nodePort: NODE_PORT },
      ),
      web(
        [
          "type: NodePort",
          "ipFamilyPolicy: RequireDualStack",
          "ipFamilies: [IPv4, IPv6]",
          "externalTrafficPolicy: Local",
        ],
        {
          nodePort: 31_490,
          name: "local",
          ip: "",
        },
      ),
      web(["ipFamilyPolicy: SingleStack", "ipFamilies: [IPv6]"], {
        name: "nobody",
        app: "nobody",
        ip: '"fd00:10:96::77"',
      }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
      client("internet6", "2001:db8:7::24"),
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3"], ["service/default/web:80"], "tcp", 6),
      ...each([CURL_1, "node/worker-3"], ["service/default/web:80"], "udp", 6),
      ...each([CURL_1, "node/worker-3"], ["service/default/web:80"], "tcp", 4),
      ...each([CURL_1, "node/worker-1", "client/internet6"], nodePorts(), "tcp", 6),
      ...each([CURL_1, CURL_3, "node/worker-3", "client/internet6"], nodePorts(31_490), "tcp", 6),
      ...each(["client/internet6"], nodePorts(31_490), "udp", 6),
      ...each(["client/internet"], nodePorts(), "tcp", 4),
      ...each([CURL_1, "node/worker-1"], ["[fd00:10:96::77]:80", `[${VIP6}]:81`], "tcp", 6),
      ...each(["node/worker-1"], [`[::1]:${NODE_PORT}`], "tcp", 6),
      ...each([CURL_3, "node/worker-1"], ["pod/default/web-1:8081"], "tcp", 6),
    ],
  },
  {
    name: "masqueradeAll",
    yaml: texts(
      proxyConfig("iptables: {masqueradeAll: true}", "nftables: {masqueradeAll: true}"),
      web(["type: NodePort", "externalTrafficPolicy: Local"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3"], [`${VIP}:80`]),
      ...each([CURL_1, "client/internet"], nodePorts()),
    ],
  },
  {
    name: "no local traffic known",
    yaml: texts(
      proxyConfig("detectLocalMode: BridgeInterface", "detectLocal: {bridgeInterface: cni0}"),
      web(["type: NodePort", "externalTrafficPolicy: Local"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3"], [`${VIP}:80`]),
      ...each([CURL_1, CURL_3, "client/internet", "node/worker-3"], nodePorts()),
    ],
  },
  {
    name: "nodePortAddresses",
    yaml: texts(
      proxyConfig('nodePortAddresses: ["10.244.0.0/16", "127.0.0.0/8"]'),
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, "node/worker-1", "node/worker-3", "client/internet"], nodePorts()),
      ...each([CURL_1, "node/worker-1"], [`10.244.1.1:${NODE_PORT}`]),
      ...each(["node/worker-1", "node/worker-3"], [`127.0.0.1:${NODE_PORT}`]),
    ],
  },
  {
    name: "node ports not on localhost",
    yaml: texts(
      proxyConfig("iptables: {localhostNodePorts: false}", 'nodePortAddresses: ["192.168.56.0/24"]'),
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, "node/worker-1", "client/internet"], nodePorts()),
      ...each(["node/worker-1", "node/worker-3"], [`127.0.0.1:${NODE_PORT}`]),
      ...each([CURL_1], [`10.244.1.1:${NODE_PORT}`]),
    ],
  },
  {
    name: "FORWARD policy DROP",
    yaml: texts(
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    twist: forwardDrop,
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3"], [`${VIP}:80`, "pod/default/web-2:8080"]),
      ...each(["client/internet", CURL_1, "node/worker-3"], nodePorts()),
    ],
  },
  {
    name: "bridge-nf-call-iptables 0",
    yaml: texts(
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    twist: {
      view: (view) => ({
        ...view,
        sysctlsOf: (name) => ({ ...view.sysctlsOf?.(name), bridgeNfCallIptables: false }),
      }),
    },
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1"], [`${VIP}:80`, "pod/default/web-1:8080"]),
      ...each([CURL_1], [`${VIP}:80`], "udp"),
      ...each([CURL_1, "client/internet"], nodePorts()),
    ],
  },
  {
    name: "VXLAN",
    yaml: texts(
      wires("routes: vxlan"),
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3"], [`${VIP}:80`, "pod/default/web-2:8080"]),
      ...each([CURL_1, "node/worker-1", "client/internet", "client/neighbour"], nodePorts()),
      ...each([CURL_1, "node/worker-1"], [`${VIP}:80`], "udp"),
    ],
  },
  {
    name: "VXLAN of both families",
    yaml: texts(
      DUAL_STACK,
      wires("routes: vxlan"),
      ...NODES.map((name, i) =>
        node(
          name,
          [`192.168.56.${11 + i}`, `fd00:56::${11 + i}`],
          [`10.244.${i + 1}.0/24`, `fd00:10:244:${i + 1}::/64`],
        ),
      ),
      web(
        [
          "type: NodePort",
          "ipFamilyPolicy: RequireDualStack",
          "ipFamilies: [IPv4, IPv6]",
          `clusterIPs: [${VIP}, "${VIP6}"]`,
        ],
        { nodePort: NODE_PORT },
      ),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      client("internet6", "2001:db8:7::24"),
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3"], ["service/default/web:80"], "tcp", 6),
      ...each([CURL_1, "client/internet6"], nodePorts(), "tcp", 6),
      ...each([CURL_1, "node/worker-3"], ["service/default/web:80"], "tcp", 4),
    ],
  },
  {
    name: "VXLAN, reverse path filter strict",
    yaml: texts(
      wires("routes: vxlan, rpFilter: 1"),
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1"], [`${VIP}:80`, "pod/default/web-2:8080"]),
      ...each([CURL_1, "client/internet"], nodePorts()),
    ],
  },
  {
    name: "masquerading by the CNI",
    yaml: texts(
      wires("masquerade: all"),
      web(["type: NodePort", "externalTrafficPolicy: Local"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1"], [`${VIP}:80`, "pod/default/web-2:8080"]),
      ...each([CURL_1, CURL_3, "node/worker-1", "client/internet"], nodePorts()),
    ],
    modes: ["iptables"],
  },
  {
    name: "pod network isolated from the hosts",
    yaml: texts(
      wires("isolatedPods: true, routes: vxlan"),
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      web([], { name: "empty", app: "nobody", ip: VIP_EMPTY }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, WEB_1, "node/worker-1", "node/worker-3"], [`${VIP}:80`, "pod/default/web-2:8080"]),
      ...each([CURL_1, "client/internet"], [`${VIP_EMPTY}:80`, ...nodePorts()]),
    ],
    modes: ["iptables"],
  },
  {
    name: "routes to the service range over every node",
    yaml: texts(
      wires(
        "routerRoutes: [{to: 10.96.0.0/12, via: [worker-1, worker-2, worker-3]}, {to: 10.244.2.0/24, via: [worker-2]}]",
      ),
      web(),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
    ),
    flows: each(["client/internet", "client/neighbour"], [`${VIP}:80`, "10.96.200.200:80", "pod/default/web-2:8080"]),
  },
  {
    name: "pods' routes at the cloud's router",
    yaml: texts(
      wires("routes: cloud"),
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1"], [`${VIP}:80`, "pod/default/web-2:8080"]),
      ...each([CURL_1, "client/internet"], nodePorts()),
    ],
  },
  {
    name: "pods on routed veths",
    yaml: texts(
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    twist: { view: (view) => ({ ...view, network: { ...view.network, attachment: "ptp" } }) },
    flows: [
      ...each([CURL_1, CURL_3, WEB_1, "node/worker-1", "node/worker-3"], [`${VIP}:80`, "pod/default/web-1:8080"]),
      ...each([CURL_1, WEB_1, "node/worker-1", "client/internet"], nodePorts()),
    ],
  },
  {
    name: "backend in its node's own network",
    yaml: texts(
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1", { hostNetwork: true, listen: "8080/TCP" }),
      pod("web-2", "worker-2", { hostNetwork: true, listen: "8080/TCP" }),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
    ),
    flows: [
      ...each([CURL_1, CURL_3, "node/worker-1", "node/worker-2", "node/worker-3"], [`${VIP}:80`]),
      ...each([CURL_1, "node/worker-1", "node/worker-3", "client/internet", "client/neighbour"], nodePorts()),
    ],
  },
  {
    name: "endpoints of the client's own zone",
    yaml: texts(
      ...NODES.map((name, i) =>
        node(name, [`192.168.56.${11 + i}`], [`10.244.${i + 1}.0/24`], i < 2 ? "zone-a" : "zone-b"),
      ),
      web(["type: NodePort", "trafficDistribution: PreferSameZone"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      pod("web-3", "worker-3"),
      ASKERS,
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, CURL_3, "node/worker-2", "node/worker-3"], [`${VIP}:80`]),
      ...each(["client/internet"], nodePorts()),
    ],
  },
  {
    name: "datagrams after their endpoint is gone",
    yaml: texts(
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [],
    plays: [
      staleDatagrams({ from: CURL_3, to: `${VIP}:80`, protocol: "udp" }),
      staleDatagrams({ from: CURL_1, to: `${VIP}:80`, protocol: "udp" }),
      staleDatagrams({ from: "client/internet", to: `node/worker-3:${NODE_PORT}`, protocol: "udp" }),
      staleDatagrams({ from: "node/worker-3", to: `${VIP}:80`, protocol: "udp" }),
      cleanedDatagrams({ from: CURL_3, to: `${VIP}:80`, protocol: "udp" }),
    ],
  },
  {
    name: "established connections",
    yaml: texts(
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: [],
    plays: [
      established({ from: CURL_3, to: `${VIP}:80`, protocol: "tcp" }, ["default/web-1", "default/web-2"]),
      established({ from: CURL_1, to: `${VIP}:80`, protocol: "tcp" }, ["default/web-1", "default/web-2"]),
      established({ from: "client/internet", to: `node/worker-3:${NODE_PORT}`, protocol: "tcp" }, [
        "default/web-1",
        "default/web-2",
      ]),
    ],
  },
  {
    name: "an endpoint that is not there",
    yaml: texts(
      web().replace(/ {2}selector: .*\n/, ""),
      `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: web-by-hand
  labels: {kubernetes.io/service-name: web}
addressType: IPv4
ports:
  - {name: tcp, protocol: TCP, port: 8080}
  - {name: udp, protocol: UDP, port: 8080}
endpoints:
  - {addresses: [10.244.2.99], nodeName: worker-2, conditions: {ready: true}}`,
      ASKERS,
      asker("curl-2", "worker-2"),
      INTERNET,
    ),
    flows: [
      ...each([CURL_1, "pod/default/curl-2", "node/worker-1", "node/worker-2"], [`${VIP}:80`, "10.244.2.99:8080"]),
      ...each(
        [CURL_1, "pod/default/curl-2", "node/worker-1", "node/worker-2"],
        [`${VIP}:80`, "10.244.2.99:8080"],
        "udp",
      ),
      ...each([CURL_1, "pod/default/curl-2", "node/worker-1"], ["10.244.2.99"], "icmp"),
    ],
  },
  {
    name: "echo requests",
    yaml: texts(
      web(["type: LoadBalancer", "loadBalancerSourceRanges: [198.51.100.0/24]", "externalIPs: [203.0.113.99]"], {
        nodePort: NODE_PORT,
      }),
      web([], { name: "empty", app: "nobody", ip: "10.96.41.8" }),
      pod("web-1", "worker-1"),
      ASKERS,
      INTERNET,
      NEIGHBOUR,
      VIP_CLOUD,
    ),
    flows: [
      ...each(
        [CURL_1, CURL_3, "node/worker-1", "client/internet"],
        [VIP, "10.96.41.8", "10.96.200.200", "203.0.113.99", "pod/default/web-1", "node/worker-2"],
        "icmp",
      ),
      ...each(["client/neighbour"], [VIP, "node/worker-1"], "icmp"),
    ],
  },
  {
    name: "a kube-proxy that has stopped",
    yaml: texts(
      web(["type: NodePort"], { nodePort: NODE_PORT }),
      pod("web-1", "worker-1"),
      pod("web-2", "worker-2"),
      ASKERS,
      INTERNET,
    ),
    flows: each([CURL_3], [`${VIP}:80`]),
    plays: [
      oldRules("worker-3", "default/web-2", [
        ...each([CURL_1, CURL_3, "node/worker-3"], [`${VIP}:80`]),
        ...each(["client/internet"], nodePorts()),
        ...each([CURL_3], [`${VIP}:80`], "udp"),
      ]),
    ],
  },
  {
    name: "datagrams before there are rules",
    yaml: texts(pod("web-1", "worker-1"), pod("web-2", "worker-2"), ASKERS, INTERNET),
    flows: [],
    plays: [
      beforeTheRules(web([], { ip: "10.96.41.7" }), { from: CURL_3, to: "10.96.41.7:80", protocol: "udp" }),
      beforeTheRules(web([], { name: "again", ip: "10.96.41.8" }), {
        from: CURL_1,
        to: "10.96.41.8:80",
        protocol: "udp",
      }),
      beforeTheRules(web([], { name: "node", ip: "10.96.41.9" }), {
        from: "node/worker-3",
        to: "10.96.41.9:80",
        protocol: "udp",
      }),
    ],
  },
];
