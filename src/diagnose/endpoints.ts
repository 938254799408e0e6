/** What stands behind a Service, as its slices say. */
import type { ObjectReader } from "../apiserver/types.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { keyOf, type Labels, type ObjectKey, objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";

export interface EndpointsSeen {
  readonly slices: readonly EndpointSlice[];
  readonly ready: number;
  readonly notReady: number;
}

/** Endpoints of a Service's slices, those that are sent to and others, whatever their ports: terminating ones that still serve count while none is ready. */
export function endpointsOf(objects: ObjectReader, service: Service): EndpointsSeen {
  const slices = objects.slicesOf(service.metadata.namespace ?? "default", service.metadata.name);
  const all = slices.flatMap(({ endpoints }) => endpoints ?? []);
  const ready = all.filter(({ conditions }) => conditions?.ready !== false).length;
  const ending = all.filter(({ conditions }) => conditions?.terminating === true && conditions.serving === true).length;
  const used = ready > 0 ? ready : ending;
  return { slices, ready: used, notReady: all.length - used };
}

export const serviceKey = ({ metadata }: Service): ObjectKey =>
  objectKey("Service", metadata.namespace ?? "default", metadata.name);

/** `shop/web`. */
export const serviceName = ({ metadata }: Service): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

/** Pods that the selector picks, whatever their state; none where there is no selector. */
export function podsBehind(objects: ObjectReader, service: Service): readonly Pod[] {
  const { selector } = service.spec;
  if (selector === undefined || Object.keys(selector).length === 0) return [];
  return objects.podsMatching(service.metadata.namespace ?? "default", selector);
}

/** The object of the text that a pod was made from: its Deployment, or whatever controls it outermost; itself when nothing does. */
export function makerOf(objects: ObjectReader, pod: Pod): { readonly key: ObjectKey; readonly template: string } {
  const namespace = pod.metadata.namespace ?? "default";
  let owner = pod.metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return { key: keyOf(pod), template: "" };
  let key = objectKey(owner.kind, namespace, owner.name);
  for (let depth = 0; depth < 4; depth++) {
    owner = objects.get(key)?.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner === undefined) break;
    key = objectKey(owner.kind, namespace, owner.name);
  }
  return { key, template: "spec.template." };
}

/** `app=web,tier=front`. */
export const labelText = (labels: Labels): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
