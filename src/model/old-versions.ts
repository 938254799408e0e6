/**
 * API versions that tutorials still show and servers of today no longer serve. Their objects are converted here, as old
 * servers did, so that such a tutorial works; a warning says what a server of today answers.
 * Source: the deprecation guide and zz_generated.prerelease-lifecycle.go of each group.
 */
import { kindInfo, type KindInfo } from "./kinds.ts";

export interface OldVersion {
  readonly apiVersion: string;
  readonly kind: string;
  /** Release that deprecated it, and the first that does not serve it: `1.16`. Null: it is no part of Kubernetes' releases, and still served. */
  readonly deprecated: string | null;
  readonly removed: string | null;
  /** What it is converted to. */
  readonly info: KindInfo;
}

type Row = readonly [apiVersion: string, kinds: string, to: string, deprecated: string | null, removed: string | null];

const ROWS: readonly Row[] = [
  ["extensions/v1beta1", "Deployment ReplicaSet DaemonSet", "apps/v1", "1.8", "1.16"],
  ["extensions/v1beta1", "NetworkPolicy", "networking.k8s.io/v1", "1.9", "1.16"],
  ["extensions/v1beta1", "Ingress", "networking.k8s.io/v1", "1.14", "1.22"],
  ["apps/v1beta1", "Deployment StatefulSet", "apps/v1", "1.8", "1.16"],
  ["apps/v1beta2", "Deployment ReplicaSet DaemonSet StatefulSet", "apps/v1", "1.9", "1.16"],
  ["networking.k8s.io/v1beta1", "Ingress IngressClass", "networking.k8s.io/v1", "1.19", "1.22"],
  ["discovery.k8s.io/v1beta1", "EndpointSlice", "discovery.k8s.io/v1", "1.21", "1.25"],
  ["batch/v1beta1", "CronJob", "batch/v1", "1.21", "1.25"],
  ["policy/v1beta1", "PodDisruptionBudget", "policy/v1", "1.21", "1.25"],
  ["autoscaling/v2beta2", "HorizontalPodAutoscaler", "autoscaling/v2", "1.23", "1.26"],
  [
    "rbac.authorization.k8s.io/v1beta1",
    "ClusterRole ClusterRoleBinding Role RoleBinding",
    "rbac.authorization.k8s.io/v1",
    "1.17",
    "1.22",
  ],
  ["metallb.io/v1beta1", "BGPPeer", "metallb.io/v1beta2", null, null],
  ["kubeadm.k8s.io/v1beta3", "ClusterConfiguration", "kubeadm.k8s.io/v1beta4", null, null],
];

const OLD = new Map<string, OldVersion>();
for (const [apiVersion, kinds, to, deprecated, removed] of ROWS) {
  for (const kind of kinds.split(" ")) {
    const info = kindInfo(to, kind);
    if (info !== undefined) OLD.set(`${apiVersion} ${kind}`, { apiVersion, kind, deprecated, removed, info });
  }
}

/** The removed version that a manifest is written in, or undefined when it is served, or was never. */
export function oldVersion(apiVersion: string, kind: string): OldVersion | undefined {
  return OLD.get(`${apiVersion} ${kind}`);
}

/** The kind that a manifest's object will be of, whether its version is served or converted. */
export function acceptedKind(apiVersion: string, kind: string): KindInfo | undefined {
  return kindInfo(apiVersion, kind) ?? oldVersion(apiVersion, kind)?.info;
}

/**
 * The server's warning while it still served the version; null for files of kubeadm's, which no server reads. Source:
 * apiserver/pkg/endpoints/deprecation/deprecation.go; MetalLB's CRD brings its own words.
 */
export function deprecationWarning({ apiVersion, kind, deprecated, removed, info }: OldVersion): string | null {
  if (info.support === "config") return null;
  if (removed === null) {
    return `${apiVersion.slice(apiVersion.indexOf("/") + 1)} is deprecated, please use ${info.version}`;
  }
  return `${apiVersion} ${kind} is deprecated in v${deprecated}+, unavailable in v${removed}+; use ${info.apiVersion} ${info.kind}`;
}
