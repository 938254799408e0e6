/** The Service's selector picks no pod at all. */
import { compareStrings } from "../../base/compare.ts";
import type { Labels } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { keyOf } from "../../model/meta/types.ts";
import { endpointsOf, labelText, podsBehind, serviceKey, serviceName } from "../endpoints.ts";
import { nearness } from "../nearness.ts";
import { workloadsSelected } from "../workloads.ts";
import type { Case, Diagnoser, ObjectEdit, Remedy, Suspicion } from "../types.ts";

/** A set of labels that pods of the namespace carry in common, with one of them. */
interface Kinship {
  readonly labels: Labels;
  readonly pod: Pod;
  /** Keys whose value is not what the selector wants. */
  readonly wrong: readonly string[];
  readonly distance: number;
}

/** How far a pod's labels are from a selector: each pair that is missing counts, a value that is nearly right less than one that is absent. */
function kinshipOf(selector: Labels, pod: Pod): Kinship {
  const labels = pod.metadata.labels ?? {};
  const wrong = Object.keys(selector).filter((key) => labels[key] !== selector[key]);
  const distance = wrong.reduce((sum, key) => {
    const value = labels[key];
    return sum + (value === undefined ? 2 : nearness(value, selector[key] ?? ""));
  }, 0);
  return { labels, pod, wrong, distance };
}

/** Labels as somebody wrote them: without those that controllers add. */
const ownLabels = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).filter(([key]) => !GENERATED.has(key)));

const GENERATED = new Set([
  "pod-template-hash",
  "controller-revision-hash",
  "statefulset.kubernetes.io/pod-name",
  "apps.kubernetes.io/pod-index",
]);

/** The selector made to pick that pod: another value, another key with the same value, or a key less. */
function remediesFor(service: Service, selector: Labels, { labels, wrong }: Kinship): readonly Remedy[] {
  const object = serviceKey(service);
  const at = (key: string): string => `spec.selector[${key}]`;
  const own = ownLabels(labels);
  const edits: ObjectEdit[] = [];
  const wanted: Record<string, string> = { ...selector };
  for (const key of wrong) {
    const value = own[key];
    if (value !== undefined) {
      edits.push({ object, path: at(key), to: value });
      wanted[key] = value;
      continue;
    }
    const renamed = Object.keys(own)
      .filter((other) => wanted[other] === undefined && nearness(own[other] ?? "", selector[key] ?? "") < 0.5)
      .sort((a, b) => nearness(a, key) - nearness(b, key) || compareStrings(a, b))[0];
    if (renamed !== undefined) {
      edits.push({ object, path: at(renamed), to: own[renamed] ?? "" });
      wanted[renamed] = own[renamed] ?? "";
    }
    edits.push({ object, path: at(key), to: null });
    delete wanted[key];
  }
  // A selector that says nothing picks nothing.
  if (edits.length === 0 || Object.keys(wanted).length === 0) return [];
  const title = Object.keys(wanted).every((key) => selector[key] === wanted[key])
    ? `Leave ${wrong.join(", ")} out of the selector`
    : `Select ${labelText(Object.fromEntries(Object.entries(wanted).filter(([key, value]) => selector[key] !== value)))}`;
  return [{ title, edits }];
}

export const selectorNoMatch: Diagnoser = ({ target, objects, failed, error, request }: Case): readonly Suspicion[] => {
  const { service } = target;
  const selector = service?.spec.selector;
  if (service === null || selector === undefined || Object.keys(selector).length === 0) return [];
  if ((failed.length === 0 && error === null) || podsBehind(objects, service).length > 0) return [];
  // A dump of Services and slices has endpoints without their pods.
  const { ready, notReady } = endpointsOf(objects, service);
  if (ready + notReady > 0) return [];
  // Pods that would match are on their way, or scaled to none.
  if (workloadsSelected(objects, service).length > 0) return [];
  const namespace = service.metadata.namespace ?? "default";
  const nearest = objects
    .list<Pod>("Pod", namespace)
    .filter((pod) => `pod/${namespace}/${pod.metadata.name}` !== request.from)
    .map((pod) => kinshipOf(selector, pod))
    .sort((a, b) => a.distance - b.distance || compareStrings(a.pod.metadata.name, b.pod.metadata.name))[0];
  const wanted = labelText(selector);
  const remedies: readonly Remedy[] = nearest === undefined ? [] : remediesFor(service, selector, nearest);
  return [
    {
      id: "SVC-SELECTOR-NO-MATCH",
      severity: "error",
      hop: failed[0]?.end?.at ?? null,
      evidence: [
        { kind: "object", object: serviceKey(service), path: "spec.selector", shows: wanted },
        ...(nearest === undefined
          ? []
          : [
              {
                kind: "object" as const,
                object: keyOf(nearest.pod),
                path: "metadata.labels",
                shows: labelText(ownLabels(nearest.labels)),
              },
            ]),
      ],
      cause:
        nearest === undefined
          ? `No pod carries ${wanted}: namespace ${namespace} has no pods that Service ${serviceName(service)} could select.`
          : `No pod carries ${wanted}; the nearest is pod ${nearest.pod.metadata.name} with ${labelText(ownLabels(nearest.labels))}.`,
      remedies,
      otherwise: "No pod of the namespace has labels near the selector: deploy pods that carry them.",
      command: `kubectl -n ${namespace} get pods -l ${wanted}`,
    },
  ];
};
