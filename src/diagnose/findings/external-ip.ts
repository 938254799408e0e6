/** A Service whose externalIPs name an address that is somebody else's: its rules catch what is meant for that one. */
import type { ObjectKey } from "../../model/meta/types.ts";
import { keyOf, objectKey } from "../../model/meta/types.ts";
import type { Client } from "../../model/kubehop/types.ts";
import type { Service } from "../../model/service/types.ts";
import { containerListeners, toldListeners } from "../../model/pod/listening.ts";
import type { Pod } from "../../model/pod/types.ts";
import { nodeAddresses } from "../../network/addresses.ts";
import { KUBELET_LISTENERS } from "../../network/listeners.ts";
import { hopAt } from "../branches.ts";
import { endpointsOf, serviceKey, serviceName } from "../endpoints.ts";
import { clusterIPsOf } from "../target.ts";
import type { Case, Diagnoser } from "../types.ts";

interface Owner {
  readonly what: string;
  readonly object: ObjectKey | null;
  readonly path: string;
}

/** Does a process of the node itself, or of a hostNetwork pod, listen there? */
function listensOnNode({ view }: Case, node: string, port: number, protocol: string): string | null {
  const pod = view
    .podsOnNode(node)
    .filter(({ spec }) => spec.hostNetwork === true)
    .find((one: Pod) =>
      (toldListeners(one) ?? one.spec.containers.flatMap((container) => containerListeners(one, container))).some(
        (listener) => listener.port === port && listener.protocol === protocol,
      ),
    );
  if (pod !== undefined) return `pod ${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
  return (
    KUBELET_LISTENERS.find((one) => one.ip === "0.0.0.0" && one.port === port && one.protocol === protocol)?.what ??
    null
  );
}

/** Whose address it is besides that Service's; a node's counts only where something of it listens on that port. */
function ownerOf(given: Case, thief: Service, ip: string, number: number): Owner | null {
  const { view, objects, request } = given;
  const pod = view.podByIP(ip);
  if (pod !== undefined) {
    return {
      what: `pod ${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`,
      object: keyOf(pod),
      path: "status.podIP",
    };
  }
  const has = ({ spec }: Service): boolean =>
    (spec.ports ?? []).some(({ port, protocol }) => port === number && protocol.toLowerCase() === request.protocol);
  for (const other of view.services()) {
    if (serviceKey(other) === serviceKey(thief)) continue;
    const balanced = (other.status.loadBalancer.ingress ?? []).some((one) => one.ip === ip);
    const path = clusterIPsOf(other).includes(ip)
      ? "spec.clusterIP"
      : balanced
        ? "status.loadBalancer"
        : (other.spec.externalIPs ?? []).includes(ip) && has(other)
          ? "spec.externalIPs"
          : null;
    if (path !== null) return { what: `Service ${serviceName(other)}`, object: serviceKey(other), path };
  }
  const client = objects.list<Client>("Client").find(({ spec }) => spec.ip === ip);
  if (client !== undefined) {
    const name = client.spec.names?.[0];
    return {
      what: `${client.metadata.name}${name === undefined ? "" : ` (${name})`}, a machine outside the cluster`,
      object: keyOf(client),
      path: "spec.ip",
    };
  }
  const machine = view.machines?.().find((one) => one.ip === ip);
  if (machine !== undefined) return { what: `the machine ${machine.name}`, object: null, path: "" };
  const node = view.nodes().find((one) => nodeAddresses(one).includes(ip));
  if (node === undefined) return null;
  const listener = listensOnNode(given, node.metadata.name, number, request.protocol);
  const taken = view
    .services()
    .find((other) => (other.spec.ports ?? []).some(({ nodePort }) => nodePort !== undefined && nodePort === number));
  const object = objectKey("Node", undefined, node.metadata.name);
  if (listener !== null)
    return { what: `${node.metadata.name}, where ${listener} listens on it`, object, path: "status.addresses" };
  return taken === undefined
    ? null
    : {
        what: `${node.metadata.name}, where it is the node port of Service ${serviceName(taken)}`,
        object,
        path: "status.addresses",
      };
}

/** Well-known addresses of the outside that nobody else can rightly have. */
const PUBLIC_SERVICES: ReadonlyMap<string, string> = new Map([
  ["8.8.8.8", "a public name server"],
  ["8.8.4.4", "a public name server"],
  ["1.1.1.1", "a public name server"],
  ["1.0.0.1", "a public name server"],
  ["9.9.9.9", "a public name server"],
  ["169.254.169.254", "the cloud's metadata service"],
]);

/** Addresses that the request is sent to, name lookups aside. */
const dialled = ({ branches, target, request }: Case): readonly { readonly ip: string; readonly port: number }[] => {
  const firsts = branches.flatMap(({ walk }) => {
    const first = walk.hops.find(({ stage }) => stage !== "dns")?.before;
    return first === undefined ? [] : [{ ip: first.dst, port: first.dport }];
  });
  return firsts.length > 0 || target.ip === null || request.protocol === "icmp"
    ? firsts
    : [{ ip: target.ip, port: target.number }];
};

export const externalIpHijack: Diagnoser = (given) => {
  const { view, branches, failed, request, objects } = given;
  for (const { ip, port } of dialled(given)) {
    for (const thief of view.services()) {
      const at = (thief.spec.externalIPs ?? []).indexOf(ip);
      const catches = (thief.spec.ports ?? []).some(
        (one) => one.port === port && one.protocol.toLowerCase() === request.protocol,
      );
      if (at < 0 || !catches) continue;
      const known = ownerOf(given, thief, ip, port);
      const elsewhere = PUBLIC_SERVICES.get(ip);
      const owner = known ?? (elsewhere === undefined ? null : { what: elsewhere, object: null, path: "" });
      if (owner === null) continue;
      const key = serviceKey(thief);
      const own = new Set(
        endpointsOf(objects, thief).slices.flatMap(({ endpoints }) =>
          (endpoints ?? []).flatMap(({ addresses }) => addresses),
        ),
      );
      const isCaught = (walk: (typeof branches)[number]["walk"]): boolean =>
        own.has(walk.backend?.ip ?? "") || walk.hops.some(({ rule }) => rule?.origin?.object === key);
      const caught = branches.find(({ walk }) => isCaught(walk));
      if (caught === undefined) continue;
      const hop =
        caught.walk.hops.find(({ rule }) => rule?.origin?.object === key) ??
        caught.walk.hops.find(({ verdict }) => verdict === "dnat");
      const path = `spec.externalIPs[${String(at)}]`;
      return [
        {
          id: "EXTERNALIP-HIJACK",
          severity: known === null ? "warning" : "error",
          hop: failed[0]?.end?.at ?? (hop === undefined ? null : hopAt(caught.index, hop)),
          evidence: [
            { kind: "object", object: key, path, shows: ip },
            ...(owner.object === null
              ? []
              : [{ kind: "object" as const, object: owner.object, path: owner.path, shows: `${ip} is its own` }]),
            ...(hop?.rule === null || hop?.rule === undefined
              ? []
              : [
                  {
                    kind: "rule" as const,
                    node: hop.place.replace("node/", ""),
                    rule: hop.rule.text,
                    shows: `catches ${ip}`,
                  },
                ]),
          ],
          cause: `${ip} belongs to ${owner.what}, but Service ${serviceName(thief)} lists it in externalIPs: every node's rules send port ${String(port)} of it to that Service's pods${caught.walk.backend === null ? "" : `, here ${caught.walk.backend.pod ?? caught.walk.backend.ip}`}.`,
          remedies: [
            {
              title: `Take ${ip} out of externalIPs`,
              edits: [
                (thief.spec.externalIPs ?? []).length === 1
                  ? { object: key, path: "spec.externalIPs", to: null }
                  : { object: key, path, to: null },
              ],
            },
          ],
          otherwise: `The Service's hold on ${ip} is not in the text: take it out of its externalIPs.`,
          command:
            "kubectl get svc -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,EXTERNAL:.spec.externalIPs",
          isMended: ({ walks }) => walks.length > 0 && walks.every((walk) => !isCaught(walk)),
          proves: ({ walks }) => {
            const arrived = walks.filter(({ outcome }) => outcome === "delivered").length;
            return `every branch followed, in a fork: none goes to ${serviceName(thief)}, ${String(arrived)} of ${String(walks.length)} arrive at ${ip} itself`;
          },
        },
      ];
    }
  }
  return [];
};
