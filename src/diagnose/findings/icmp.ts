/** A Service does not answer ping. */
import { serviceKey, serviceName } from "../endpoints.ts";
import type { Diagnoser } from "../types.ts";

export const icmp: Diagnoser = ({ request, target, failed, proxies }) => {
  const { service, road } = target;
  if (request.protocol !== "icmp" || service === null || failed.length === 0) return [];
  if (road !== "cluster-ip" && road !== "load-balancer" && road !== "external-ip") return [];
  const mode = proxies[0]?.mode ?? "iptables";
  const port = service.spec.ports?.[0];
  return [
    {
      id: "SVC-ICMP",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        { kind: "object", object: serviceKey(service), path: "spec.ports", shows: "TCP, UDP and SCTP ports only" },
      ],
      cause: `Service ${serviceName(service)} has rules for its ports only; an ICMP echo has no port, so kube-proxy's ${mode} rules do not translate it.`,
      remedies: [],
      otherwise:
        "No edit lets a Service's address answer ping: it says nothing about its pods either. Dial one of its ports.",
      command: `curl -m 3 ${target.ip ?? "CLUSTER-IP"}:${String(port?.port ?? "PORT")}`,
    },
  ];
};
