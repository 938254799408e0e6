/** Where an ingress controller is dialled, whatever the status of its Ingresses says. */
import type { ObjectReader } from "../apiserver/types.ts";
import { joinHostPort } from "../base/ip.ts";
import { claimsIngress, type IngressController, ingressControllerOf } from "../model/ingress/controller.ts";
import type { Ingress, IngressClass } from "../model/ingress/types.ts";
import { objectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { nodeAddresses } from "../network/addresses.ts";

interface Running {
  readonly pod: Pod;
  readonly controller: IngressController;
}

const addressOf = (objects: ObjectReader, node: string | undefined): string | null => {
  const found = node === undefined ? undefined : objects.get<Node>(objectKey("Node", undefined, node));
  return found === undefined ? null : (nodeAddresses(found)[0] ?? null);
};

/** By its balancer, a node port, or the node itself; null: there is no way in from outside. */
function wayIn(objects: ObjectReader, { pod }: Running, wanted: number): string | null {
  const services = objects.servicesSelecting(pod.metadata.namespace ?? "default", pod.metadata.labels ?? {});
  const node = addressOf(objects, pod.spec.nodeName ?? objects.list<Node>("Node")[0]?.metadata.name);
  const ways = services.flatMap(({ spec, status }) => {
    const port = (spec.ports ?? []).find((one) => one.port === wanted) ?? (wanted === 80 ? spec.ports?.[0] : undefined);
    const balanced = status.loadBalancer.ingress?.[0]?.ip ?? spec.externalIPs?.[0];
    if (port === undefined) return [];
    if (balanced !== undefined) return [{ rank: 0, at: joinHostPort(balanced, port.port) }];
    return port.nodePort === undefined || port.nodePort === 0 || node === null
      ? []
      : [{ rank: 1, at: joinHostPort(node, port.nodePort) }];
  });
  const best = ways.sort((a, b) => a.rank - b.rank)[0];
  if (best !== undefined) return best.at;
  return pod.spec.hostNetwork === true && node !== null ? joinHostPort(node, wanted) : null;
}

/** `IP:PORT` at which somebody outside finds the controller of this Ingress; of any, where none takes it. Null: none can be reached. `port`: what a browser would dial. */
export function doorOf(objects: ObjectReader, ingress: Ingress | null, port = 80): string | null {
  const running = objects.list<Pod>("Pod").flatMap((pod): readonly Running[] => {
    const controller = ingressControllerOf(pod);
    return controller === null ? [] : [{ pod, controller }];
  });
  const classNamed = (name: string): IngressClass | undefined =>
    objects.get<IngressClass>(objectKey("IngressClass", undefined, name));
  const own = running.filter(({ controller }) => ingress !== null && claimsIngress(controller, ingress, classNamed));
  for (const one of own.length > 0 ? own : running) {
    const way = wayIn(objects, one, port);
    if (way !== null) return way;
  }
  return null;
}
