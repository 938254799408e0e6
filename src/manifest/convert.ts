/** Objects in removed API versions and with long-forgotten annotations, as objects of today. */
import { isRecord } from "../base/json.ts";
import type { FieldPath } from "../model/decode.ts";
import type { KindInfo } from "../model/kinds.ts";
import { deprecationWarning, type OldVersion, oldVersion } from "../model/old-versions.ts";
import { quote } from "../model/status.ts";
import type { ManifestDocument } from "./document.ts";
import type { Rewrite } from "./rewrite.ts";

type Fields = Readonly<Record<string, unknown>>;

export interface Conversion {
  readonly value: Fields;
  /** The kind it is converted to; null when apiVersion and kind were fine. */
  readonly info: KindInfo | null;
  /** What the server said while it knew the old form: a `Warning:` line without that word; null when it said nothing. */
  readonly warning: string | null;
  /** What becomes of such a text today. */
  readonly today: string;
  /** Rewrites the text into the new form. */
  readonly title: string;
  readonly rewrites: readonly Rewrite[];
}

const NO_LIMIT = 2 ** 31 - 1;

/** A value in conversion: a copy that is changed, and the same changes for the text. */
class Draft {
  value: Fields;
  readonly rewrites: Rewrite[] = [];

  constructor(value: Fields) {
    this.value = value;
  }

  at(path: FieldPath): unknown {
    return path.reduce<unknown>(
      (parent, step) =>
        typeof step === "number"
          ? Array.isArray(parent)
            ? (parent as readonly unknown[])[step]
            : undefined
          : isRecord(parent)
            ? parent[step]
            : undefined,
      this.value,
    );
  }

  record(path: FieldPath): Fields | null {
    const value = this.at(path);
    return isRecord(value) ? value : null;
  }

  items(path: FieldPath): readonly unknown[] {
    const value = this.at(path);
    return Array.isArray(value) ? value : [];
  }

  has(path: FieldPath): boolean {
    const value = this.at(path);
    return value !== undefined && value !== null;
  }

  /** Sets a member in the object only: a default of the old version that the new text need not spell out. */
  put(path: FieldPath, value: unknown): void {
    this.value = changed(this.value, path, value) as Fields;
  }

  set(path: FieldPath, value: unknown): void {
    this.put(path, value);
    this.rewrites.push({ op: "set", path, value });
  }

  insert(path: FieldPath, key: string, value: unknown): void {
    this.put([...path, key], value);
    this.rewrites.push({ op: "insert", path, key, value });
  }

  remove(path: FieldPath): void {
    this.put(path, undefined);
    this.rewrites.push({ op: "remove", path });
  }
}

function changed(parent: unknown, path: FieldPath, value: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === "number") {
    return Array.isArray(parent)
      ? (parent as readonly unknown[]).map((item, i) => (i === step ? changed(item, rest, value) : item))
      : parent;
  }
  const record = isRecord(parent) ? parent : {};
  const members = Object.entries(record).filter(([key]) => key !== step);
  const member = changed(record[step], rest, value);
  return Object.fromEntries(member === undefined ? members : [...members, [step, member]]);
}

/** Before apps/v1, a missing selector was the template's labels. */
function defaultSelector(draft: Draft): void {
  const labels = draft.record(["spec", "template", "metadata", "labels"]);
  if (draft.record(["spec"]) === null || draft.has(["spec", "selector"]) || labels === null) return;
  draft.insert(["spec"], "selector", { matchLabels: labels });
}

function defaultMember(draft: Draft, path: FieldPath, value: unknown): void {
  if (!draft.has(path)) draft.put(path, value);
}

function convertDeployment(draft: Draft, from: string): void {
  if (from !== "apps/v1beta2") defaultSelector(draft);
  if (draft.has(["spec", "rollbackTo"])) draft.remove(["spec", "rollbackTo"]);
  if (draft.record(["spec"]) === null) return;
  if (from === "extensions/v1beta1") {
    const type = draft.at(["spec", "strategy", "type"]) ?? "RollingUpdate";
    if (type === "RollingUpdate") {
      for (const name of ["maxSurge", "maxUnavailable"]) {
        defaultMember(draft, ["spec", "strategy", "rollingUpdate", name], 1);
      }
    }
    defaultMember(draft, ["spec", "revisionHistoryLimit"], NO_LIMIT);
    defaultMember(draft, ["spec", "progressDeadlineSeconds"], NO_LIMIT);
  } else if (from === "apps/v1beta1") defaultMember(draft, ["spec", "revisionHistoryLimit"], 2);
}

/** DaemonSets of extensions/v1beta1 and StatefulSets of apps/v1beta1 replaced their pods only when these were deleted. */
function convertSet(draft: Draft, from: string): void {
  if (from === "apps/v1beta2") {
    if (draft.has(["spec", "templateGeneration"])) draft.remove(["spec", "templateGeneration"]);
    return;
  }
  defaultSelector(draft);
  if (draft.has(["spec", "templateGeneration"])) draft.remove(["spec", "templateGeneration"]);
  if (draft.record(["spec"]) !== null && draft.value["kind"] !== "ReplicaSet") {
    defaultMember(draft, ["spec", "updateStrategy", "type"], "OnDelete");
  }
}

/** `{serviceName, servicePort}` → `{service: {name, port}}`; a port in quotes was a name. */
function convertBackend(draft: Draft, path: FieldPath): void {
  const backend = draft.record(path);
  if (backend === null || !("serviceName" in backend || "servicePort" in backend)) return;
  const { serviceName, servicePort, ...rest } = backend;
  const port = typeof servicePort === "string" ? { name: servicePort } : { number: servicePort ?? 0 };
  draft.set(path, { ...rest, service: { name: serviceName ?? "", port } });
}

function convertIngress(draft: Draft): void {
  if (draft.has(["spec", "backend"])) {
    convertBackend(draft, ["spec", "backend"]);
    const backend = draft.at(["spec", "backend"]);
    draft.put(["spec", "backend"], undefined);
    draft.put(["spec", "defaultBackend"], backend);
    draft.rewrites.push({ op: "rename", path: ["spec", "backend"], to: "defaultBackend" });
  }
  for (const [i] of draft.items(["spec", "rules"]).entries()) {
    const paths = ["spec", "rules", i, "http", "paths"];
    for (const [j] of draft.items(paths).entries()) {
      const path = [...paths, j];
      if (draft.record(path) === null) continue;
      convertBackend(draft, [...path, "backend"]);
      if (!draft.has([...path, "pathType"])) draft.insert(path, "pathType", "ImplementationSpecific");
    }
  }
}

/** Zone and node were entries of a map called topology. */
function convertSlice(draft: Draft): void {
  for (const [i] of draft.items(["endpoints"]).entries()) {
    const path = ["endpoints", i];
    const topology = draft.record([...path, "topology"]);
    if (topology === null) continue;
    const { "topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": host } = topology;
    draft.remove([...path, "topology"]);
    if (zone !== undefined && !draft.has([...path, "zone"])) draft.insert(path, "zone", zone);
    if (host !== undefined && !draft.has([...path, "nodeName"])) draft.insert(path, "nodeName", host);
  }
}

/** Flags were a map before they became a list. */
function convertFlags(draft: Draft): void {
  const path = ["apiServer", "extraArgs"];
  const flags = draft.record(path);
  if (flags !== null)
    draft.set(
      path,
      Object.entries(flags).map(([name, value]) => ({ name, value })),
    );
}

function convertOldVersion(value: Fields, document: ManifestDocument): Conversion | null {
  const old = oldVersion(document.apiVersion, document.kind);
  if (old === undefined) return null;
  const draft = new Draft(value);
  draft.set(["apiVersion"], old.info.apiVersion);
  switch (old.kind) {
    case "Deployment":
      convertDeployment(draft, old.apiVersion);
      break;
    case "ReplicaSet":
    case "DaemonSet":
    case "StatefulSet":
      convertSet(draft, old.apiVersion);
      break;
    case "Ingress":
      convertIngress(draft);
      break;
    case "EndpointSlice":
      convertSlice(draft);
      break;
    case "ClusterConfiguration":
      convertFlags(draft);
      break;
  }
  return {
    value: draft.value,
    info: old.info,
    warning: deprecationWarning(old),
    today: todaysAnswer(old, document),
    title: `Rewrite as ${old.info.apiVersion} ${old.info.kind}`,
    rewrites: draft.rewrites,
  };
}

function todaysAnswer(old: OldVersion, document: ManifestDocument): string {
  const { apiVersion, kind, removed, info } = old;
  if (info.support === "config") {
    return `your configuration file uses a deprecated API spec: ${quote(apiVersion)} (kind: ${quote(kind)}). Please use 'kubeadm config migrate --old-config old.yaml --new-config new.yaml', which will write the new, similar spec using a newer API version.`;
  }
  if (removed === null) return "It is converted here, as the server does it.";
  const found = `resource mapping not found for name: ${quote(document.name)} namespace: ${quote(document.namespace ?? "")}`;
  return `It is converted here. Servers since v${removed} refuse it: error: ${found}: no matches for kind ${quote(kind)} in version ${quote(apiVersion)}\nensure CRDs are installed first`;
}

const EXTERNAL_TRAFFIC = "service.beta.kubernetes.io/external-traffic";
const HEALTH_CHECK = "service.beta.kubernetes.io/healthcheck-nodeport";
const POLICIES: Readonly<Record<string, string>> = { OnlyLocal: "Local", Global: "Cluster" };

/** What `externalTrafficPolicy` was before it was a field: an annotation of 1.4 to 1.7. */
function convertAnnotations(value: Fields, document: ManifestDocument): Conversion | null {
  if (document.apiVersion !== "v1" || document.kind !== "Service") return null;
  const draft = new Draft(value);
  const annotations = draft.record(["metadata", "annotations"]);
  const asked = annotations?.[EXTERNAL_TRAFFIC];
  const policy = typeof asked === "string" ? POLICIES[asked] : undefined;
  const type = draft.at(["spec", "type"]);
  if (annotations === null || policy === undefined || (type !== "NodePort" && type !== "LoadBalancer")) return null;
  if (draft.has(["spec", "externalTrafficPolicy"])) return null;
  const gone = [EXTERNAL_TRAFFIC];
  draft.insert(["spec"], "externalTrafficPolicy", policy);
  const port = Number(annotations[HEALTH_CHECK]);
  if (Number.isInteger(port) && type === "LoadBalancer" && !draft.has(["spec", "healthCheckNodePort"])) {
    draft.insert(["spec"], "healthCheckNodePort", port);
    gone.push(HEALTH_CHECK);
  }
  const kept = Object.entries(annotations).filter(([key]) => !gone.includes(key));
  const path = ["metadata", "annotations"];
  // Servers of today keep annotations that mean nothing to them; only the text is tidied.
  if (kept.length === 0) draft.rewrites.push({ op: "remove", path });
  else if (gone.length === 1) draft.rewrites.push({ op: "remove", path: [...path, EXTERNAL_TRAFFIC] });
  else draft.rewrites.push({ op: "set", path, value: Object.fromEntries(kept) });
  return {
    value: draft.value,
    info: null,
    warning: null,
    today: `annotation ${EXTERNAL_TRAFFIC}: ${String(asked)} is read as spec.externalTrafficPolicy: ${policy} here. It was the way up to v1.6; servers since v1.8 keep it and take no notice: the policy would be Cluster.`,
    title: `Use externalTrafficPolicy: ${policy}`,
    rewrites: draft.rewrites,
  };
}

const CONVERTED = new WeakMap<object, Conversion | "none">();

/** The document as an object of today, or null when it is one already. Never throws, whatever the shape of the value. */
export function convertDocument(document: ManifestDocument): Conversion | null {
  const { value } = document;
  if (!isRecord(value)) return null;
  let conversion = CONVERTED.get(value);
  if (conversion === undefined) {
    conversion = convertOldVersion(value, document) ?? convertAnnotations(value, document) ?? "none";
    CONVERTED.set(value, conversion);
  }
  return conversion === "none" ? null : conversion;
}
