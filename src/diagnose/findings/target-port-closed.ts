/** The packet reaches the pod, and nothing listens on that port, or only on its loopback. */
import { boundOf, containerListeners, toldListeners } from "../../model/pod/listening.ts";
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

/** What in the text makes the process bind loopback, and the edit that opens it. */
function loopbackIn(pod: Pod, template: string, protocol: string, wanted: number): Remedy & { readonly shows: string } {
  const told = pod.metadata.annotations?.[LISTEN_ANNOTATION];
  const title = `Listen on 0.0.0.0:${String(wanted)}`;
  const key = keyOf(pod);
  const edit = (path: string, to: string | null): Remedy["edits"] => (to === null ? [] : [{ object: key, path, to }]);
  if (told !== undefined) {
    const wide = told.replace(/(?:127\.\d+\.\d+\.\d+|\[::1\]):/g, "");
    return { title, edits: edit(`${template}metadata.annotations[${LISTEN_ANNOTATION}]`, wide), shows: told };
  }
  for (const [i, container] of pod.spec.containers.entries()) {
    const binds = containerListeners(pod, container).some(
      (one) => isLoopback(one.ip) && one.port === wanted && one.protocol === protocol,
    );
    const bound = boundOf(container)?.find(({ ip, port }) => isLoopback(ip) && (port === null || port === wanted));
    if (!binds || bound === undefined) continue;
    const base = `${template}spec.containers[${String(i)}]`;
    const words = container.args === undefined ? (container.command ?? []) : container.args;
    const field = container.args === undefined ? "command" : "args";
    const last = words.at(-1) ?? "";
    if (bound.path !== null) {
      const [, name = "", index] = /^(\w+)\[(\d+)\]/.exec(bound.path) ?? [];
      const value = name === "env" ? container.env?.[Number(index)]?.value : container[name as "args"]?.[Number(index)];
      return { title, edits: edit(`${base}.${bound.path}`, bound.wide), shows: value ?? "" };
    }
    const shows = `${words.join(" ")}: loopback unless it is told otherwise`;
    if (bound.missing === undefined) return { title, edits: [], shows };
    // A shell has the whole command line in its last argument.
    return /\s/.test(last)
      ? { title, edits: edit(`${base}.${field}[${String(words.length - 1)}]`, `${last} ${bound.missing}`), shows }
      : { title, edits: edit(`${base}.${field}[${String(words.length)}]`, bound.missing), shows };
  }
  return { title, edits: [], shows: `listens on 127.0.0.1:${String(wanted)}` };
}

export const listenerLoopback: Diagnoser = (given) => {
  const { request, objects, isWritten } = given;
  const first = refusedByPod(given).find(({ pod, port }) => bindsLoopback(pod, request.protocol, port));
  if (first === undefined) return [];
  const { pod, port } = first;
  const { key, template } = makerOf(objects, pod);
  const { shows, ...found } = loopbackIn(pod, template, request.protocol, port);
  const remedy = { ...found, edits: found.edits.map((edit) => ({ ...edit, object: key })) };
  const path = remedy.edits[0]?.path ?? `${template}spec.containers[0]`;
  return [
    {
      id: "LISTENER-LOOPBACK",
      severity: "error",
      hop: first.branch.end?.at ?? null,
      evidence: [
        { kind: "object", object: isWritten(key) ? key : keyOf(pod), path: path.replace(/\[\d+\]$/, ""), shows },
      ],
      cause: `The packet arrives at pod ${pod.metadata.name}, whose process listens on port ${String(port)} of 127.0.0.1 only: nobody outside of the pod reaches it.`,
      remedies: remedy.edits.length === 0 ? [] : [remedy],
      otherwise: "The address that the process binds is its own configuration: 0.0.0.0 or the pod's IP, not 127.0.0.1.",
      command: `kubectl -n ${pod.metadata.namespace ?? "default"} exec ${pod.metadata.name} -- ss -ltn`,
    },
  ];
};
