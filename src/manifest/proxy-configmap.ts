/** kube-proxy's configuration as kubeadm keeps it: a file, `config.conf`, in the ConfigMap kube-system/kube-proxy. */
import { isRecord } from "../base/json.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import { proxyConfig } from "../model/config/proxy-config.ts";
import type { ClusterConfig, ConfigObject, ProxyConfig } from "../model/config/types.ts";
import { decode } from "../model/decode.ts";
import { kindInfo } from "../model/kinds.ts";
import { type Cause, quote } from "../model/status.ts";
import { parseManifest } from "./manifest.ts";

const FILE = "config.conf";
const VERSION = "kubeproxy.config.k8s.io/v1alpha1";
const KIND = "KubeProxyConfiguration";

export interface ReadProxyConfig {
  readonly config: ProxyConfig;
  /** Lines of kube-proxy's log without klog's head (`W1121 10:00:00.000000       1 `). */
  readonly warnings: readonly string[];
}

/** Sections as kube-proxy's own validation names them. */
const SECTIONS: Readonly<Record<string, string>> = {
  iptables: "KubeProxyIPTablesConfiguration",
  nftables: "KubeProxyNFTablesConfiguration",
  ipvs: "KubeProxyIPVSConfiguration",
};

/** `KubeProxyConfiguration.iptables.syncPeriod` → `KubeProxyConfiguration.KubeProxyIPTablesConfiguration.SyncPeriod`. */
function logNames(text: string): string {
  return text.replace(/KubeProxyConfiguration((?:\.[A-Za-z]+)+)/g, (_, path: string) => {
    const names = path.slice(1).split(".");
    return [
      "KubeProxyConfiguration",
      ...names.map((name) => SECTIONS[name] ?? name.charAt(0).toUpperCase() + name.slice(1)),
    ].join(".");
  });
}

const modeText = (quoted: string): string =>
  `KubeProxyConfiguration.Mode.ProxyMode: Invalid value: ${quoted}: must be iptables, ipvs, nftables or blank (blank means the best-available proxy [currently iptables])`;

function logText(cause: Cause): string {
  const match = /^(?:Unsupported|Invalid) value: ("(?:[^"\\]|\\.)*")/.exec(cause.message);
  if (cause.field === "KubeProxyConfiguration.mode" && match !== null) return modeText(match[1] ?? "");
  return logNames(`${cause.field}: ${cause.message}`);
}

/** Nobody but the file tells kube-proxy the pods' range. */
const NO_SUBNET: Pick<ClusterConfig, "podSubnet"> = { podSubnet: "" };

const failed = (why: string): Result<never, string> => err(`run.go:72] "command failed" err=${quote(why)}`);

/**
 * What a kube-proxy that starts now reads from the ConfigMap. The refusal is the last line of its log, without klog's head:
 * `run.go:72] "command failed" err="failed validate: ..."`; after it the process ends. Unknown fields are a warning only.
 * Source: cmd/kube-proxy/app/{options,server}.go.
 */
export function proxyConfigOfConfigMap(configMap: ConfigMap | undefined): Result<ReadProxyConfig, string> {
  const text = configMap?.data?.[FILE];
  if (text === undefined) return failed(`failed complete: open /var/lib/kube-proxy/${FILE}: no such file or directory`);
  const manifest = parseManifest(text);
  const broken = manifest.diagnostics[0]?.message.replace(/^error converting YAML to JSON: /, "");
  if (broken !== undefined) return failed(`failed complete: ${broken}`);
  const document = manifest.documents[0];
  const { apiVersion = "", kind = "" } = document ?? {};
  const info = kindInfo(apiVersion, kind);
  if (kind === "") return failed(`failed complete: Object 'Kind' is missing in ${quote(text)}`);
  if (apiVersion !== VERSION || kind !== KIND || info === undefined || !isRecord(document?.value)) {
    return failed(
      `failed complete: no kind ${quote(kind)} is registered for version ${quote(apiVersion)} in scheme "k8s.io/kubernetes/pkg/proxy/apis/config/scheme/scheme.go:30"`,
    );
  }
  const { problems } = decode(document.value, info);
  const typed = problems.find((problem) => problem.problem === "type");
  if (typed !== undefined) return failed(`failed complete: ${typed.message}`);
  const unknown = problems.map((problem) => problem.message).join(", ");
  const warnings =
    unknown === ""
      ? []
      : [
          `options.go:221] "Using lenient decoding as strict decoding failed" err=${quote(`strict decoding error: ${unknown}`)}`,
        ];
  const config = proxyConfig(document.value as unknown as ConfigObject, NO_SUBNET);
  if (config.ok) return ok({ config: config.value, warnings });
  const texts = config.error.map(logText);
  return failed(`failed validate: ${texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`}`);
}

type Fields = Readonly<Record<string, unknown>>;

/** What kubeadm writes when nobody says anything: zero values, which kube-proxy takes for its defaults. */
const KUBEADM: Fields = {
  apiVersion: VERSION,
  bindAddress: "0.0.0.0",
  bindAddressHardFail: false,
  clientConnection: {
    acceptContentTypes: "",
    burst: 0,
    contentType: "",
    kubeconfig: "/var/lib/kube-proxy/kubeconfig.conf",
    qps: 0,
  },
  clusterCIDR: "",
  configSyncPeriod: "0s",
  conntrack: {
    maxPerCore: null,
    min: null,
    tcpBeLiberal: false,
    tcpCloseWaitTimeout: null,
    tcpEstablishedTimeout: null,
    udpStreamTimeout: "0s",
    udpTimeout: "0s",
  },
  detectLocal: { bridgeInterface: "", interfaceNamePrefix: "" },
  detectLocalMode: "",
  enableProfiling: false,
  healthzBindAddress: "",
  hostnameOverride: "",
  iptables: {
    localhostNodePorts: null,
    masqueradeAll: false,
    masqueradeBit: null,
    minSyncPeriod: "0s",
    syncPeriod: "0s",
  },
  ipvs: {
    excludeCIDRs: null,
    minSyncPeriod: "0s",
    scheduler: "",
    strictARP: false,
    syncPeriod: "0s",
    tcpFinTimeout: "0s",
    tcpTimeout: "0s",
    udpTimeout: "0s",
  },
  kind: KIND,
  metricsBindAddress: "",
  mode: "",
  nftables: { masqueradeAll: false, masqueradeBit: null, minSyncPeriod: "0s", syncPeriod: "0s" },
  nodePortAddresses: null,
  oomScoreAdj: null,
  portRange: "",
  showHiddenMetricsForVersion: "",
};

function yamlLines(value: Fields, indent: string): readonly string[] {
  return Object.keys(value)
    .sort()
    .flatMap((key) => {
      const member = value[key];
      if (isRecord(member) && Object.keys(member).length > 0) {
        return [`${indent}${key}:`, ...yamlLines(member, `${indent}  `)];
      }
      const bare = typeof member === "string" && /^[A-Za-z0-9/][\w./:-]*$/.test(member) && !/^[\d.]+$/.test(member);
      return [`${indent}${key}: ${bare ? member : JSON.stringify(member ?? null)}`];
    });
}

/** The ConfigMap that kubeadm makes of a KubeProxyConfiguration (undefined: of none), for a cluster with these subnets. */
export function kubeProxyConfigMap(given: ConfigObject | undefined, cluster: ClusterConfig): ConfigMap {
  const { metadata: _, ...own } = given ?? ({} as ConfigObject);
  const merged: Record<string, unknown> = { ...KUBEADM, clusterCIDR: cluster.podSubnet };
  for (const [key, value] of Object.entries(own)) {
    const standard = merged[key];
    merged[key] = isRecord(value) && isRecord(standard) ? { ...standard, ...value } : value;
  }
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "kube-proxy", namespace: "kube-system", labels: { app: "kube-proxy" } },
    data: { [FILE]: yamlLines(merged, "").join("\n") },
  };
}
