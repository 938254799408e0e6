/** The ingress controller that answers a request itself, because nothing of its own matches or what it asked for failed. */
import type { ObjectReader } from "../apiserver/types.ts";
import { ingressControllerOf } from "../model/ingress/controller.ts";
import type { HttpRequest } from "../model/trace/message.ts";
import type { Request } from "../model/trace/types.ts";
import { parseURL } from "../network/names.ts";
import { servicePort } from "../network/programs/endpoints.ts";
import { hostOf, splitPath } from "../network/programs/http.ts";
import { makeOf } from "../network/programs/ingress-makes.ts";
import { ingressesOf } from "../network/programs/ingress.ts";
import { normalPath, routeFor } from "../network/programs/routing.ts";
import type { ClusterView } from "../network/types.ts";
import type { Branch, Front, Target } from "./types.ts";

/** What controllers say themselves when a request leads nowhere. */
const FAILURES: ReadonlySet<number> = new Set([404, 502, 503, 504]);

/** The HTTP request that is made; null where none is. */
export function saidBy({ says, to }: Request): HttpRequest | null {
  if (says?.kind === "http") return says;
  const url = parseURL(to);
  return url?.ok === true ? url.value.says : null;
}

/** The controller's pod, where its own answer is the last word of a branch: what the pods behind it say, it only hands on. */
export function frontOf(
  given: { readonly request: Request; readonly view: ClusterView; readonly objects: ObjectReader },
  branches: readonly Branch[],
): Front | null {
  const says = saidBy(given.request);
  if (says === null) return null;
  for (const branch of branches) {
    const { walk } = branch;
    const { response } = walk;
    const relayed = walk.children.filter(({ role }) => role === "relay");
    if (response === undefined || !FAILURES.has(response.status)) continue;
    if (relayed.some(({ outcome }) => outcome === "delivered")) continue;
    const heard = walk.hops.findLast(({ stage }) => stage === "socket")?.before.dst ?? "";
    const pod = given.view.podByIP(heard) ?? podAt(given.view, heard);
    const controller = pod === undefined ? null : ingressControllerOf(pod);
    if (pod === undefined || controller === null) continue;
    const host = hostOf(says);
    const path = normalPath(splitPath(says.path).path);
    const own = ingressesOf({ reader: given.objects }, controller);
    const route = routeFor(own, host, path, makeOf(controller.flavour).routing);
    return { branch, pod, controller, status: response.status, host, path, own, route };
  }
  return null;
}

/** A controller with hostNetwork answers on its node's address. */
function podAt(view: ClusterView, ip: string) {
  return view
    .nodes()
    .flatMap(({ metadata }) => view.podsOnNode(metadata.name))
    .find((pod) => pod.status.podIP === ip && ingressControllerOf(pod) !== null);
}

/** The Service's port that the Ingress names, as a target of its own. */
export function targetBehind({ route }: Front, view: ClusterView, dialled: Target): Target {
  const ref = route?.backend.service;
  const service =
    ref === undefined ? undefined : view.service(route?.ingress.metadata.namespace ?? "default", ref.name);
  const base: Target = { ...dialled, road: "ingress", service: null, port: null };
  if (service === undefined) return base;
  const port = servicePort(service, ref?.port ?? {}) ?? null;
  return { ...base, service, port, number: port?.port ?? 0, ip: service.spec.clusterIP ?? null };
}
