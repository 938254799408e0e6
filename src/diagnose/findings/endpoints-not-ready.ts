/** Pods are selected, but none of them is ready. */
import { containerListeners, toldListeners } from "../../model/pod/listening.ts";
import type { Container, Pod, Probe } from "../../model/pod/types.ts";
import { keyOf } from "../../model/meta/types.ts";
import { endpointsOf, makerOf, podsBehind, serviceKey, serviceName } from "../endpoints.ts";
import type { Case, Diagnoser, Remedy } from "../types.ts";

const isReady = ({ status }: Pod): boolean =>
  (status.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True");

type Asked = "httpGet" | "tcpSocket";

/** The port that a probe asks, and by which of its members. */
function askedPort(probe: Probe | undefined): { readonly by: Asked; readonly port: number | string } | null {
  if (probe?.httpGet !== undefined) return { by: "httpGet", port: probe.httpGet.port };
  if (probe?.tcpSocket !== undefined) return { by: "tcpSocket", port: probe.tcpSocket.port };
  return null;
}

const numberOf = (container: Container, port: number | string): number | undefined =>
  typeof port === "number" ? port : container.ports?.find(({ name }) => name === port)?.containerPort;

const isLoopback = (ip: string): boolean => ip.startsWith("127.") || ip === "::1";

/** TCP ports that the container's process listens on, for others or for itself alone. */
function listening(pod: Pod, container: Container, whom: "others" | "itself" = "others"): readonly number[] {
  return (toldListeners(pod) ?? containerListeners(pod, container)).flatMap(({ ip, port, protocol }) =>
    port === null || protocol !== "tcp" || isLoopback(ip) !== (whom === "itself") ? [] : [port],
  );
}

/** Edits that would let the probe of one of its containers succeed: the port first, then no probe at all. */
function probeRemedies({ objects, isWritten }: Case, pod: Pod): readonly Remedy[] {
  const { key, template } = makerOf(objects, pod);
  if (!isWritten(key)) return [];
  return pod.spec.containers.flatMap((container, i): readonly Remedy[] => {
    const { readinessProbe } = container;
    if (readinessProbe === undefined) return [];
    const base = `${template}spec.containers[${String(i)}].readinessProbe`;
    const asked = askedPort(readinessProbe);
    const ports = listening(pod, container);
    const wrong = asked !== null && !ports.includes(numberOf(container, asked.port) ?? -1);
    return [
      ...(wrong && asked !== null
        ? ports.map((port) => ({
            title: `Probe port ${String(port)}`,
            edits: [{ object: key, path: `${base}.${asked.by}.port`, to: port }],
          }))
        : []),
      { title: "Remove the readinessProbe", edits: [{ object: key, path: base, to: null }] },
    ];
  });
}

/** Nobody here sets the conditions that readiness gates wait for. */
function gateRemedies({ objects, isWritten }: Case, pod: Pod): readonly Remedy[] {
  const { key, template } = makerOf(objects, pod);
  if (!isWritten(key) || (pod.spec.readinessGates ?? []).length === 0) return [];
  return [{ title: "Wait for no gate", edits: [{ object: key, path: `${template}spec.readinessGates`, to: null }] }];
}

/** What keeps the pod from being ready, in words. */
function reasonOf(pod: Pod): string {
  for (const [i, container] of pod.spec.containers.entries()) {
    const status = pod.status.containerStatuses?.find(({ name }) => name === container.name);
    const waiting = status?.state?.waiting?.reason;
    if (waiting !== undefined) return `container ${container.name} is waiting (${waiting})`;
    const asked = askedPort(pod.spec.containers[i]?.readinessProbe);
    if (asked !== null) {
      const port = numberOf(container, asked.port) ?? -1;
      if (listening(pod, container).includes(port)) return `its readinessProbe on port ${String(asked.port)} fails`;
      return listening(pod, container, "itself").includes(port)
        ? `its readinessProbe asks port ${String(asked.port)} of the pod's address, and its process listens on 127.0.0.1 only`
        : `its readinessProbe asks port ${String(asked.port)}, on which nothing listens`;
    }
    const command = container.readinessProbe?.exec?.command;
    if (command !== undefined) return `its readinessProbe, the command ${command.join(" ")}, fails`;
    if (container.readinessProbe !== undefined) return "its readinessProbe fails";
  }
  const gate = (pod.spec.readinessGates ?? [])[0]?.conditionType;
  return gate === undefined ? "its containers are not ready" : `its readiness gate ${gate} is not met`;
}

export const endpointsNotReady: Diagnoser = (given) => {
  const { target, objects, failed, branches, isWritten } = given;
  const { service } = target;
  if (service === null || (failed.length === 0 && branches.length > 0)) return [];
  const { ready } = endpointsOf(objects, service);
  const pods = podsBehind(objects, service).filter(({ status }) => status.podIP !== undefined && status.podIP !== "");
  const unready = pods.filter((pod) => !isReady(pod));
  const first = unready[0];
  if (ready > 0 || first === undefined || unready.length < pods.length) return [];
  const headless = service.spec.clusterIP === "None";
  const name = serviceName(service);
  return [
    {
      id: "SVC-ENDPOINTS-NOT-READY",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        {
          kind: "object",
          object: serviceKey(service),
          path: "spec.selector",
          shows: `0 of ${String(pods.length)} endpoints ready`,
        },
        { kind: "object", object: keyOf(first), path: "status.conditions", shows: "Ready is False" },
        ...(isWritten(makerOf(objects, first).key)
          ? [
              {
                kind: "object" as const,
                object: makerOf(objects, first).key,
                path: `${makerOf(objects, first).template}spec.containers[0].readinessProbe`,
                shows: reasonOf(first),
              },
            ]
          : []),
      ],
      cause: `None of the ${String(pods.length)} pods behind Service ${name} is Ready, so ${headless ? "its name has no addresses" : "it has no endpoints to send to"}: ${reasonOf(first)}.`,
      remedies: [
        ...probeRemedies(given, first),
        ...gateRemedies(given, first),
        ...(headless
          ? [
              {
                title: "Publish addresses that are not ready",
                edits: [{ object: serviceKey(service), path: "spec.publishNotReadyAddresses", to: true }],
              },
            ]
          : []),
      ],
      otherwise:
        "What keeps the containers from being ready lies in the process itself: its logs tell, no field of the text.",
      command: `kubectl -n ${service.metadata.namespace ?? "default"} describe pod ${first.metadata.name}`,
    },
  ];
};
