/** What the live cluster knows that could stand at a caret: labels, ports, Services, nodes. Pure. */
import type { ConfigMap } from "../../model/configmap/types.ts";
import type { KubeObject, Labels, ObjectKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { statusOf } from "./objectStatus.ts";
import { keyOf, type CaretPlace } from "./outline.ts";
import { count } from "./problems.ts";

export interface LiveSuggestion {
  readonly label: string;
  readonly insert: string;
  /** A few words beside it. */
  readonly detail: string;
  /** A sentence or two below. */
  readonly words: string;
}

type Objects = ReadonlyMap<ObjectKey, KubeObject>;

/** Suggestions at most. */
const MOST = 100;
/** Names listed in words. */
const FEW = 4;

const GENERATED =
  /^(?:pod-template-hash|controller-revision-hash|statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index)$/;

export function liveSuggestions(place: CaretPlace, objects: Objects): readonly LiveSuggestion[] {
  const { path, mode } = place;
  const all = [...objects.values()];
  const namespace = place.namespace === "" ? "default" : place.namespace;
  const inNamespace = <T extends KubeObject>(kind: string): readonly T[] =>
    all.filter((object): object is T => object.kind === kind && object.metadata.namespace === namespace);
  const everywhere = <T extends KubeObject>(kind: string): readonly T[] =>
    all.filter((object): object is T => object.kind === kind);
  const named = (found: readonly KubeObject[], about: (object: KubeObject) => string): readonly LiveSuggestion[] =>
    found.map((object) => ({
      label: object.metadata.name,
      insert: quoted(object.metadata.name),
      detail: about(object),
      words: `${object.kind} in the cluster as it is now.`,
    }));

  const steps = path.map((step) => (typeof step === "number" ? "*" : step));
  const ends = (...tail: readonly string[]): boolean =>
    tail.length <= steps.length && tail.every((step, at) => steps[steps.length - tail.length + at] === step);

  const labels = selectorAt(steps, mode, place.kind);
  if (labels !== null) {
    const carriers =
      labels === "pods" ? inNamespace<Pod>("Pod") : everywhere<KubeObject>(labels === "nodes" ? "Node" : "Namespace");
    const last = path.at(-1);
    return (mode === "key" ? labelKeys(carriers) : labelValues(carriers, String(last))).slice(0, MOST);
  }
  if (mode === "key") return [];

  let out: readonly LiveSuggestion[] = [];
  if (ends("targetPort")) out = targetPorts(place, inNamespace<Pod>("Pod"));
  else if (ends("nodeName"))
    out = named(everywhere<Node>("Node"), (node) => `${addressOf(node as Node)} ${statusOf(node)}`.trim());
  else if (ends("metadata", "namespace")) out = named(everywhere("Namespace"), () => "Namespace");
  else if (ends("service", "name") || (ends("serviceName") && place.kind !== "Ingress"))
    out = named(inNamespace<Service>("Service"), aboutService);
  else if (ends("kubernetes.io/service-name")) out = named(inNamespace<Service>("Service"), aboutService);
  else if (ends("service", "port", "name") || ends("service", "port", "number"))
    out = backendPorts(place, inNamespace<Service>("Service"));
  else if (ends("configMapKeyRef", "name") || ends("configMapRef", "name") || ends("configMap", "name"))
    out = named(inNamespace<ConfigMap>("ConfigMap"), (map) =>
      count(Object.keys((map as ConfigMap).data ?? {}).length, "key"),
    );
  else if (ends("configMapKeyRef", "key")) {
    const name = place.scalars.get(keyOf([...path.slice(0, -1), "name"]));
    const map = inNamespace<ConfigMap>("ConfigMap").find(({ metadata }) => metadata.name === name);
    out = Object.keys(map?.data ?? {}).map((key) => ({
      label: key,
      insert: quoted(key),
      detail: `in ${name ?? ""}`,
      words: "A key of this ConfigMap.",
    }));
  } else if (ends("secretKeyRef", "name") || ends("secretRef", "name") || ends("secretName"))
    out = named(inNamespace("Secret"), () => "Secret");
  else if (ends("ingressClassName")) out = named(everywhere("IngressClass"), () => "IngressClass");
  else if (ends("serviceAccountName")) out = named(inNamespace("ServiceAccount"), () => "ServiceAccount");
  return out.slice(0, MOST);
}

/** Whose labels a selector at this path picks; null when it is none. */
function selectorAt(
  steps: readonly string[],
  mode: CaretPlace["mode"],
  kind: string,
): "pods" | "nodes" | "namespaces" | null {
  const map = mode === "key" ? steps : steps.slice(0, -1);
  const end = map.at(-1);
  if (kind === "Service" && map.join(".") === "spec.selector") return "pods";
  if (end === "nodeSelector") return "nodes";
  if (end !== "matchLabels") return null;
  return map.at(-2) === "namespaceSelector" ? "namespaces" : "pods";
}

/** A word of YAML that stays the string that it is. */
const quoted = (word: string): string =>
  /^(?:[\d.+-][\d._eE+-]*|true|false|yes|no|on|off|y|n|null|~|)$/i.test(word) || /^[^\w/.]|[:#]\s|\s$/.test(word)
    ? JSON.stringify(word)
    : word;

const namesOf = (all: readonly KubeObject[]): string => {
  const names = all.slice(0, FEW).map(({ metadata }) => metadata.name);
  return all.length > FEW ? `${names.join(", ")} and ${String(all.length - FEW)} more` : names.join(", ");
};

const labelsOf = ({ metadata }: KubeObject): Labels => metadata.labels ?? {};

const nounOf = (carriers: readonly KubeObject[]): string => (carriers[0]?.kind ?? "object").toLowerCase();

function labelKeys(carriers: readonly KubeObject[]): readonly LiveSuggestion[] {
  const keys = new Map<string, KubeObject[]>();
  for (const one of carriers)
    for (const key of Object.keys(labelsOf(one))) keys.set(key, [...(keys.get(key) ?? []), one]);
  return [...keys]
    .filter(([key]) => !GENERATED.test(key))
    .map(([key, found]) => {
      const values = [...new Set(found.map((one) => labelsOf(one)[key] ?? ""))];
      return {
        label: key,
        insert: `${quoted(key)}: `,
        detail: count(found.length, nounOf(carriers)),
        words: `Carried by ${namesOf(found)}. Values: ${values.slice(0, FEW).join(", ")}${values.length > FEW ? ", …" : ""}.`,
      };
    });
}

function labelValues(carriers: readonly KubeObject[], key: string): readonly LiveSuggestion[] {
  const values = new Map<string, KubeObject[]>();
  for (const one of carriers) {
    const value = labelsOf(one)[key];
    if (value !== undefined) values.set(value, [...(values.get(value) ?? []), one]);
  }
  return [...values].map(([value, found]) => ({
    label: value === "" ? '""' : value,
    insert: quoted(value),
    detail: count(found.length, nounOf(carriers)),
    words: `Carried by ${namesOf(found)}.`,
  }));
}

/** Ports of the pods that this Service's selector picks, as far as it is written; of all pods when it picks none. */
function targetPorts(place: CaretPlace, pods: readonly Pod[]): readonly LiveSuggestion[] {
  const selector = [...place.scalars].flatMap(([path, value]) =>
    path.startsWith("spec.selector.") ? [[path.slice("spec.selector.".length), value] as const] : [],
  );
  const picked = pods.filter((pod) => selector.every(([key, value]) => labelsOf(pod)[key] === value));
  const from = picked.length > 0 && selector.length > 0 ? picked : pods;
  const ports = new Map<string, { readonly words: string; readonly pods: Set<Pod> }>();
  for (const pod of from) {
    for (const container of pod.spec.containers) {
      for (const { name, containerPort, protocol } of container.ports ?? []) {
        const about = `${String(containerPort)}/${protocol ?? "TCP"} of container ${container.name}`;
        for (const label of name === undefined ? [String(containerPort)] : [name, String(containerPort)]) {
          const seen = ports.get(label) ?? { words: about, pods: new Set<Pod>() };
          seen.pods.add(pod);
          ports.set(label, seen);
        }
      }
    }
  }
  return [...ports].map(([label, { words, pods: having }]) => ({
    label,
    insert: label,
    detail: `${words.split(" ")[0] ?? ""}, ${count(having.size, "pod")}`,
    words: `${words}. ${namesOf([...having])}.`,
  }));
}

function backendPorts(place: CaretPlace, services: readonly Service[]): readonly LiveSuggestion[] {
  const at = place.path.indexOf("service");
  const name = place.scalars.get(keyOf([...place.path.slice(0, at + 1), "name"]));
  const byName = place.path.at(-1) === "name";
  return services
    .filter(({ metadata }) => name === undefined || name === "" || metadata.name === name)
    .flatMap((service) =>
      (service.spec.ports ?? []).flatMap((port) => {
        const label = byName ? port.name : String(port.port);
        if (label === undefined || label === "") return [];
        return {
          label,
          insert: byName ? quoted(label) : label,
          detail: service.metadata.name,
          words: `Port ${String(port.port)} to ${String(port.targetPort ?? port.port)} of Service ${service.metadata.name}.`,
        };
      }),
    );
}

function aboutService(object: KubeObject): string {
  const ports = ((object as Service).spec.ports ?? []).map(({ port }) => String(port)).join(", ");
  return `${statusOf(object)}${ports === "" ? "" : ` :${ports}`}`;
}

const addressOf = (node: Node): string =>
  node.status?.addresses?.find(({ type }) => type === "InternalIP")?.address ?? "";
