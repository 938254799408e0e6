import { describe, expect, test } from "vitest";
import { clusterConfig, DEFAULT_CLUSTER } from "./cluster-config.ts";
import { proxyConfig } from "./proxy-config.ts";
import { parseDuration } from "./quantities.ts";
import type { ConfigObject } from "./types.ts";

const file = (rest: object): ConfigObject =>
  ({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    metadata: { name: "kube-proxy" },
    ...rest,
  }) as ConfigObject;
const read = (rest: object): unknown => {
  const result = proxyConfig(file(rest), DEFAULT_CLUSTER);
  return result.ok ? result.value : result.error.map((cause) => `${cause.field}: ${cause.message}`);
};

describe("kube-proxy", () => {
  test("its own defaults", () => {
    const expected = {
      mode: "iptables",
      detectLocalMode: "ClusterCIDR",
      detectLocal: ["10.244.0.0/16"],
      masqueradeAll: false,
      masqueradeBit: 14,
      localhostNodePorts: true,
      nodePortAddresses: null,
      minSyncPeriod: 1_000_000,
      syncPeriod: 30_000_000,
      nfacct: true,
      conntrackTCPBeLiberal: false,
      randomFully: true,
    };
    expect(proxyConfig(undefined, DEFAULT_CLUSTER)).toEqual({ ok: true, value: expected });
    expect(read({ mode: "" })).toEqual(expected);
  });

  test.each<[string, object, object]>([
    [
      "a mode has its own section",
      { mode: "ipvs", iptables: { masqueradeAll: true } },
      { mode: "ipvs", masqueradeAll: false, minSyncPeriod: 0 },
    ],
    [
      "userspace shares that of iptables",
      { mode: "userspace", iptables: { masqueradeAll: true } },
      { mode: "userspace", masqueradeAll: true },
    ],
    ["proxy ports", { mode: "userspace", portRange: "300-2000" }, { proxyPorts: { from: 300, to: 2000 } }],
    ["counted", { mode: "userspace", portRange: "65000+1000" }, { proxyPorts: { from: 65_000, to: 65_535 } }],
    ["a single one", { mode: "userspace", portRange: " 300 " }, { proxyPorts: { from: 300, to: 300 } }],
    [
      "periods",
      { iptables: { minSyncPeriod: "0s", syncPeriod: "1m30s" } },
      // kube-proxy takes a zero for nothing said.
      { minSyncPeriod: 1_000_000, syncPeriod: 90_000_000 },
    ],
    ["cluster CIDR", { clusterCIDR: "10.0.0.0/8" }, { detectLocal: ["10.0.0.0/8"] }],
    ["two of them", { clusterCIDR: "10.0.0.0/8,fd00::/64" }, { detectLocal: ["10.0.0.0/8", "fd00::/64"] }],
    [
      "bridge",
      { detectLocalMode: "BridgeInterface", detectLocal: { bridgeInterface: "cni0" } },
      { detectLocalMode: "BridgeInterface", detectLocal: ["cni0"] },
    ],
    ["node CIDR", { detectLocalMode: "NodeCIDR" }, { detectLocal: [] }],
    ["node port addresses", { nodePortAddresses: ["192.168.56.0/24"] }, { nodePortAddresses: ["192.168.56.0/24"] }],
    ["primary", { mode: "nftables", nodePortAddresses: ["primary"] }, { nodePortAddresses: ["primary"] }],
    ["localhost", { iptables: { localhostNodePorts: false } }, { localhostNodePorts: false }],
    ["be liberal", { conntrack: { tcpBeLiberal: true } }, { conntrackTCPBeLiberal: true }],
  ])("%s", (_, rest, expected) => {
    expect(read(rest)).toMatchObject(expected);
  });

  test.each([{ mode: "userspace", portRange: "0-0" }, { portRange: "soon" }])("%o asks for no proxy ports", (rest) => {
    expect(read(rest)).not.toHaveProperty("proxyPorts");
  });

  test.each<[object, readonly string[]]>([
    [
      { mode: "ebpf" },
      [
        'KubeProxyConfiguration.mode: Unsupported value: "ebpf": supported values: "iptables", "ipvs", "nftables", "userspace"',
      ],
    ],
    [
      { iptables: { syncPeriod: "soon" } },
      ['KubeProxyConfiguration.iptables.syncPeriod: Invalid value: "soon": time: invalid duration "soon"'],
    ],
    [
      { iptables: { syncPeriod: "1s", minSyncPeriod: "2s" } },
      [
        'KubeProxyConfiguration.iptables.syncPeriod: Invalid value: "1s": must be greater than or equal to KubeProxyConfiguration.iptables.minSyncPeriod',
      ],
    ],
    [
      { mode: "userspace", portRange: "2000-300" },
      ['KubeProxyConfiguration.PortRange: Invalid value: "2000-300": must be a valid port range (e.g. 300-2000)'],
    ],
    [
      { iptables: { masqueradeBit: 32 } },
      ["KubeProxyConfiguration.iptables.masqueradeBit: Invalid value: 32: must be within the range [0, 31]"],
    ],
    [
      { nodePortAddresses: ["10.0.0.1"] },
      [
        'KubeProxyConfiguration.nodePortAddresses[0]: Invalid value: "10.0.0.1": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
  ])("%o is refused", (rest, messages) => {
    expect(read(rest)).toEqual(messages);
  });
});

test.each([
  ["1s", 1_000_000],
  ["1m30s", 90_000_000],
  ["250ms", 250_000],
  ["1.5h", 5_400_000_000],
  ["0", 0],
  ["0s", 0],
  ["", null],
  ["1", null],
  ["1x", null],
  ["s", null],
])("duration %s", (text, micros) => {
  expect(parseDuration(text)).toBe(micros);
});

describe("kubeadm", () => {
  const cluster = (rest: object): unknown => {
    const result = clusterConfig(file(rest));
    return result.ok ? result.value : result.error.map((cause) => cause.field);
  };

  test("defaults", () => {
    expect(clusterConfig(undefined)).toEqual({
      ok: true,
      value: {
        serviceSubnet: "10.96.0.0/12",
        podSubnet: "10.244.0.0/16",
        dnsDomain: "cluster.local",
        nodePortRange: { from: 30000, to: 32767 },
      },
    });
  });

  test("ranges, domain and the node port flag", () => {
    expect(
      cluster({
        networking: { serviceSubnet: "10.43.0.0/16", podSubnet: "10.42.0.0/16", dnsDomain: "k8s.home" },
        apiServer: { extraArgs: [{ name: "service-node-port-range", value: "20000-20100" }] },
      }),
    ).toEqual({
      serviceSubnet: "10.43.0.0/16",
      podSubnet: "10.42.0.0/16",
      dnsDomain: "k8s.home",
      nodePortRange: { from: 20000, to: 20100 },
    });
    expect(cluster({ networking: { serviceSubnet: "x", dnsDomain: "A" } })).toEqual([
      "networking.serviceSubnet",
      "networking.dnsDomain",
    ]);
    expect(cluster({ apiServer: { extraArgs: [{ name: "service-node-port-range", value: "9-1" }] } })).toEqual([
      "apiServer.extraArgs[0].value",
    ]);
  });
});
