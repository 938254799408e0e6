/**
 * The registry of kinds: what the API server of this cluster serves, under which names. Modelled kinds have field tables,
 * defaults and validation; kept kinds are real ones that are accepted and listed but change nothing here; config kinds are
 * files that kube-proxy and kubeadm read, no API resources.
 */
export interface KindInfo {
  readonly apiVersion: string;
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** `all` is what `kubectl get all` lists. */
  readonly categories: readonly string[];
  readonly support: "modelled" | "kept" | "config";
  /** Why an object of a modelled kind changes nothing here: goes on after its kind's name. */
  readonly without?: string;
}

interface Extra {
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly plural?: string;
  readonly without?: string;
}

function define(
  apiVersion: string,
  kind: string,
  scope: "namespaced" | "cluster",
  support: KindInfo["support"],
  extra: Extra = {},
): KindInfo {
  const slash = apiVersion.indexOf("/");
  const singular = kind.toLowerCase();
  return {
    apiVersion,
    kind,
    group: slash < 0 ? "" : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    plural: extra.plural ?? (singular.endsWith("s") ? `${singular}es` : `${singular}s`),
    singular,
    shortNames: extra.short ?? [],
    namespaced: scope === "namespaced",
    categories: extra.categories ?? [],
    support,
    ...(extra.without === undefined ? {} : { without: extra.without }),
  };
}

const all = ["all"];
/** Of Ingresses and their classes, where no pod of the text runs an ingress controller. */
export const NO_CONTROLLER =
  "is stored and listed, but nothing happens without a controller for it, and no pod of this text is one";
/** Of MetalLB's other kinds, where the text has no pool: MetalLB runs where an IPAddressPool is. */
export const NO_POOL = "is stored and listed, but this text has no IPAddressPool, and MetalLB runs only where one is";
const kept = (apiVersion: string, kind: string, extra?: Extra): KindInfo =>
  define(apiVersion, kind, "namespaced", "kept", extra);
const keptInCluster = (apiVersion: string, kind: string, extra?: Extra): KindInfo =>
  define(apiVersion, kind, "cluster", "kept", extra);

/** Every kind this cluster knows. Core kinds first, as `kubectl api-resources` lists them. */
export const KINDS: readonly KindInfo[] = [
  define("v1", "ConfigMap", "namespaced", "modelled", { short: ["cm"] }),
  define("v1", "Endpoints", "namespaced", "modelled", { short: ["ep"], plural: "endpoints" }),
  define("v1", "Event", "namespaced", "modelled", { short: ["ev"] }),
  define("v1", "Namespace", "cluster", "modelled", { short: ["ns"] }),
  define("v1", "Node", "cluster", "modelled", { short: ["no"] }),
  define("v1", "Pod", "namespaced", "modelled", { short: ["po"], categories: all }),
  define("v1", "ReplicationController", "namespaced", "modelled", { short: ["rc"], categories: all }),
  define("v1", "Service", "namespaced", "modelled", { short: ["svc"], categories: all }),
  define("apps/v1", "DaemonSet", "namespaced", "modelled", { short: ["ds"], categories: all }),
  define("apps/v1", "Deployment", "namespaced", "modelled", { short: ["deploy"], categories: all }),
  define("apps/v1", "ReplicaSet", "namespaced", "modelled", { short: ["rs"], categories: all }),
  define("apps/v1", "StatefulSet", "namespaced", "modelled", { short: ["sts"], categories: all }),
  define("discovery.k8s.io/v1", "EndpointSlice", "namespaced", "modelled"),
  define("networking.k8s.io/v1", "Ingress", "namespaced", "modelled", { short: ["ing"], without: NO_CONTROLLER }),
  define("networking.k8s.io/v1", "IngressClass", "cluster", "modelled", { without: NO_CONTROLLER }),
  define("networking.k8s.io/v1", "NetworkPolicy", "namespaced", "modelled", {
    short: ["netpol"],
    plural: "networkpolicies",
  }),
  define("metallb.io/v1beta1", "BGPAdvertisement", "namespaced", "modelled", { without: NO_POOL }),
  define("metallb.io/v1beta2", "BGPPeer", "namespaced", "modelled", { without: NO_POOL }),
  define("metallb.io/v1beta1", "IPAddressPool", "namespaced", "modelled"),
  define("metallb.io/v1beta1", "L2Advertisement", "namespaced", "modelled", { without: NO_POOL }),
  define("kubehop.dev/v1alpha1", "Client", "cluster", "modelled"),
  define("kubehop.dev/v1alpha1", "CloudProvider", "cluster", "modelled"),
  define("kubehop.dev/v1alpha1", "Lab", "cluster", "modelled"),
  define("kubehop.dev/v1alpha1", "Expectation", "cluster", "config"),
  define("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", "cluster", "config"),
  define("kubeadm.k8s.io/v1beta4", "ClusterConfiguration", "cluster", "config"),

  kept("v1", "LimitRange", { short: ["limits"] }),
  kept("v1", "PersistentVolumeClaim", { short: ["pvc"] }),
  keptInCluster("v1", "PersistentVolume", { short: ["pv"] }),
  kept("v1", "PodTemplate"),
  kept("v1", "ResourceQuota", { short: ["quota"] }),
  kept("v1", "Secret"),
  kept("v1", "ServiceAccount", { short: ["sa"] }),
  kept("apps/v1", "ControllerRevision"),
  kept("autoscaling/v1", "HorizontalPodAutoscaler", { short: ["hpa"], categories: all }),
  kept("autoscaling/v2", "HorizontalPodAutoscaler", { short: ["hpa"], categories: all }),
  kept("batch/v1", "CronJob", { short: ["cj"], categories: all }),
  kept("batch/v1", "Job", { categories: all }),
  kept("coordination.k8s.io/v1", "Lease"),
  keptInCluster("networking.k8s.io/v1", "IPAddress", { short: ["ip"] }),
  keptInCluster("networking.k8s.io/v1", "ServiceCIDR"),
  kept("policy/v1", "PodDisruptionBudget", { short: ["pdb"] }),
  keptInCluster("rbac.authorization.k8s.io/v1", "ClusterRole"),
  keptInCluster("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
  kept("rbac.authorization.k8s.io/v1", "Role"),
  kept("rbac.authorization.k8s.io/v1", "RoleBinding"),
  keptInCluster("scheduling.k8s.io/v1", "PriorityClass", { short: ["pc"] }),
  keptInCluster("storage.k8s.io/v1", "StorageClass", { short: ["sc"] }),
  keptInCluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", { short: ["crd", "crds"] }),
];

const BY_TYPE = new Map(KINDS.map((info) => [`${info.apiVersion} ${info.kind}`, info]));

/** Kind alone → info, modelled kinds first: object keys carry no group. */
const BY_KIND = new Map<string, KindInfo>();
for (const info of KINDS) if (!BY_KIND.has(info.kind)) BY_KIND.set(info.kind, info);

const BY_NAME = new Map<string, KindInfo>();
for (const info of KINDS) {
  if (info.support === "config") continue;
  for (const name of [info.plural, info.singular, ...info.shortNames]) {
    for (const suffix of ["", `.${info.group}`, `.${info.version}.${info.group}`]) {
      // An alias that two kinds claim belongs to the first, as in kubectl's priority order.
      if (!BY_NAME.has(name + suffix)) BY_NAME.set(name + suffix, info);
    }
  }
}

/** The kind as a manifest names it, or undefined: `no matches for kind "X" in version "Y"`. */
export function kindInfo(apiVersion: string, kind: string): KindInfo | undefined {
  return BY_TYPE.get(`${apiVersion} ${kind}`);
}

/** The kind by its bare name (`Service`), as an ObjectKey carries it. */
export function kindNamed(kind: string): KindInfo | undefined {
  return BY_KIND.get(kind);
}

/** The kind as a kubectl argument names it: `po`, `pods`, `Pod`, `deployments.apps`, `deploy`, `deployments.v1.apps`. Case does not matter. */
export function kindByName(text: string): KindInfo | undefined {
  return BY_NAME.get(text.toLowerCase());
}

/** The resource as API messages name it: `services`, `deployments.apps`, `endpointslices.discovery.k8s.io`. An unknown kind is lowered and made plural. */
export function qualifiedResource(kind: string): string {
  const info = BY_KIND.get(kind);
  if (info === undefined) return `${kind.toLowerCase()}s`;
  return info.group === "" ? info.plural : `${info.plural}.${info.group}`;
}

/** The kind as API messages qualify it: `Service`, `Deployment.apps`. */
export function qualifiedKind(kind: string): string {
  const group = BY_KIND.get(kind)?.group ?? "";
  return group === "" ? kind : `${kind}.${group}`;
}
