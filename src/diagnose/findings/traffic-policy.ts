/** A traffic policy of Local, and no endpoint on the node that had to answer. */
import { endpointsOf, serviceKey, serviceName } from "../endpoints.ts";
import type { Branch, Case, Diagnoser } from "../types.ts";

/** kube-proxy's own comment on such a rule; nftables has a set of the same meaning. */
const isLocalDrop = ({ end }: Branch): boolean =>
  end?.hop.verdict === "drop" &&
  /has no local endpoints|no-endpoint-(nodeports|services)/.test(end.hop.rule?.text ?? "");

function droppedLocally({ failed }: Case): readonly Branch[] {
  return failed.filter(isLocalDrop);
}

const nodeOf = (branch: Branch | undefined): string => branch?.end?.hop.place.replace("node/", "") ?? "";

export const localExternal: Diagnoser = (given) => {
  const { target, objects } = given;
  const { service, road } = target;
  if (service?.spec.externalTrafficPolicy !== "Local" || road === "cluster-ip") return [];
  const dropped = droppedLocally(given);
  if (dropped.length === 0) return [];
  const node = nodeOf(dropped[0]);
  const key = serviceKey(service);
  const on = endpointsOf(objects, service).slices.flatMap(({ endpoints }) =>
    (endpoints ?? []).flatMap(({ nodeName }) => (nodeName === undefined ? [] : [nodeName])),
  );
  return [
    {
      id: "LOCAL-EXTERNAL-NO-ENDPOINT",
      severity: "error",
      hop: dropped[0]?.end?.at ?? null,
      evidence: [
        { kind: "object", object: key, path: "spec.externalTrafficPolicy", shows: "Local" },
        {
          kind: "rule",
          node,
          rule: dropped[0]?.end?.hop.rule?.text ?? "",
          shows: "drops what this node has no endpoint for",
        },
      ],
      cause: `externalTrafficPolicy of Service ${serviceName(service)} is Local and ${node} has no endpoint of it (they are on ${[...new Set(on)].sort().join(", ") || "no node"}), so ${node} drops the packet.`,
      remedies: [
        {
          title: "Use externalTrafficPolicy Cluster",
          edits: [{ object: key, path: "spec.externalTrafficPolicy", to: "Cluster" }],
        },
      ],
      otherwise: "Dial a node that has an endpoint, or run a pod of it on every node.",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get endpointslices -l kubernetes.io/service-name=${service.metadata.name} -o wide`,
    },
  ];
};

export const localInternal: Diagnoser = (given) => {
  const { target, objects } = given;
  const { service, road } = target;
  if (service?.spec.internalTrafficPolicy !== "Local" || road !== "cluster-ip") return [];
  const dropped = droppedLocally(given);
  if (dropped.length === 0 || endpointsOf(objects, service).ready === 0) return [];
  const node = nodeOf(dropped[0]);
  const key = serviceKey(service);
  return [
    {
      id: "LOCAL-INTERNAL-NO-ENDPOINT",
      severity: "error",
      hop: dropped[0]?.end?.at ?? null,
      evidence: [
        { kind: "object", object: key, path: "spec.internalTrafficPolicy", shows: "Local" },
        {
          kind: "rule",
          node,
          rule: dropped[0]?.end?.hop.rule?.text ?? "",
          shows: "drops what this node has no endpoint for",
        },
      ],
      cause: `internalTrafficPolicy of Service ${serviceName(service)} is Local and ${node}, where the packet comes from, has no endpoint of it: it is dropped, not sent to another node.`,
      remedies: [
        {
          title: "Use internalTrafficPolicy Cluster",
          edits: [{ object: key, path: "spec.internalTrafficPolicy", to: "Cluster" }],
        },
      ],
      otherwise: "Run a pod of it on every node, as a DaemonSet does.",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get endpointslices -l kubernetes.io/service-name=${service.metadata.name} -o wide`,
    },
  ];
};

/** A pod dials another node's node port of a Local Service: the answer comes back by another way and is INVALID there. */
export const remoteNodePortLocal: Diagnoser = ({ request, target, failed }) => {
  const { service, road, node } = target;
  if (service?.spec.externalTrafficPolicy !== "Local" || road !== "node-port" || !/^(pod|deploy)/.test(request.from))
    return [];
  const lost = failed.find(
    ({ end }) => end?.at.leg === "reply" && /INVALID/.test(`${end.hop.rule?.text ?? ""} ${end.hop.note}`),
  );
  if (lost === undefined) return [];
  const key = serviceKey(service);
  return [
    {
      id: "REMOTE-NODEPORT-LOCAL",
      severity: "error",
      hop: lost.end?.at ?? null,
      evidence: [
        { kind: "object", object: key, path: "spec.externalTrafficPolicy", shows: "Local" },
        { kind: "walk", shows: lost.end?.hop.note ?? "" },
      ],
      cause: `With externalTrafficPolicy Local, ${node ?? "the node"} translates a pod's packet without masquerading it; the answer goes straight to the pod and its own node has never seen that connection, so it is INVALID there and dropped.`,
      remedies: [
        {
          title: "Use externalTrafficPolicy Cluster",
          edits: [{ object: key, path: "spec.externalTrafficPolicy", to: "Cluster" }],
        },
      ],
      otherwise: "From within the cluster dial the Service's name or ClusterIP, not a node port.",
      command: `curl http://${service.metadata.name}.${service.metadata.namespace ?? "default"}:${String(target.port?.port ?? 80)}`,
    },
  ];
};
