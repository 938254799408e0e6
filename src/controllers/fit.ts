/** Filters of the scheduler that look at what else stands on the nodes. */
import type { ObjectReader } from "../apiserver/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Container, Pod } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import { isActive, isTerminal } from "./pods.ts";
import { type Placed, type PodTerm, selectsNode } from "./placement.ts";

/** Powers of a quantity's suffix: milli to exa, and the binary ones. */
const SUFFIXES: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/** `250m`, `1.5Gi` as a number; 0 for what is none. Source: apimachinery/pkg/api/resource. */
export function quantityValue(text: unknown): number {
  const match = /^([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/.exec(
    typeof text === "number" ? String(text) : typeof text === "string" ? text : "",
  );
  return match === null ? 0 : Number(match[1]) * (SUFFIXES[match[2] ?? ""] ?? 1);
}

type Amounts = Readonly<Record<string, unknown>>;

function requestsOf(container: Container): Amounts {
  const { resources } = container as { readonly resources?: { readonly requests?: Amounts } };
  return resources?.requests ?? {};
}

const COUNTED = ["cpu", "memory"] as const;

function asked(pod: Pod, resource: string): number {
  return pod.spec.containers.reduce((sum, container) => sum + quantityValue(requestsOf(container)[resource]), 0);
}

export function asksForSomething(pod: Pod): boolean {
  return COUNTED.some((resource) => asked(pod, resource) > 0);
}

/** `Insufficient cpu`: what the node has not enough of, where it says what it has. Source: NodeResourcesFit. */
export function lackOf(pod: Pod, node: Node, reader: ObjectReader): string | null {
  const { allocatable } = node.status as { readonly allocatable?: Amounts };
  if (allocatable === undefined) return null;
  const others = reader.podsOnNode(node.metadata.name).filter((other) => !isTerminal(other));
  const pods = allocatable["pods"];
  if (pods !== undefined && others.length >= quantityValue(pods)) return "Too many pods";
  for (const resource of COUNTED) {
    const want = asked(pod, resource);
    const total = allocatable[resource];
    if (want === 0 || total === undefined) continue;
    const used = others.reduce((sum, other) => sum + asked(other, resource), 0);
    if (used + want > quantityValue(total)) return `Insufficient ${resource}`;
  }
  return null;
}

/** Source: PodTopologySpread, constraints with DoNotSchedule. */
export function spreadRefusal(pod: Pod, node: Node, reader: ObjectReader): string | null {
  for (const constraint of (pod.spec as Placed).topologySpreadConstraints ?? []) {
    if ((constraint.whenUnsatisfiable ?? "DoNotSchedule") !== "DoNotSchedule") continue;
    const own = node.metadata.labels?.[constraint.topologyKey];
    if (own === undefined) return "node(s) didn't match pod topology spread constraints (missing required label)";
    const counts = new Map<string, number>();
    for (const other of reader.list<Node>("Node")) {
      const domain = other.metadata.labels?.[constraint.topologyKey];
      if (domain === undefined || !selectsNode(pod.spec, other)) continue;
      const matching = reader
        .podsOnNode(other.metadata.name)
        .filter(
          (p) =>
            isActive(p) &&
            p.metadata.namespace === pod.metadata.namespace &&
            labelSelectorMatches(constraint.labelSelector, p.metadata.labels),
        );
      counts.set(domain, (counts.get(domain) ?? 0) + matching.length);
    }
    const self = labelSelectorMatches(constraint.labelSelector, pod.metadata.labels) ? 1 : 0;
    const skew = (counts.get(own) ?? 0) + self - Math.min(...counts.values());
    if (skew > constraint.maxSkew) return "node(s) didn't match pod topology spread constraints";
  }
  return null;
}

/** Pods that a term means, in the topology domain of the node. */
function inDomain(pod: Pod, term: PodTerm, node: Node, reader: ObjectReader): readonly Pod[] {
  const domain = node.metadata.labels?.[term.topologyKey];
  if (domain === undefined) return [];
  const namespaces = term.namespaces ?? [pod.metadata.namespace ?? ""];
  return reader
    .list<Node>("Node")
    .filter((other) => other.metadata.labels?.[term.topologyKey] === domain)
    .flatMap((other) => reader.podsOnNode(other.metadata.name))
    .filter(
      (p) =>
        !isTerminal(p) &&
        namespaces.includes(p.metadata.namespace ?? "") &&
        labelSelectorMatches(term.labelSelector, p.metadata.labels),
    );
}

/** Source: InterPodAffinity, required terms of the incoming pod, and the anti-affinity of those that stand there. */
export function affinityRefusal(pod: Pod, node: Node, reader: ObjectReader): string | null {
  const { podAffinity, podAntiAffinity } = (pod.spec as Placed).affinity ?? {};
  for (const term of podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (inDomain(pod, term, node, reader).length > 0) continue;
    // The first of a group that wants to be together may stand anywhere.
    const first =
      labelSelectorMatches(term.labelSelector, pod.metadata.labels) &&
      !reader.list<Node>("Node").some((other) => inDomain(pod, term, other, reader).length > 0);
    if (!first) return "node(s) didn't match pod affinity rules";
  }
  for (const term of podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
    if (inDomain(pod, term, node, reader).length > 0) return "node(s) didn't match pod anti-affinity rules";
  }
  for (const other of reader.podsKeepingAway(node.metadata.name)) {
    const terms =
      (other.spec as Placed).affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
    const hostile = terms.some(
      (term) =>
        (term.namespaces ?? [other.metadata.namespace ?? ""]).includes(pod.metadata.namespace ?? "") &&
        labelSelectorMatches(term.labelSelector, pod.metadata.labels),
    );
    if (hostile && !isTerminal(other)) return "node(s) didn't satisfy existing pods anti-affinity rules";
  }
  return null;
}
