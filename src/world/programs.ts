/** Which process runs behind a socket of a pod, and what it does with what it hears: the registry of programs. */
import type { ObjectReader } from "../apiserver/types.ts";
import type { Listener } from "../kernel/host.ts";
import type { ClusterConfig } from "../model/config/types.ts";
import { ingressControllerOf, PROGRAM_ANNOTATION } from "../model/ingress/controller.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Program } from "../network/program.ts";
import type { ProgramInputs } from "../network/programs/endpoints.ts";
import { endpointsBalancer } from "../network/programs/endpoints-balancer.ts";
import { haproxyInPod, isHaproxy } from "../network/programs/haproxy-pod.ts";
import { httpServer } from "../network/programs/http-server.ts";
import { ingressProgram } from "../network/programs/ingress.ts";
import { isServiceLoadBalancer, serviceLoadBalancer } from "../network/programs/service-loadbalancer.ts";
import { coreDns, type CoreDnsInputs, isCoreDns } from "./coredns.ts";
import { knownAddress } from "./known-names.ts";

const DNS_PORT = 53;

interface Inputs extends ProgramInputs {
  readonly dns: (pod: Pod) => CoreDnsInputs;
}

interface Entry {
  matches(pod: Pod, listener: Listener): boolean;
  /** null: nothing of note on this socket. */
  make(inputs: Inputs, pod: Pod, listener: Listener): Program | null;
}

/** The first that matches counts. */
const PROGRAMS: readonly Entry[] = [
  {
    matches: (pod, { port }) => port === DNS_PORT && isCoreDns(pod),
    make: ({ dns }, pod) => coreDns(dns(pod), pod),
  },
  {
    matches: (pod, { protocol }) => protocol === "tcp" && ingressControllerOf(pod) !== null,
    make: (inputs, pod, listener) => {
      const controller = ingressControllerOf(pod);
      return controller && ingressProgram(inputs, pod, controller, listener);
    },
  },
  { matches: (pod, { protocol }) => protocol === "tcp" && isServiceLoadBalancer(pod), make: serviceLoadBalancer },
  { matches: (pod, { protocol }) => protocol === "tcp" && isHaproxy(pod), make: haproxyInPod },
  {
    matches: (pod, { protocol }) =>
      protocol === "tcp" && pod.metadata.annotations?.[PROGRAM_ANNOTATION] === "endpoints-balancer",
    make: endpointsBalancer,
  },
  { matches: (_, { protocol }) => protocol === "tcp", make: (_, pod) => httpServer(pod) },
];

/** `started`: as which a pod's container came up, and the zone's serial number. */
export function programOf(
  reader: ObjectReader,
  cluster: ClusterConfig,
  started: (pod: Pod) => Omit<CoreDnsInputs, "reader">,
  pod: Pod,
  listener: Listener,
): Program | null {
  const inputs: Inputs = {
    reader,
    addressOf: (name) => knownAddress(reader, cluster, pod, name),
    dns: (server) => ({ reader, ...started(server) }),
  };
  return PROGRAMS.find((entry) => entry.matches(pod, listener))?.make(inputs, pod, listener) ?? null;
}
