import { describe, expect, test } from "vitest";
import { DEFAULT_CLUSTER } from "../model/config/cluster-config.ts";
import { proxyConfig } from "../model/config/proxy-config.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import type { ConfigObject } from "../model/config/types.ts";
import { kubeProxyConfigMap, proxyConfigOfConfigMap } from "./proxy-configmap.ts";

const HEAD = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n";
const mapOf = (text: string): ConfigMap => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "kube-proxy", namespace: "kube-system" },
  data: { "config.conf": text },
});
const read = (text: string) => proxyConfigOfConfigMap(mapOf(text));

describe("proxyConfigOfConfigMap", () => {
  test("reads the file with kube-proxy's defaults", () => {
    expect(read(`${HEAD}mode: nftables`)).toMatchObject({
      ok: true,
      value: { config: { mode: "nftables", minSyncPeriod: 1_000_000, detectLocal: [] }, warnings: [] },
    });
  });

  test.each<[string, string, string]>([
    [
      "a bad mode",
      `${HEAD}mode: ebpf`,
      'failed validate: KubeProxyConfiguration.Mode.ProxyMode: Invalid value: \\"ebpf\\": must be iptables, ipvs, nftables or blank (blank means the best-available proxy [currently iptables])',
    ],
    [
      "a mode of Windows",
      `${HEAD}mode: winuserspace`,
      'failed validate: KubeProxyConfiguration.Mode.ProxyMode: Invalid value: \\"winuserspace\\": must be iptables, ipvs, nftables or blank (blank means the best-available proxy [currently iptables])',
    ],
    [
      "an unknown scheduler",
      `${HEAD}mode: ipvs\nipvs: {scheduler: fastest}`,
      'failed validate: KubeProxyConfiguration.KubeProxyIPVSConfiguration.Scheduler: Invalid value: \\"fastest\\": must be in [rr wrr lc wlc lblc lblcr sh dh sed nq mh ], blank means the default algorithm method (currently rr)',
    ],
    [
      "a bad period",
      `${HEAD}iptables: {syncPeriod: -1s}`,
      'failed validate: [KubeProxyConfiguration.KubeProxyIPTablesConfiguration.SyncPeriod: Invalid value: \\"-1s\\": must be greater than 0, KubeProxyConfiguration.KubeProxyIPTablesConfiguration.SyncPeriod: Invalid value: \\"-1s\\": must be greater than or equal to KubeProxyConfiguration.KubeProxyIPTablesConfiguration.MinSyncPeriod]',
    ],
    [
      "a bad range",
      `${HEAD}clusterCIDR: 10.244.0.0`,
      'failed validate: KubeProxyConfiguration.ClusterCIDR: Invalid value: \\"10.244.0.0\\": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      "a bad type",
      `${HEAD}iptables: {masqueradeBit: many}`,
      "failed complete: json: cannot unmarshal string into Go struct field KubeProxyIPTablesConfiguration.iptables.masqueradeBit of type int32",
    ],
    [
      "another kind",
      "apiVersion: v1\nkind: Service\n",
      'failed complete: no kind \\"Service\\" is registered for version \\"v1\\" in scheme \\"k8s.io/kubernetes/pkg/proxy/apis/config/scheme/scheme.go:30\\"',
    ],
    ["no YAML", `${HEAD}a: b: c`, "failed complete: yaml: line 3: mapping values are not allowed in this context"],
    ["nothing", "", "failed complete: Object 'Kind' is missing in \\\"\\\""],
  ])("%s ends kube-proxy with the reason in its log", (_, text, why) => {
    expect(read(text)).toEqual({ ok: false, error: `run.go:72] "command failed" err="${why}"` });
  });

  test("without the file", () => {
    const why = "failed complete: open /var/lib/kube-proxy/config.conf: no such file or directory";
    const error = { ok: false, error: `run.go:72] "command failed" err="${why}"` };
    expect(proxyConfigOfConfigMap(undefined)).toEqual(error);
    expect(proxyConfigOfConfigMap({ ...mapOf(""), data: { other: "" } })).toEqual(error);
  });

  test("an unknown field is a warning", () => {
    expect(read(`${HEAD}mdoe: ipvs`)).toMatchObject({
      ok: true,
      value: {
        config: { mode: "iptables" },
        warnings: [
          'options.go:221] "Using lenient decoding as strict decoding failed" err="strict decoding error: unknown field \\"mdoe\\""',
        ],
      },
    });
  });
});

test.each<object>([
  {},
  { mode: "ipvs", ipvs: { scheduler: "lc", strictARP: true } },
  { nodePortAddresses: ["primary"] },
])("kubeadm's ConfigMap of %j reads back as the same configuration", (given) => {
  const object = { apiVersion: "kubeproxy.config.k8s.io/v1alpha1", kind: "KubeProxyConfiguration", ...given } as never;
  const map = kubeProxyConfigMap(object as ConfigObject, DEFAULT_CLUSTER);
  const config = proxyConfig(object, DEFAULT_CLUSTER);
  expect(config.ok).toBe(true);
  expect(proxyConfigOfConfigMap(map)).toEqual({
    ok: true,
    value: { config: config.ok && config.value, warnings: [] },
  });
});
