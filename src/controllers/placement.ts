import type { KubeObject, Labels, LabelSelector } from "../model/meta/types.ts";
import type { Node, Taint } from "../model/node/types.ts";
import type { Pod, PodSpec } from "../model/pod/types.ts";

/** v1.NodeSelectorRequirement. */
interface NodeRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** v1.NodeSelectorTerm. */
export interface NodeTerm {
  readonly matchExpressions?: readonly NodeRequirement[];
  readonly matchFields?: readonly NodeRequirement[];
}

/** v1.PodAffinityTerm, as far as it is acted on. */
export interface PodTerm {
  readonly labelSelector?: LabelSelector;
  readonly namespaces?: readonly string[];
  readonly topologyKey: string;
}

interface PodTerms {
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodTerm[];
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
    readonly weight: number;
    readonly podAffinityTerm: PodTerm;
  }[];
}

/** v1.Affinity. */
export interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: { readonly nodeSelectorTerms?: readonly NodeTerm[] };
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly {
      readonly weight: number;
      readonly preference: NodeTerm;
    }[];
  };
  readonly podAffinity?: PodTerms;
  readonly podAntiAffinity?: PodTerms;
}

/** v1.TopologySpreadConstraint. */
export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly whenUnsatisfiable?: string;
  readonly labelSelector?: LabelSelector;
}

/** The parts of a PodSpec that only say where it may run. */
export type Placed = PodSpec & {
  readonly affinity?: Affinity;
  readonly topologySpreadConstraints?: readonly SpreadConstraint[];
};

/** Source: component-helpers/scheduling/corev1/nodeaffinity. */
function holds({ key, operator, values = [] }: NodeRequirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

/** A term without demands matches nothing. */
export function nodeTermMatches({ matchExpressions = [], matchFields = [] }: NodeTerm, node: Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => holds(requirement, node.metadata.labels ?? {})) &&
    matchFields.every((requirement) => holds(requirement, { "metadata.name": node.metadata.name }))
  );
}

/** nodeSelector, and one of the required terms of its node affinity. */
export function selectsNode(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (!Object.entries(spec.nodeSelector ?? {}).every(([name, value]) => labels[name] === value)) return false;
  const required = (spec as Placed).affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return required === undefined || (required.nodeSelectorTerms ?? []).some((term) => nodeTermMatches(term, node));
}

/** Source: v1.Toleration.ToleratesTaint. */
export function tolerates(spec: PodSpec, taint: Taint): boolean {
  return (spec.tolerations ?? []).some((t) => toleration(t, taint));
}

export function toleration(t: NonNullable<PodSpec["tolerations"]>[number], taint: Taint): boolean {
  return (
    (t.effect === undefined || t.effect === "" || t.effect === taint.effect) &&
    (t.key === undefined || t.key === "" ? t.operator === "Exists" : t.key === taint.key) &&
    (t.operator === "Exists" || (t.value ?? "") === (taint.value ?? ""))
  );
}

/** The one node that a daemon's pod is meant for, by its affinity to that name; undefined when it has none. */
export function intendedNode(pod: Pod): string | undefined {
  const terms =
    (pod.spec as Placed).affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ??
    [];
  return terms[0]?.matchFields?.find(({ key }) => key === "metadata.name")?.values?.[0];
}

/** The label of the zone that a node stands in. */
export function zoneLabel(node: KubeObject): string | undefined {
  return node.metadata.labels?.["topology.kubernetes.io/zone"];
}
