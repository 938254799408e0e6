/** The Service's targetPort is a name that no selected pod has. */
import { compareStrings } from "../../base/compare.ts";
import { containerListeners, toldListeners } from "../../model/pod/listening.ts";
import type { Container, ContainerPort } from "../../model/pod/types.ts";
import { keyOf } from "../../model/meta/types.ts";
import { makerOf, podsBehind, serviceKey, serviceName } from "../endpoints.ts";
import { nearness } from "../nearness.ts";
import type { Diagnoser, Remedy } from "../types.ts";

const portsOf = (containers: readonly Container[]): readonly ContainerPort[] =>
  containers.flatMap(({ ports = [] }) => ports);

export const namedPortMissing: Diagnoser = ({ target, objects, failed, branches, isWritten }) => {
  const { service, port } = target;
  if (service === null || port === null || typeof port.targetPort !== "string") return [];
  if (failed.length === 0 && branches.length > 0) return [];
  const wanted = port.targetPort;
  const fits = (one: ContainerPort): boolean => (one.protocol ?? "TCP") === port.protocol;
  const pods = podsBehind(objects, service);
  const first = pods[0];
  if (first === undefined) return [];
  if (pods.some((pod) => portsOf(pod.spec.containers).some((one) => one.name === wanted && fits(one)))) return [];
  const index = (service.spec.ports ?? []).findIndex(
    (one) => one === port || (one.port === port.port && one.protocol === port.protocol),
  );
  const path = `spec.ports[${String(index)}].targetPort`;
  const declared = portsOf(first.spec.containers).filter(fits);
  const named = declared
    .flatMap(({ name }) => (name === undefined ? [] : [name]))
    .sort((a, b) => nearness(a, wanted) - nearness(b, wanted) || compareStrings(a, b));
  const { key, template } = makerOf(objects, first);
  const remedies: Remedy[] = [
    ...named.map((name) => ({
      title: `Target port ${name}`,
      edits: [{ object: serviceKey(service), path, to: name }],
    })),
    ...declared
      .filter(({ name }) => name === undefined)
      .map(({ containerPort }) => ({
        title: `Target port ${String(containerPort)}`,
        edits: [{ object: serviceKey(service), path, to: containerPort }],
      })),
  ];
  // What nobody has declared, but listens.
  const numbers = (toldListeners(first) ?? first.spec.containers.flatMap((one) => containerListeners(first, one)))
    .flatMap(({ port: number, protocol }) => (protocol === port.protocol.toLowerCase() ? [number ?? port.port] : []))
    .filter((number) => !declared.some(({ containerPort }) => containerPort === number));
  remedies.push(
    ...[...new Set(numbers)].map((number) => ({
      title: `Target port ${String(number)}`,
      edits: [{ object: serviceKey(service), path, to: number }],
    })),
  );
  const other = portsOf(first.spec.containers).find(({ name }) => name === wanted);
  const has =
    named.length > 0
      ? `it names ${named.join(", ")}`
      : declared.length > 0
        ? "its ports have no names"
        : "it declares no such port";
  const what =
    other === undefined
      ? `pod ${first.metadata.name} has no containerPort of that name: ${has}`
      : `the containerPort of that name is ${other.protocol ?? "TCP"}, not ${port.protocol}`;
  return [
    {
      id: "SVC-NAMED-PORT-MISSING",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        { kind: "object", object: serviceKey(service), path, shows: `targetPort ${wanted}` },
        {
          kind: "object",
          object: isWritten(key) ? key : keyOf(first),
          path: `${isWritten(key) ? template : ""}spec.containers[0].ports`,
          shows: has,
        },
      ],
      cause: `Port ${String(port.port)} of Service ${serviceName(service)} targets the port named ${wanted}, but ${what}; so this port has no endpoints.`,
      remedies,
      otherwise:
        "No containerPort of the pods is declared for this protocol: name the port in the pod, or give its number as targetPort.",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} get pod ${first.metadata.name} -o jsonpath='{.spec.containers[*].ports}'`,
    },
  ];
};
