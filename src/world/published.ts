import type { ObjectReader } from "../apiserver/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { LoadBalancerIngress, Service } from "../model/service/types.ts";
import { withEvents } from "./events.ts";

/**
 * Objects as the outside world's name servers know them: where a Service's status has only the name of its load balancer, the cloud's own
 * zone has the addresses behind it.
 */
export function withPublished(
  reader: ObjectReader,
  addressesOf: (service: Service) => readonly string[],
): ObjectReader {
  return {
    ...withEvents(reader, () => []),
    list<T extends KubeObject = KubeObject>(kind: string, namespace?: string): readonly T[] {
      const stored = reader.list<T>(kind, namespace);
      return kind === "Service"
        ? stored.map((object) => published(object as KubeObject as Service) as KubeObject as T)
        : stored;
    },
  };

  function published(service: Service): Service {
    const { ingress = [] } = service.status.loadBalancer;
    if (!ingress.some(({ hostname, ip }) => hostname !== undefined && ip === undefined)) return service;
    const ips = addressesOf(service);
    const known = ingress.flatMap((entry): readonly LoadBalancerIngress[] =>
      entry.ip === undefined ? ips.map((ip) => ({ ...entry, ip })) : [entry],
    );
    return { ...service, status: { ...service.status, loadBalancer: { ingress: known } } };
  }
}
