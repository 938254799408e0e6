/** Every load balancer as data: listeners, targets and what their health checks have seen. */
import type { ObjectReader } from "../apiserver/types.ts";
import { isMetallbs } from "../controllers/metallb/pools.ts";
import type { Announcer } from "../controllers/metallb/speaker.ts";
import type { CloudProvider } from "../model/kubehop/types.ts";
import { keyOf, objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Service } from "../model/service/types.ts";
import type { BalancerReport } from "../model/trace/balancer.ts";
import { nodeAddresses } from "../network/addresses.ts";
import type { Balancers } from "./balancers.ts";

interface Inputs {
  readonly reader: ObjectReader;
  readonly cloud: CloudProvider["spec"];
  readonly balancers: Pick<Balancers, "addressesOf" | "targetsOf" | "turnsAt">;
  readonly announcersOf: (service: ObjectKey) => readonly Announcer[];
}

/** The balancers that have an address by now, by namespace and name of their Services. */
export function balancerReports(inputs: Inputs): readonly BalancerReport[] {
  return inputs.reader
    .list<Service>("Service")
    .filter(({ spec, status }) => spec.type === "LoadBalancer" && (status.loadBalancer.ingress ?? []).length > 0)
    .map((service) =>
      isMetallbs(service, inputs.reader, inputs.cloud) ? announced(service, inputs) : built(service, inputs),
    );
}

function announced(service: Service, { reader, announcersOf }: Inputs): BalancerReport {
  return {
    service: keyOf(service),
    addresses: (service.status.loadBalancer.ingress ?? []).flatMap(({ ip }) => ip ?? []),
    name: null,
    kind: "metallb",
    listeners: (service.spec.ports ?? []).map(({ port, protocol }) => ({ port, protocol, targetPort: null })),
    check: null,
    targets: announcersOf(keyOf(service)).map(({ node, protocol }) => {
      const known = reader.get<Node>(objectKey("Node", undefined, node));
      const addresses = known === undefined ? [] : nodeAddresses(known);
      return { name: node, addresses, state: "announcing", turns: null, protocol };
    }),
  };
}

function built(service: Service, { cloud, balancers }: Inputs): BalancerReport {
  // An address that a text states without a cloud is taken for a balancer of the first kind.
  const kind = cloud.loadBalancer === "none" ? "nodePort" : cloud.loadBalancer;
  const local = service.spec.healthCheckNodePort ?? 0;
  return {
    service: keyOf(service),
    addresses: balancers.addressesOf(service),
    name: service.status.loadBalancer.ingress?.find(({ hostname }) => hostname !== undefined)?.hostname ?? null,
    kind,
    listeners: (service.spec.ports ?? []).map(({ port, protocol, nodePort, targetPort }) => ({
      port,
      protocol,
      targetPort: kind === "pod" ? targetPort : kind === "vip" ? null : (nodePort ?? null),
    })),
    check: kind === "pod" ? "TCP, the target port" : local === 0 ? "GET :10256/healthz" : `GET :${local}/`,
    targets: balancers.targetsOf(service).map((target) => ({
      name: target.name,
      addresses: target.addresses,
      state: target.healthy ? "healthy" : "unhealthy",
      turns: balancers.turnsAt(service, target),
      protocol: null,
    })),
  };
}
