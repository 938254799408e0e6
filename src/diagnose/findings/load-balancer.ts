/** Load balancers that let only some clients in, and those that clients within the cluster pass by. */
import { cidrContains } from "../../base/ip.ts";
import type { CloudProvider } from "../../model/kubehop/types.ts";
import { keyOf } from "../../model/meta/types.ts";
import { sourceRangesOf } from "../../network/balancer.ts";
import { hopAt } from "../branches.ts";
import { serviceKey, serviceName } from "../endpoints.ts";
import type { Case, Diagnoser, Remedy } from "../types.ts";

const clientOf = ({ hops }: { readonly hops: Case["branches"][number]["walk"]["hops"] }): string =>
  hops.find(({ stage }) => stage !== "dns")?.before.src ?? "";

export const lbSourceRanges: Diagnoser = ({ target, failed }) => {
  const { service, road } = target;
  if (service === null || road !== "load-balancer") return [];
  const ranges = sourceRangesOf(service);
  const isOut = (ip: string): boolean => ranges.length > 0 && !ranges.some((range) => cidrContains(range, ip));
  const first = failed.find(
    ({ walk, end }) => isOut(clientOf(walk)) && (end?.hop.verdict === "drop" || end?.hop.stage === "lb"),
  );
  if (first === undefined) return [];
  const client = clientOf(first.walk);
  const object = serviceKey(service);
  const stated = service.spec.loadBalancerSourceRanges ?? [];
  const rule = first.end?.hop.rule;
  const where =
    rule === null || rule === undefined
      ? "the balancer's own firewall"
      : (first.end?.hop.place.replace("node/", "") ?? "the node");
  const mask = client.includes(":") ? "/128" : "/32";
  return [
    {
      id: "LB-SOURCE-RANGES",
      severity: "error",
      hop: first.end?.at ?? null,
      evidence: [
        { kind: "object", object, path: "spec.loadBalancerSourceRanges", shows: ranges.join(", ") },
        ...(rule === null || rule === undefined
          ? []
          : [{ kind: "rule" as const, node: where, rule: rule.text, shows: "drops whoever is in none of the ranges" }]),
      ],
      cause: `loadBalancerSourceRanges of Service ${serviceName(service)} lets in ${ranges.join(", ")} only; ${client} is not among them, and ${where} drops its packets.`,
      remedies:
        stated.length === 0
          ? []
          : [
              {
                title: `Let in ${client}${mask} too`,
                edits: [
                  { object, path: `spec.loadBalancerSourceRanges[${String(stated.length)}]`, to: `${client}${mask}` },
                ],
              },
              { title: "Let everyone in", edits: [{ object, path: "spec.loadBalancerSourceRanges", to: null }] },
            ],
      otherwise: "Dial from an address within the ranges.",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get svc ${service.metadata.name} -o jsonpath='{.spec.loadBalancerSourceRanges}'`,
    },
  ];
};

/** Annotations by which clouds are told that the balancer ends TLS or says PROXY. */
export const AT_BALANCER = /proxy-?protocol|ssl-(cert|ports)|tls-(ports|cert)|certificate|backend-protocol/i;

const isInside = (from: string): boolean => !from.startsWith("client/");

export const lbShortCircuit: Diagnoser = (given) => {
  const { target, request, branches, failed, view, objects } = given;
  const { service, road } = target;
  if (service === null || road !== "load-balancer" || !isInside(request.from)) return [];
  if (failed.length > 0 || branches.length === 0 || view.cloud.loadBalancer === "none") return [];
  // An address of a cloud's balancer, which these packets never meet.
  if (target.ip === null || view.loadBalancer(target.ip) === undefined) return [];
  const past = branches.find(({ walk }) => !walk.hops.some(({ place }) => place.startsWith("lb/")));
  const hop = past?.walk.hops.find(({ verdict, rule }) => verdict === "dnat" && rule !== null);
  if (past === undefined) return [];
  const said = Object.keys(service.metadata.annotations ?? {}).find((key) => AT_BALANCER.test(key));
  const key = serviceKey(service);
  const clouds = objects.list<CloudProvider>("CloudProvider");
  const cloud = clouds.at(-1);
  // A balancer that keeps the client's address answers past itself where client and pod share a node; one that dials from its own does not.
  const proxying = { ipMode: "Proxy", source: "snat" } as const;
  const remedies: readonly Remedy[] =
    cloud === undefined
      ? [
          {
            title: "Give the status ipMode Proxy",
            edits: [],
            adds: [
              {
                apiVersion: "kubehop.dev/v1alpha1",
                kind: "CloudProvider",
                metadata: { name: "cloud" },
                spec: { loadBalancer: view.cloud.loadBalancer, ...proxying, addresses: { ...view.cloud.addresses } },
              },
            ],
          },
        ]
      : [
          // One that keeps the header leaves the answering to nodes, which ipMode Proxy tells not to.
          ...(view.cloud.loadBalancer === "vip"
            ? []
            : [
                {
                  title: "Give the status ipMode Proxy",
                  edits: [{ object: keyOf(cloud), path: "spec.ipMode", to: proxying.ipMode }],
                },
              ]),
          {
            title: "Give the status ipMode Proxy, with a balancer that dials from its own address",
            edits: [
              { object: keyOf(cloud), path: "spec.ipMode", to: proxying.ipMode },
              { object: keyOf(cloud), path: "spec.source", to: proxying.source },
              ...(view.cloud.loadBalancer === "vip"
                ? [{ object: keyOf(cloud), path: "spec.loadBalancer", to: "nodePort" }]
                : []),
            ],
          },
        ];
  const node = hop?.place.replace("node/", "") ?? "the sender's node";
  return [
    {
      id: "LB-IP-SHORT-CIRCUIT",
      severity: said === undefined ? "note" : "warning",
      hop: hop === undefined ? null : hopAt(past.index, hop),
      evidence: [
        { kind: "object", object: key, path: "status.loadBalancer.ingress", shows: `${target.ip}, ipMode VIP` },
        ...(said === undefined
          ? []
          : [
              {
                kind: "object" as const,
                object: key,
                path: `metadata.annotations[${said}]`,
                shows: "done at the balancer",
              },
            ]),
        ...(hop?.rule === null || hop?.rule === undefined
          ? []
          : [{ kind: "rule" as const, node, rule: hop.rule.text, shows: "answers for the balancer's address" }]),
      ],
      cause: `${target.ip} is the balancer's address, but ${node}'s own rules answer for it: the packet goes straight to a pod and never meets the balancer${said === undefined ? ", so whatever is done there (TLS, PROXY protocol, its firewall) is not" : `, so what ${said} asks of it is not done`}.`,
      remedies,
      otherwise:
        "Only the balancer's controller can say ipMode Proxy, or give a hostname instead of an address; from within the cluster dial the Service's name.",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get svc ${service.metadata.name} -o jsonpath='{.status.loadBalancer.ingress}'`,
      isMended: ({ walks }) =>
        walks.length > 0 &&
        walks.every(
          ({ outcome, hops }) => outcome === "delivered" && hops.some(({ place }) => place.startsWith("lb/")),
        ),
      proves: ({ walks }) => `every branch followed, in a fork: all ${String(walks.length)} go through the balancer`,
    },
  ];
};
