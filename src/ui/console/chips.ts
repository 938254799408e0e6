/** A few lines that fit what stands in the cluster, for one click. */
import type { KubeObject, ObjectKey } from "../../model/meta/types.ts";
import type { ProxyMode } from "../../model/config/types.ts";

interface Cluster {
  readonly objects: ReadonlyMap<ObjectKey, KubeObject>;
  readonly mode: ProxyMode;
  /** The sender and the destination of the walk on show, as a request names them; null before any. */
  readonly request: { readonly from: string; readonly to: string } | null;
}

const SYSTEM: ReadonlySet<string> = new Set(["kube-system", "kube-public", "kube-node-lease"]);

const RULES: Readonly<Record<ProxyMode, (name: string) => string>> = {
  iptables: (name) => `iptables-save -t nat | grep ${name}`,
  userspace: (name) => `iptables-save -t nat | grep ${name}`,
  nftables: (name) => `nft list ruleset | grep ${name}`,
  ipvs: () => "ipvsadm -Ln",
};

/** At most six lines; the first Service of the users' own (the one that the walk on show went to, if it can be told) is what they are about. */
export function chipsOf({ objects, mode, request }: Cluster): readonly string[] {
  const own = [...objects.values()].filter(
    ({ kind, metadata }) =>
      !SYSTEM.has(metadata.namespace ?? "") && !(kind === "Service" && metadata.name === "kubernetes"),
  );
  const services = own.filter(({ kind }) => kind === "Service");
  const shown = request?.to.split("/") ?? [];
  const service =
    services.find(({ metadata }) => shown[1] === metadata.namespace && shown[2]?.split(":")[0] === metadata.name) ??
    services[0];
  if (service === undefined) return ["kubectl get nodes -o wide", "kubectl get pods -A", "help"];
  const { name, namespace = "default" } = service.metadata;
  const inside = namespace === "default" ? "" : ` -n ${namespace}`;
  const sender = request?.from.split("/") ?? [];
  const pods = own.filter(({ kind, metadata }) => kind === "Pod" && metadata.namespace === namespace);
  const client =
    pods.find(({ metadata }) => sender[0] === "pod" && sender[2] === metadata.name) ??
    pods.find(({ metadata }) => /client|curl|debug|toolbox|netshoot|dns/.test(metadata.name));
  const pod = client?.metadata.name;
  const port = portOf(service);
  return [
    `kubectl get svc,endpointslices${inside}`,
    `kubectl describe svc ${name}${inside}`,
    RULES[mode](`${namespace}/${name}`),
    ...(pod === undefined ? [] : [`kubectl exec${inside} ${pod} -- curl -s ${name}${port === 80 ? "" : `:${port}`}`]),
    "conntrack -L",
    `kubectl get pods${inside} -w`,
  ].slice(0, 6);
}

function portOf(service: KubeObject): number {
  const { spec } = service as { readonly spec?: { readonly ports?: readonly { readonly port?: number }[] } };
  return spec?.ports?.[0]?.port ?? 80;
}
