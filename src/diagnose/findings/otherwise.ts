/** It arrives, but otherwise than people expect: clients that look alike, requests that stay on one pod, questions asked in vain. */
import { type ObjectKey, objectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Exploration, Hop, Walk } from "../../model/trace/types.ts";
import { hopAt } from "../branches.ts";
import { makerOf, serviceKey, serviceName } from "../endpoints.ts";
import type { Case, Diagnoser, Remedy, Suspicion } from "../types.ts";

const isFirst = ({ stage }: Hop): boolean => stage !== "dns";

/** Where a node first sees the packet, with the source that it has by then. */
const atNode = ({ hops }: Walk): Hop | undefined => hops.find(({ place }) => place.startsWith("node/"));

export const affinityMerged: Diagnoser = ({ target, branches, failed, request }) => {
  const { service } = target;
  if (service?.spec.sessionAffinity !== "ClientIP" || failed.length > 0 || !request.from.startsWith("client/"))
    return [];
  for (const { walk, index } of branches) {
    const client = walk.hops.find(isFirst)?.before.src;
    const seen = atNode(walk);
    if (seen === undefined || seen.before.src === client) continue;
    return [
      {
        id: "AFFINITY-CLIENTS-MERGED",
        severity: "warning",
        hop: hopAt(index, seen),
        evidence: [
          { kind: "object", object: serviceKey(service), path: "spec.sessionAffinity", shows: "ClientIP" },
          { kind: "walk", shows: `${seen.place} sees source ${seen.before.src}, the client is ${client ?? ""}` },
        ],
        cause: `sessionAffinity of Service ${serviceName(service)} goes by source address, and what is before the nodes has changed it: all clients arrive as ${seen.before.src} and are sent to one and the same pod.`,
        remedies: [],
        otherwise:
          "kube-proxy knows clients by source address only: keep it on the way (a balancer that preserves it), or let an Ingress do affinity by cookie.",
        command: `kubectl -n ${service.metadata.namespace ?? "default"} get svc ${service.metadata.name} -o jsonpath='{.spec.sessionAffinity}'`,
      },
    ];
  }
  return [];
};

/** Protocols that send request after request over one connection, as appProtocol, port names and port numbers tell them. */
const MULTIPLEXED = /^(grpc(-web|s)?|http2|h2c?|kubernetes\.io\/(h2c|wss?)|wss?|websocket)$/i;
const GRPC_PORT = 50_051;

/** Nobody holds a connection open yet, but whoever speaks this protocol will. */
function multiplexed({ target, failed, branches }: Case, endpoints: number): readonly Suspicion[] {
  const { service, port, road } = target;
  if (service === null || port === null || road === "headless" || road === "ingress") return [];
  if (failed.length > 0 || branches.length === 0) return [];
  const { appProtocol, name = "" } = port;
  const told = [appProtocol ?? "", name, name.split("-")[0] ?? ""].find((one) => MULTIPLEXED.test(one));
  if (told === undefined && port.port !== GRPC_PORT) return [];
  const index = service.spec.ports?.indexOf(port) ?? 0;
  return [
    {
      id: "KEEPALIVE-PINNED",
      severity: "note",
      hop: null,
      evidence: [
        {
          kind: "object",
          object: serviceKey(service),
          path: `spec.ports[${String(Math.max(0, index))}]`,
          shows: appProtocol ?? (name === "" ? String(port.port) : name),
        },
      ],
      cause: `Port ${String(port.port)} of Service ${serviceName(service)} speaks ${told ?? "gRPC"}, whose clients send all requests over one connection: rules choose a pod for its first packet only, so each client stays on one of the ${String(endpoints)} endpoints.`,
      remedies: [],
      otherwise:
        "No field changes that: close connections now and then, or balance requests in the client (a headless Service) or in a proxy.",
      command: `conntrack -L -p tcp --orig-port-dst ${String(port.port)}`,
    },
  ];
}

export const keepAlivePinned: Diagnoser = (given) => {
  const { target, request, network, objects } = given;
  const { service } = target;
  if (service === null) return [];
  const open = (network.connections ?? []).filter(
    (one) => one.state === "ESTAB" && one.request.from === request.from && one.request.to === request.to,
  );
  const first = open[0];
  const others = objects
    .slicesOf(service.metadata.namespace ?? "default", service.metadata.name)
    .flatMap(({ endpoints }) => endpoints ?? []);
  if (others.length < 2) return [];
  if (first === undefined) return multiplexed(given, others.length);
  const pod = first.backend?.pod ?? "one pod";
  return [
    {
      id: "KEEPALIVE-PINNED",
      severity: "note",
      hop: null,
      evidence: [{ kind: "walk", shows: `connection ${String(first.id)} is open to ${pod}` }],
      cause: `Rules choose a pod for the first packet of a connection only: what ${request.from} sends on the connection that it holds open goes to ${pod}, however many of the ${String(others.length)} endpoints there are.`,
      remedies: [],
      otherwise:
        "No field changes that: close connections now and then, or balance requests in the client (a headless Service) or in a proxy.",
      command: `conntrack -L -p ${request.protocol} | grep ${target.ip ?? service.metadata.name}`,
    },
  ];
};

/** Questions that a lookup asked, and how many of them led nowhere. */
function questions(walk: Walk): { readonly asked: number; readonly vain: number } {
  const all = walk.children.filter(({ role }) => role === "dns");
  return { asked: all.length, vain: all.filter(({ dns }) => dns?.rcode === "NXDOMAIN").length };
}

/** A name of the outside that the search path was tried for first: three suffixes and more in vain. */
const VAIN = 3;

export const ndots: Diagnoser = (given) => {
  const { target, branches, failed, request, view } = given;
  const first = branches[0]?.walk;
  const name = target.name;
  if (name === null || first === undefined) return [];
  // The cluster's own short names need the search path; its full ones are asked for in vain like those of the outside.
  const isFull = name.endsWith(`.${view.cluster.dnsDomain}`);
  const isUnknown = first.outcome === "name-error" && target.service === null && name.includes(".") && !isFull;
  if (failed.length > 0 && !isUnknown) return [];
  if (target.service !== null && !isFull && target.road !== "external-name" && target.road !== "load-balancer")
    return [];
  const { asked, vain } = questions(first);
  if (vain < VAIN) return [];
  return [
    {
      id: "DNS-NDOTS",
      severity: "note",
      hop: null,
      evidence: [{ kind: "walk", shows: `${String(asked)} questions for one name, ${String(vain)} of them in vain` }],
      cause: `${name} has fewer than 5 dots, so ndots:5 lets the resolver try each domain of its search path first: ${String(vain)} of ${String(asked)} questions are in vain.`,
      remedies: ndotsRemedies(given),
      otherwise: `Dial ${name}. with a dot at its end: it is then asked for as it stands.`,
      command: `kubectl exec ${request.from.split("/").at(-1) ?? "POD"} -- cat /etc/resolv.conf`,
      isMended: (after: Exploration) =>
        after.walks.length > 0 &&
        after.walks.every((walk) => walk.outcome === "delivered" && questions(walk).vain === 0),
      proves: (after: Exploration) => {
        const walk = after.walks[0];
        return `in a fork: ${String(walk === undefined ? 0 : questions(walk).asked)} questions instead of ${String(asked)}`;
      },
    },
  ];
};

function ndotsRemedies({ request, objects, isWritten }: Case): readonly Remedy[] {
  const [kind, namespace = "", name = ""] = request.from.split("/");
  const pod = kind === "pod" ? objects.get<Pod>(objectKey("Pod", namespace, name)) : undefined;
  const made: { readonly key: ObjectKey; readonly template: string } | null =
    pod !== undefined
      ? makerOf(objects, pod)
      : kind === "deploy"
        ? { key: objectKey("Deployment", namespace, name), template: "spec.template." }
        : null;
  if (made === null || !isWritten(made.key)) return [];
  return [
    {
      title: "Set ndots to 1",
      edits: [
        { object: made.key, path: `${made.template}spec.dnsConfig.options`, to: [{ name: "ndots", value: "1" }] },
      ],
    },
  ];
}
