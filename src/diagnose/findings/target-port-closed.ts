/** The packet reaches the pod, and nothing listens on that port, or only on its loopback. */
import { containerListeners, toldListeners } from "../../model/pod/listening.ts";
import { LISTEN_ANNOTATION } from "../../model/kubehop/types.ts";
import { keyOf } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import { makerOf, serviceKey, serviceName } from "../endpoints.ts";
import type { Branch, Case, Diagnoser, Remedy } from "../types.ts";

/** A branch that a pod itself refused, with that pod and the port that was tried. */
interface Refused {
  readonly branch: Branch;
  readonly pod: Pod;
  readonly port: number;
}

function refusedByPod({ failed, objects }: Case): readonly Refused[] {
  return failed.flatMap((branch): readonly Refused[] => {
    const { end } = branch;
    if (end === null) return [];
    const socket = end.walk.hops.findLast(({ stage, verdict }) => stage === "socket" && verdict === "refuse");
    const [kind, namespace = "", name = ""] = socket?.place.split("/") ?? [];
    if (socket === undefined || kind !== "pod") return [];
    const pod = objects.list<Pod>("Pod", namespace).find((one) => one.metadata.name === name);
    return pod === undefined ? [] : [{ branch, pod, port: socket.before.dport }];
  });
}

const listenersOf = (pod: Pod) =>
  toldListeners(pod) ?? pod.spec.containers.flatMap((container) => containerListeners(pod, container));

const isLoopback = (ip: string): boolean => ip.startsWith("127.") || ip === "::1";

/** Ports that the pod serves to others, the likeliest first. */
function open(pod: Pod, protocol: string, wanted: number): readonly number[] {
  return listenersOf(pod)
    .flatMap(({ ip, port, protocol: spoken }) => (port === null || isLoopback(ip) || spoken !== protocol ? [] : [port]))
    .sort((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted));
}

export const targetPortClosed: Diagnoser = (given) => {
  const { target, request } = given;
  const refused = refusedByPod(given).filter(
    ({ pod, port }) =>
      !bindsLoopback(pod, request.protocol, port) &&
      // It would listen there, were its process not going, or down.
      !open(pod, request.protocol, port).includes(port) &&
      pod.metadata.deletionTimestamp === undefined,
  );
  const first = refused[0];
  const { service, port } = target;
  if (first === undefined) return [];
  const ports = open(first.pod, request.protocol, first.port);
  const serves = ports.length === 0 ? "no port" : ports.join(", ");
  const index =
    service?.spec.ports?.findIndex((one) => one.port === port?.port && one.protocol === port.protocol) ?? -1;
  const path = `spec.ports[${String(index)}].targetPort`;
  const remedies: Remedy[] =
    service === null || index < 0
      ? []
      : ports.map((one) => ({
          title: `Target port ${String(one)}`,
          edits: [{ object: serviceKey(service), path, to: one }],
        }));
  const name = service === null ? null : serviceName(service);
  return [
    {
      id: "SVC-TARGET-PORT-CLOSED",
      severity: "error",
      hop: first.branch.end?.at ?? null,
      evidence: [
        ...(service === null
          ? []
          : [
              {
                kind: "object" as const,
                object: serviceKey(service),
                path,
                shows: `targetPort ${String(port?.targetPort ?? first.port)}`,
              },
            ]),
        { kind: "object", object: keyOf(first.pod), path: "spec.containers[0].ports", shows: `listens on ${serves}` },
      ],
      cause: `${name === null ? "The packet" : `Service ${name} sends to port ${String(first.port)}: the packet`} arrives at pod ${first.pod.metadata.name}, where nothing listens on ${String(first.port)}; it listens on ${serves}.`,
      remedies,
      otherwise: "Which port the process listens on is not in the text: ask it.",
      command: `kubectl -n ${first.pod.metadata.namespace ?? "default"} exec ${first.pod.metadata.name} -- ss -ltn`,
    },
  ];
};

const bindsLoopback = (pod: Pod, protocol: string, wanted: number): boolean =>
  listenersOf(pod).some(({ ip, port, protocol: spoken }) => isLoopback(ip) && port === wanted && spoken === protocol);

export const listenerLoopback: Diagnoser = (given) => {
  const { request, objects, isWritten } = given;
  const first = refusedByPod(given).find(({ pod, port }) => bindsLoopback(pod, request.protocol, port));
  if (first === undefined) return [];
  const { pod, port } = first;
  const { key, template } = makerOf(objects, pod);
  const told = pod.metadata.annotations?.[LISTEN_ANNOTATION];
  const path = `${template}metadata.annotations[${LISTEN_ANNOTATION}]`;
  const wide = told?.replace(/(?:127\.\d+\.\d+\.\d+|\[::1\]):/g, "");
  return [
    {
      id: "LISTENER-LOOPBACK",
      severity: "error",
      hop: first.branch.end?.at ?? null,
      evidence: [
        {
          kind: "object",
          object: isWritten(key) ? key : keyOf(pod),
          path,
          shows: `listens on 127.0.0.1:${String(port)}`,
        },
      ],
      cause: `The packet arrives at pod ${pod.metadata.name}, whose process listens on port ${String(port)} of 127.0.0.1 only: nobody outside of the pod reaches it.`,
      remedies:
        wide === undefined
          ? []
          : [{ title: `Listen on 0.0.0.0:${String(port)}`, edits: [{ object: key, path, to: wide }] }],
      otherwise: "The address that the process binds is its own configuration: 0.0.0.0 or the pod's IP, not 127.0.0.1.",
      command: `kubectl -n ${pod.metadata.namespace ?? "default"} exec ${pod.metadata.name} -- ss -ltn`,
    },
  ];
};
