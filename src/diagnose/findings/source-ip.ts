/** It arrives, but the server does not see the client's own address. */
import { hopAt } from "../branches.ts";
import { serviceKey, serviceName } from "../endpoints.ts";
import type { Hop, Walk } from "../../model/trace/types.ts";
import type { Branch, Diagnoser } from "../types.ts";

const ROADS: ReadonlySet<string> = new Set(["node-port", "load-balancer", "external-ip"]);

const clientOf = ({ hops }: Walk): string | undefined => hops.find(({ stage }) => stage !== "dns")?.before.src;

const isTranslated = ({ walk }: Branch): boolean => walk.sourceSeen !== null && walk.sourceSeen !== clientOf(walk);

const snatOf = ({ walk }: Branch): Hop | undefined => walk.hops.find(({ verdict }) => verdict === "snat");

export const sourceIpSnat: Diagnoser = ({ request, target, branches, failed }) => {
  const { service, road } = target;
  if (service === null || failed.length > 0 || !ROADS.has(road) || !request.from.startsWith("client/")) return [];
  const translated = branches.find(
    (branch) => isTranslated(branch) && snatOf(branch)?.place.startsWith("node/") === true,
  );
  const hop = translated === undefined ? undefined : snatOf(translated);
  if (translated === undefined || hop === undefined) return [];
  const key = serviceKey(service);
  return [
    {
      id: "SOURCE-IP-SNAT",
      severity: "warning",
      hop: hopAt(translated.index, hop),
      evidence: [
        {
          kind: "object",
          object: key,
          path: "spec.externalTrafficPolicy",
          shows: service.spec.externalTrafficPolicy ?? "Cluster",
        },
        {
          kind: "rule",
          node: hop.place.replace("node/", ""),
          rule: hop.rule?.text ?? "",
          shows: `source ${hop.before.src} becomes ${hop.after.src}`,
        },
      ],
      cause: `The server of ${serviceName(service)} sees ${translated.walk.sourceSeen ?? ""}, not the client's ${clientOf(translated.walk) ?? ""}: with externalTrafficPolicy Cluster ${hop.place.replace("node/", "")} masquerades what comes from outside, so that the answer comes back through it.`,
      remedies: [
        {
          title: "Use externalTrafficPolicy Local",
          edits: [{ object: key, path: "spec.externalTrafficPolicy", to: "Local" }],
        },
      ],
      isMended: ({ walks }) =>
        walks.length > 0 && walks.every((walk) => walk.outcome === "delivered" && walk.sourceSeen === clientOf(walk)),
      proves: ({ walks }) =>
        `every branch followed, in a fork: all ${String(walks.length)} arrive with the client's own address`,
      otherwise:
        "With policy Local this request would not arrive on every branch: a node without an endpoint drops it. Let a proxy in front tell the address (PROXY protocol, X-Forwarded-For).",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get svc ${service.metadata.name} -o jsonpath='{.spec.externalTrafficPolicy}'`,
    },
  ];
};
