/** What the cluster made of a line of the text, said beside it: allocated addresses and ports, pods that match, replicas that are ready. */
import type { Deployment } from "../../model/deployment/types.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { count } from "./problems.ts";

export interface Fact {
  readonly object: ObjectKey;
  /** Field whose line it stands on. */
  readonly path: string;
  readonly words: string;
  /** Something is missing: no address yet, nobody matches. */
  readonly wanting: boolean;
}

type Objects = ReadonlyMap<ObjectKey, KubeObject>;

/** Facts about every object, in no order; those without a line in the text find no place there. */
export function factsOf(objects: Objects): readonly Fact[] {
  const out: Fact[] = [];
  const pods = [...objects.values()].filter((object): object is Pod => object.kind === "Pod");
  for (const object of objects.values()) {
    const key = keyOf(object);
    const say = (path: string, words: string, wanting = false): void => {
      out.push({ object: key, path, words, wanting });
    };
    switch (object.kind) {
      case "Service":
        aboutService(object as Service, objects, pods, say);
        break;
      case "Deployment": {
        const { spec, status } = object as Deployment;
        const ready = status?.readyReplicas ?? 0;
        say("spec.replicas", `${String(ready)} ready`, ready < (spec.replicas ?? 1));
        break;
      }
      case "Pod": {
        const { spec, status } = object as Pod;
        const address = status?.podIP ?? "";
        const where = spec.nodeName ?? "";
        say("metadata.name", address === "" ? "no address yet" : `${address} on ${where}`, address === "");
        break;
      }
      case "Node": {
        const address = (object as Node).status?.addresses?.find(({ type }) => type === "InternalIP")?.address;
        if (address !== undefined) say("metadata.name", address);
        break;
      }
    }
  }
  return out;
}

type Say = (path: string, words: string, wanting?: boolean) => void;

function aboutService(service: Service, objects: Objects, pods: readonly Pod[], say: Say): void {
  const { spec, status } = service;
  const namespace = service.metadata.namespace ?? "";
  const ips = spec.clusterIPs ?? (spec.clusterIP === undefined ? [] : [spec.clusterIP]);
  if (ips.length > 0 && ips[0] !== "None" && ips[0] !== "") say("metadata.name", ips.join(", "));
  if (spec.type === "LoadBalancer") {
    const given = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []);
    say("spec.type", given.length === 0 ? "<pending>" : given.join(", "), given.length === 0);
  }
  const selector = Object.entries(spec.selector ?? {});
  if (selector.length > 0 && spec.type !== "ExternalName") {
    const matching = pods.filter(
      ({ metadata }) =>
        metadata.namespace === namespace && selector.every(([label, value]) => metadata.labels?.[label] === value),
    ).length;
    say(
      "spec.selector",
      matching === 0 ? "no pod matches" : `${count(matching, "pod")} match${matching === 1 ? "es" : ""}`,
      matching === 0,
    );
  }
  (spec.ports ?? []).forEach((port, at) => {
    const path = `spec.ports[${String(at)}]`;
    if ((port.nodePort ?? 0) > 0) say(`${path}.port`, `nodePort ${String(port.nodePort)}`);
    const ready = readyEndpoints(service, objects, port.name ?? "");
    if (ready !== null && ready.all > 0)
      say(`${path}.targetPort`, `${String(ready.ready)}/${String(ready.all)} ready`, ready.ready < ready.all);
  });
}

/** Endpoints that the Service's slices name for one of its ports; null when it has no slice with that port. */
function readyEndpoints(
  service: Service,
  objects: Objects,
  port: string,
): { readonly ready: number; readonly all: number } | null {
  let ready = 0;
  let all = 0;
  let found = false;
  const family = service.spec.ipFamilies?.[0];
  for (const object of objects.values()) {
    if (object.kind !== "EndpointSlice" || object.metadata.namespace !== service.metadata.namespace) continue;
    if (object.metadata.labels?.["kubernetes.io/service-name"] !== service.metadata.name) continue;
    const slice = object as EndpointSlice;
    // In two families each pod stands in two slices.
    if (family !== undefined && slice.addressType !== family) continue;
    if (!(slice.ports ?? []).some(({ name }) => (name ?? "") === port)) continue;
    found = true;
    for (const { conditions } of slice.endpoints ?? []) {
      all++;
      if (conditions?.ready !== false) ready++;
    }
  }
  return found ? { ready, all } : null;
}
