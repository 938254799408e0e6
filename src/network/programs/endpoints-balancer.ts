/**
 * A balancer that somebody wrote for want of kube-proxy: a process in a pod that watches one Service's endpoints and passes every
 * connection on to them in turn. `kubehop.dev/program: endpoints-balancer`, args `--service=NAMESPACE/NAME`.
 */
import { SECOND } from "../../base/time.ts";
import { commandWords, flagOf } from "../../model/ingress/controller.ts";
import { objectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service, ServicePort } from "../../model/service/types.ts";
import type { Program, Reaction } from "../program.ts";
import { type ProgramInputs, readyEndpoints } from "./endpoints.ts";

const NAME = "the endpoints balancer";

/** The Service's port that a port of the balancer stands for: the one of its number, or the only one. */
function portFor(service: Service, port: number): ServicePort | undefined {
  const ports = (service.spec.ports ?? []).filter((p) => p.protocol === "TCP");
  return ports.find((p) => p.port === port) ?? (ports.length === 1 ? ports[0] : undefined);
}

export function endpointsBalancer({ reader }: ProgramInputs, pod: Pod): Program {
  const wanted = flagOf(commandWords(pod), "service");
  return {
    name: NAME,
    react: ({ says, local }): Reaction => {
      const closes = (why: string): Reaction => ({ kind: "close", note: `closes the connection: ${why}` });
      if (wanted === null) return closes("its args name no Service (--service=NAMESPACE/NAME)");
      const [a = "", b] = wanted.split("/");
      const [namespace, name] = b === undefined ? [pod.metadata.namespace ?? "default", a] : [a, b];
      const service = reader.get<Service>(objectKey("Service", namespace, name));
      if (service === undefined) return closes(`Service ${namespace}/${name} does not exist`);
      const port = portFor(service, local.port);
      if (port === undefined) return closes(`Service ${namespace}/${name} has no TCP port ${local.port}`);
      const endpoints = readyEndpoints(reader, service, port);
      return {
        kind: "relay",
        name: `${namespace}/${name}:${port.port}`,
        note: `knows ${endpoints.length} ready endpoint${endpoints.length === 1 ? "" : "s"} of Service ${namespace}/${name} from its EndpointSlices`,
        endpoints,
        says,
        attempts: Math.max(1, Math.min(3, endpoints.length)),
        patience: 5 * SECOND,
        ordered: true,
        failed: () => null,
      };
    },
  };
}
