/** A traffic policy of Local, and no endpoint on the node that had to answer. */
import type { Service } from "../../model/service/types.ts";
import { endpointsOf, serviceKey, serviceName } from "../endpoints.ts";
import type { Branch, Case, Diagnoser } from "../types.ts";

/** kube-proxy's own comment on such a rule; nftables has a set of the same meaning. */
const isLocalDrop = ({ end }: Branch): boolean =>
  end?.hop.verdict === "drop" &&
  /has no local endpoints|no-endpoint-(nodeports|services)/.test(end.hop.rule?.text ?? "");

/** Nodes on which a Service has a ready endpoint. */
function nodesWith({ objects }: Case, service: Service): ReadonlySet<string> {
  return new Set(
    endpointsOf(objects, service).slices.flatMap(({ endpoints }) =>
      (endpoints ?? []).flatMap(({ nodeName, conditions }) =>
        nodeName === undefined || conditions?.ready === false ? [] : [nodeName],
      ),
    ),
  );
}

/** A branch that died for want of an endpoint on this node. */
interface Wanting {
  readonly branch: Branch;
  readonly node: string;
  /** ipvs has no rule that drops: it sends to other nodes all the same, unmasqueraded, or knows no server. */
  readonly how: "dropped" | "astray" | "refused";
}

function wantingOf(given: Case, service: Service): Wanting | null {
  const { failed, proxies } = given;
  const dropped = failed.find(isLocalDrop);
  if (dropped !== undefined)
    return { branch: dropped, node: dropped.end?.hop.place.replace("node/", "") ?? "", how: "dropped" };
  const has = nodesWith(given, service);
  if (has.size === 0) return null;
  for (const branch of failed) {
    const { hops } = branch.walk;
    const hop =
      hops.find(({ verdict, place }) => verdict === "dnat" && place.startsWith("node/")) ??
      hops.find(({ place }) => place.startsWith("node/"));
    const node = hop?.place.replace("node/", "") ?? "";
    if (hop === undefined || has.has(node) || proxies.find((one) => one.node === node)?.mode !== "ipvs") continue;
    if (hop.verdict === "dnat" && branch.end?.at.leg === "reply") return { branch, node, how: "astray" };
    if (branch.walk.outcome === "refused" && branch.end?.hop.place === hop.place)
      return { branch, node, how: "refused" };
  }
  return null;
}

const ENDS = {
  dropped: (node: string): string => `so ${node} drops the packet`,
  astray: (node: string): string =>
    `so ${node} sends the packet on to another node without masquerading it, and the answer comes back past ${node}, untranslated`,
  refused: (node: string): string => `so ${node} has no server for it and refuses`,
} as const;

const ruleOf = ({ branch, node, how }: Wanting) =>
  branch.end?.hop.rule === null || branch.end?.hop.rule === undefined || how !== "dropped"
    ? []
    : [
        {
          kind: "rule" as const,
          node,
          rule: branch.end.hop.rule.text,
          shows: "drops what this node has no endpoint for",
        },
      ];

export const localExternal: Diagnoser = (given) => {
  const { service, road } = given.target;
  if (service?.spec.externalTrafficPolicy !== "Local" || road === "cluster-ip") return [];
  const wanting = wantingOf(given, service);
  if (wanting === null) return [];
  const { node, how, branch } = wanting;
  const key = serviceKey(service);
  const on = [...nodesWith(given, service)];
  return [
    {
      id: "LOCAL-EXTERNAL-NO-ENDPOINT",
      severity: "error",
      hop: branch.end?.at ?? null,
      evidence: [
        { kind: "object", object: key, path: "spec.externalTrafficPolicy", shows: "Local" },
        ...ruleOf(wanting),
      ],
      cause: `externalTrafficPolicy of Service ${serviceName(service)} is Local and ${node} has no endpoint of it (they are on ${on.sort().join(", ") || "no node"}), ${ENDS[how](node)}.`,
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
  const wanting = wantingOf(given, service);
  if (wanting === null || endpointsOf(objects, service).ready === 0) return [];
  const { node, how, branch } = wanting;
  const key = serviceKey(service);
  return [
    {
      id: "LOCAL-INTERNAL-NO-ENDPOINT",
      severity: "error",
      hop: branch.end?.at ?? null,
      evidence: [
        { kind: "object", object: key, path: "spec.internalTrafficPolicy", shows: "Local" },
        ...ruleOf(wanting),
      ],
      cause: `internalTrafficPolicy of Service ${serviceName(service)} is Local and ${node}, where the packet comes from, has no endpoint of it, ${ENDS[how](node)} instead of sending it to another node.`,
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

/**
 * A pod dials another node's node port of a Local Service: the answer comes back by another way, and where nothing drops it as INVALID the
 * pod gets it from an address that it has not dialled.
 */
export const remoteNodePortLocal: Diagnoser = ({ request, target, failed, proxies }) => {
  const { service, road, node } = target;
  if (service?.spec.externalTrafficPolicy !== "Local" || road !== "node-port" || !/^(pod|deploy)/.test(request.from))
    return [];
  const isInvalid = ({ end }: Branch): boolean =>
    end?.at.leg === "reply" && /INVALID/.test(`${end.hop.rule?.text ?? ""} ${end.hop.note}`);
  const isIpvs = proxies.find((one) => one.node === node)?.mode === "ipvs";
  const isUntranslated = ({ end, walk: { hops } }: Branch): boolean =>
    !isIpvs &&
    end?.at.leg === "reply" &&
    end.hop.stage === "socket" &&
    end.hop.verdict === "lost" &&
    hops.some(({ verdict, place }) => verdict === "dnat" && place === `node/${node ?? ""}`) &&
    !hops.some(({ verdict }) => verdict === "snat");
  const lost = failed.find(isInvalid) ?? failed.find(isUntranslated);
  if (lost === undefined) return [];
  const fate = isInvalid(lost)
    ? "its own node has never seen that connection, so it is INVALID there and dropped"
    : "comes from an address that the pod has not dialled";
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
      cause: `With externalTrafficPolicy Local, ${node ?? "the node"} translates a pod's packet without masquerading it; the answer goes straight to the pod and ${fate}.`,
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
