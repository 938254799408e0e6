/** What a machine outside the cluster cannot reach: ClusterIPs, cluster names, and balancers that nobody has made. */
import { keyOf, type KubeObject } from "../../model/meta/types.ts";
import { serviceKey, serviceName } from "../endpoints.ts";
import type { Diagnoser } from "../types.ts";

const isOutside = (from: string): boolean => from.startsWith("client/");

export const outsideClusterIP: Diagnoser = ({ request, target, failed }) => {
  const { service, road, port } = target;
  if (service === null || failed.length === 0 || !isOutside(request.from)) return [];
  if (road !== "cluster-ip" && road !== "headless") return [];
  // A route to ClusterIPs (ECMP) may lead in; then something else is to blame.
  const entered = failed.some(({ walk }) => walk.hops.some(({ place }) => place.startsWith("node/")));
  if (entered) return [];
  const named = target.name !== null && failed.some(({ walk }) => walk.outcome === "name-error");
  const key = serviceKey(service);
  return [
    {
      id: "OUTSIDE-CLUSTERIP",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [{ kind: "object", object: key, path: "spec.type", shows: `type ${service.spec.type}` }],
      cause: named
        ? `${target.name ?? ""} is a name that only the cluster's own DNS knows, and ${request.from} does not ask it.`
        : `${target.ip ?? "Its address"} is the ClusterIP of Service ${serviceName(service)}: no router outside has a route to it, and no interface anywhere has the address.`,
      remedies: [],
      otherwise: `A request to this ${named ? "name" : "address"} from outside has no way in by any edit of the Service. Make it type NodePort or LoadBalancer and dial a node's address with the node port${port?.nodePort === undefined ? "" : ` ${String(port.nodePort)}`}, or the balancer's.`,
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get svc ${service.metadata.name}`,
    },
  ];
};

interface Pool extends KubeObject {
  readonly spec?: { readonly addresses?: readonly string[]; readonly autoAssign?: boolean };
}

export const lbPending: Diagnoser = ({ target, view, error, isWritten, branches, failed, objects }) => {
  const { service, road } = target;
  if (service === null || service.spec.type !== "LoadBalancer" || road !== "load-balancer") return [];
  if (
    (service.status.loadBalancer.ingress ?? []).length > 0 ||
    (error === null && failed.length === 0 && branches.length > 0)
  )
    return [];
  const key = serviceKey(service);
  const { loadBalancerClass } = service.spec;
  const none = view.cloud.loadBalancer === "none";
  const pools = objects.list<Pool>("IPAddressPool");
  const kept = pools.filter(({ spec }) => spec?.autoAssign === false);
  const ofMetalLB =
    pools.length === 0
      ? null
      : kept.length === pools.length
        ? `MetalLB hands out addresses of pool ${kept.map(({ metadata }) => metadata.name).join(", ")} only to Services that ask for it (autoAssign: false)`
        : `MetalLB has no address left for it in ${pools.map(({ metadata, spec }) => `${metadata.name} (${(spec?.addresses ?? []).join(", ")})`).join(", ")}`;
  const why =
    loadBalancerClass !== undefined
      ? `its loadBalancerClass is ${loadBalancerClass}, which no controller here serves`
      : ofMetalLB !== null
        ? ofMetalLB
        : none
          ? "no controller in this cluster hands out load balancer addresses"
          : "its controller has not filled its status";
  return [
    {
      id: "LB-PENDING",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        {
          kind: "object",
          object: key,
          path: loadBalancerClass === undefined ? "spec.type" : "spec.loadBalancerClass",
          shows: "EXTERNAL-IP <pending>",
        },
      ],
      cause: `Service ${serviceName(service)} of type LoadBalancer has no address (EXTERNAL-IP <pending>): ${why}.`,
      remedies:
        loadBalancerClass !== undefined && isWritten(key)
          ? [{ title: "Leave the class out", edits: [{ object: key, path: "spec.loadBalancerClass", to: null }] }]
          : kept.length > 0 && kept.length === pools.length
            ? kept.map((pool) => ({
                title: `Hand out ${pool.metadata.name} to everyone`,
                edits: [{ object: keyOf(pool), path: "spec.autoAssign", to: true }],
              }))
            : [],
      otherwise:
        ofMetalLB !== null && loadBalancerClass === undefined
          ? "Which addresses are free to be handed out is not in the text: widen the pool, or give a Service's address back."
          : "A load balancer comes from a controller: a cloud's, or MetalLB with an IPAddressPool and an advertisement. The node port works meanwhile.",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} describe svc ${service.metadata.name}`,
    },
  ];
};
