/** A Service behind which there is nothing, and nothing more specific is to blame. */
import { keyOf } from "../../model/meta/types.ts";
import { endpointsOf, podsBehind, serviceKey, serviceName } from "../endpoints.ts";
import type { Case, Diagnoser, Remedy } from "../types.ts";
import { type Workload, workloadsSelected } from "../workloads.ts";

/** Workloads that would make such pods were they not scaled to none. */
const scaledToNone = (given: Case): readonly Workload[] =>
  given.target.service === null
    ? []
    : workloadsSelected(given.objects, given.target.service).filter(({ spec }) => spec.replicas === 0);

export const noEndpoints: Diagnoser = (given) => {
  const { target, objects, failed, isWritten } = given;
  const { service } = target;
  if (service === null || failed.length === 0 || target.road === "external-name") return [];
  const { ready, notReady } = endpointsOf(objects, service);
  if (ready > 0) return [];
  const empty = scaledToNone(given);
  const remedies: Remedy[] = empty
    .filter((workload) => isWritten(keyOf(workload)))
    .map((workload) => ({
      title: `Scale ${workload.metadata.name} to 1`,
      edits: [{ object: keyOf(workload), path: "spec.replicas", to: 1 }],
    }));
  const name = serviceName(service);
  const first = empty[0];
  const waiting = podsBehind(objects, service).find(({ status }) => status.podIP === undefined);
  const cause =
    first !== undefined
      ? `Service ${name} has no endpoints: ${first.kind} ${first.metadata.name}, whose pods it selects, has replicas 0.`
      : waiting !== undefined
        ? `Service ${name} has no endpoints: pod ${waiting.metadata.name} is ${waiting.status.phase ?? "Pending"} and has no IP address.`
        : service.spec.selector === undefined
          ? `Service ${name} has no selector and nobody has made EndpointSlices for it.`
          : `Service ${name} has no ready endpoints.`;
  return [
    {
      id: "SVC-NO-ENDPOINTS",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        {
          kind: "object",
          object: serviceKey(service),
          path: service.spec.selector === undefined ? "spec" : "spec.selector",
          shows: `0 ready endpoints, ${String(notReady)} not ready`,
        },
      ],
      cause,
      remedies,
      otherwise: "Which pods, or which addresses, shall stand behind this Service is not in the text.",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get endpointslices -l kubernetes.io/service-name=${service.metadata.name}`,
    },
  ];
};
