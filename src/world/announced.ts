/** Addresses that nodes answer for although none of their own interfaces has them in the nodes' network. */
import { draw } from "../base/draw.ts";
import { isIPv6 } from "../base/ip.ts";
import { keyOf } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { HostId } from "../model/trace/types.ts";
import type { Service } from "../model/service/types.ts";
import type { ClusterView } from "../network/types.ts";
import type { ViewInputs } from "./view.ts";

type Inputs = Pick<ViewInputs, "reader" | "rulesOf" | "isDown" | "announcersOf" | "isStrictARP" | "seed">;

const announcing = ({ reader }: Inputs): readonly Service[] =>
  reader
    .list<Service>("Service")
    .filter((s) => s.spec.type === "LoadBalancer" && (s.status.loadBalancer.ingress ?? []).length > 0);

/**
 * Who answers ARP for the address. MetalLB's layer 2 speaker does on one node; it was there before, so a node that has just died is still
 * in its neighbours' tables. In ipvs mode every node has all Services' addresses on kube-ipvs0, and Linux answers for an address of any
 * interface (arp_ignore 0) unless kube-proxy was started with strictARP: then they race, and each neighbour keeps to whom it heard.
 */
export function answererOf(
  inputs: Inputs,
  ip: string,
  asker: HostId,
): ReturnType<NonNullable<ClusterView["answererOf"]>> {
  const { reader, rulesOf, isDown, announcersOf, isStrictARP, seed } = inputs;
  const ask = isIPv6(ip) ? "neighbour solicitations" : "ARP";
  const speakers = announcing(inputs)
    .filter((s) => s.status.loadBalancer.ingress?.some((i) => i.ip === ip))
    .flatMap((s) => announcersOf(keyOf(s)))
    .flatMap(({ node, protocol }) => (protocol === "layer2" ? [node] : []));
  const dummies = reader
    .list<Node>("Node")
    .map(({ metadata }) => metadata.name)
    .filter((node) => !isDown(node) && `node/${node}` !== asker)
    .filter((node) => !isStrictARP(node) && rulesOf(node).virtual?.addresses.includes(ip) === true);
  const all = [...new Set([...speakers, ...dummies])].sort();
  const node = all[Math.floor(draw(seed, `${asker} asks who has ${ip} of ${all.join(" ")}`) * all.length)];
  if (node === undefined) return null;
  if (all.length > 1) {
    return {
      node,
      why: `the one of ${all.length} nodes answering ${ask} for ${ip} that was heard (kube-ipvs0 without strictARP)`,
    };
  }
  const who = speakers.includes(node) ? "MetalLB's speaker" : "kube-ipvs0";
  return { node, why: `which answers ${ask} for ${ip} (${who})` };
}

/** A route to each address that MetalLB announces by BGP; nodes that have withdrawn it are no next hops. */
export function learnedRoutes(inputs: Inputs): ReturnType<NonNullable<ClusterView["learnedRoutes"]>> {
  const routes = new Map<string, Set<string>>();
  for (const service of announcing(inputs)) {
    const nodes = inputs
      .announcersOf(keyOf(service))
      .flatMap(({ node, protocol }) => (protocol === "bgp" ? [node] : []));
    if (nodes.length === 0) continue;
    for (const { ip } of service.status.loadBalancer.ingress ?? []) {
      if (ip === undefined) continue;
      const to = `${ip}/${isIPv6(ip) ? 128 : 32}`;
      for (const node of nodes) routes.set(to, (routes.get(to) ?? new Set()).add(node));
    }
  }
  return [...routes].map(([to, via]) => ({ to, via: [...via].sort() }));
}
