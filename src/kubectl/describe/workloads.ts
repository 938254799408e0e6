/** `describe` of pods and of what makes them. */
import type { ObjectReader } from "../../apiserver/types.ts";
import type { Micros } from "../../base/time.ts";
import { fromTimestamp, SECOND } from "../../base/time.ts";
import type { Deployment } from "../../model/deployment/types.ts";
import type { KubeObject, LabelSelector } from "../../model/meta/types.ts";
import type { Pod, PodTemplate } from "../../model/pod/types.ts";
import type { ReplicaSet } from "../../model/replicaset/types.ts";
import { formatLabels, formatRequirements, requirementsOf } from "../../model/selectors.ts";
import { canonicalJson } from "../../base/json.ts";
import { humanDuration } from "../age.ts";
import { at, count, items, pairs, text } from "../read.ts";
import { containersText } from "./containers.ts";
import { annotationsLines, labelsLines, Lines, rfc1123 } from "./lines.ts";
import { describePodTemplate, tolerationsText, volumesText } from "./template.ts";

function qosOf(pod: Pod): string {
  const stated = text(pod, "status", "qosClass");
  if (stated !== "") return stated;
  const each = pod.spec.containers.map((c) => ({
    requests: pairs(c, "resources", "requests"),
    limits: pairs(c, "resources", "limits"),
  }));
  if (each.every(({ requests, limits }) => Object.keys({ ...requests, ...limits }).length === 0)) return "BestEffort";
  const guaranteed = each.every(({ requests, limits }) =>
    ["cpu", "memory"].every((r) => limits[r] !== undefined && (requests[r] ?? limits[r]) === limits[r]),
  );
  return guaranteed ? "Guaranteed" : "Burstable";
}

function controlledBy({ metadata }: KubeObject): string {
  const owner = metadata.ownerReferences?.find((reference) => reference.controller === true);
  return owner === undefined ? "" : `${owner.kind}/${owner.name}`;
}

export function describePod(pod: Pod, now: Micros): string {
  const { metadata, spec, status } = pod;
  const out = new Lines().line(`Name:\t${metadata.name}`).line(`Namespace:\t${metadata.namespace ?? ""}`);
  out.line(`Priority:\t${count(spec, "priority")}`);
  if (text(spec, "priorityClassName") !== "") out.line(`Priority Class Name:\t${text(spec, "priorityClassName")}`);
  out.line(`Service Account:\t${spec.serviceAccountName ?? "default"}`);
  out.line(spec.nodeName ? `Node:\t${spec.nodeName}/${status.hostIP ?? ""}` : "Node:\t<none>");
  if (status.startTime !== undefined) out.line(`Start Time:\t${rfc1123(status.startTime)}`);
  out.add(labelsLines("Labels", metadata.labels)).add(annotationsLines("Annotations", metadata.annotations));
  const over = status.phase === "Failed" || status.phase === "Succeeded";
  if (metadata.deletionTimestamp !== undefined && !over) {
    const lasts = humanDuration((now - fromTimestamp(metadata.deletionTimestamp)) / SECOND);
    out.line(`Status:\tTerminating (lasts ${lasts})`);
    out.line(`Termination Grace Period:\t${metadata.deletionGracePeriodSeconds ?? 0}s`);
  } else out.line(`Status:\t${status.phase ?? ""}`);
  if (status.reason) out.line(`Reason:\t${status.reason}`);
  if (text(status, "message") !== "") out.line(`Message:\t${text(status, "message")}`);
  out.line(`IP:\t${status.podIP ?? ""}`);
  const ips = status.podIPs ?? [];
  if (ips.length === 0) out.line("IPs:\t<none>");
  else {
    out.line("IPs:");
    for (const { ip } of ips) out.at(1, `IP:\t${ip}`);
  }
  if (controlledBy(pod) !== "") out.line(`Controlled By:\t${controlledBy(pod)}`);
  if ((spec.initContainers ?? []).length > 0) {
    const statuses = items(status, "initContainerStatuses") as NonNullable<Pod["status"]["containerStatuses"]>;
    out.add(containersText("Init Containers", spec.initContainers ?? [], statuses, pod, ""));
  }
  out.add(containersText("Containers", spec.containers, status.containerStatuses ?? [], pod, ""));
  const conditions = status.conditions ?? [];
  const gates = spec.readinessGates ?? [];
  if (gates.length > 0) {
    out.line("Readiness Gates:").at(1, "Type\tStatus");
    for (const { conditionType } of gates) {
      out.at(1, `${conditionType} \t${conditions.find((c) => c.type === conditionType)?.status ?? "<none>"} `);
    }
  }
  if (conditions.length > 0) {
    out.line("Conditions:").at(1, "Type\tStatus");
    for (const condition of conditions) out.at(1, `${condition.type} \t${condition.status} `);
  }
  return out
    .add(volumesText(spec, ""))
    .line(`QoS Class:\t${qosOf(pod)}`)
    .add(labelsLines("Node-Selectors", spec.nodeSelector))
    .add(tolerationsText("Tolerations", spec))
    .toString();
}

/** metav1.LabelSelector as describe prints it. */
const selectorText = (selector: unknown): string =>
  selector === undefined ? "<none>" : formatRequirements(requirementsOf(selector as LabelSelector)) || "<none>";

function conditionTable(object: KubeObject): string {
  const conditions = items(object, "status", "conditions");
  if (conditions.length === 0) return "";
  const rows = conditions.map((c) => `  ${text(c, "type")} \t${text(c, "status")}\t${text(c, "reason")}\n`);
  return `Conditions:\n  Type\tStatus\tReason\n  ----\t------\t------\n${rows.join("")}`;
}

export function describeDeployment(reader: ObjectReader, deployment: Deployment): string {
  const { metadata, spec, status } = deployment;
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .line(`CreationTimestamp:\t${rfc1123(metadata.creationTimestamp)}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line(`Selector:\t${selectorText(spec.selector)}`)
    .line(
      `Replicas:\t${spec.replicas} desired | ${status.updatedReplicas ?? 0} updated | ${status.replicas ?? 0} total | ${status.availableReplicas ?? 0} available | ${status.unavailableReplicas ?? 0} unavailable`,
    )
    .line(`StrategyType:\t${spec.strategy?.type ?? "RollingUpdate"}`)
    .line(`MinReadySeconds:\t${spec.minReadySeconds ?? 0}`);
  const rolling = spec.strategy?.rollingUpdate;
  if (rolling !== undefined) {
    out.line(
      `RollingUpdateStrategy:\t${rolling.maxUnavailable ?? 0} max unavailable, ${rolling.maxSurge ?? 0} max surge`,
    );
  }
  out.add(describePodTemplate(spec.template)).add(conditionTable(deployment));
  const sets = (metadata.uid === undefined ? [] : reader.ownedBy(metadata.uid)).filter(
    (o): o is ReplicaSet => o.kind === "ReplicaSet",
  );
  const current = newestSet(deployment, sets);
  const old = sets.filter((rs) => rs !== current);
  if (sets.length > 0) {
    out
      .line(`OldReplicaSets:\t${setsText(old)}`)
      .line(`NewReplicaSet:\t${setsText(current === undefined ? [] : [current])}`);
  }
  return out.toString();
}

const HASH = "pod-template-hash";

/** The ReplicaSet with the Deployment's own template. */
function newestSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = canonicalJson(deployment.spec.template);
  return sets.find((rs) => {
    const { template } = rs.spec;
    const { [HASH]: _, ...labels } = template?.metadata?.labels ?? {};
    return (
      template !== undefined && canonicalJson({ ...template, metadata: { ...template.metadata, labels } }) === wanted
    );
  });
}

function setsText(sets: readonly ReplicaSet[]): string {
  const each = sets.map((rs) => `${rs.metadata.name} (${rs.status.replicas}/${rs.spec.replicas} replicas created)`);
  return each.length === 0 ? "<none>" : each.join(", ");
}

/** Pods that this controller owns, by phase. */
function podsStatus(reader: Pick<ObjectReader, "ownedBy">, owner: KubeObject): string {
  const pods =
    owner.metadata.uid === undefined ? [] : reader.ownedBy(owner.metadata.uid).filter((o) => o.kind === "Pod");
  const of = (phase: string): number => pods.filter((pod) => text(pod, "status", "phase") === phase).length;
  return `Pods Status:\t${of("Running")} Running / ${of("Pending")} Waiting / ${of("Succeeded")} Succeeded / ${of("Failed")} Failed`;
}

const templateOf = (object: KubeObject): string => {
  const template = at(object, "spec", "template") as PodTemplate | undefined;
  return template === undefined ? "Pod Template:\n  <unset>" : describePodTemplate(template);
};

/** ReplicaSet, ReplicationController. */
export function describeReplicas(reader: ObjectReader, object: KubeObject): string {
  const { metadata } = object;
  const selector =
    object.kind === "ReplicationController"
      ? formatLabels(pairs(object, "spec", "selector"))
      : selectorText(at(object, "spec", "selector"));
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .line(`Selector:\t${selector}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations));
  if (controlledBy(object) !== "") out.line(`Controlled By:\t${controlledBy(object)}`);
  return out
    .line(`Replicas:\t${count(object, "status", "replicas")} current / ${count(object, "spec", "replicas")} desired`)
    .line(podsStatus(reader, object))
    .add(templateOf(object))
    .add(conditionTable(object))
    .toString();
}

export function describeStatefulSet(reader: ObjectReader, object: KubeObject): string {
  const { metadata } = object;
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .line(`CreationTimestamp:\t${rfc1123(metadata.creationTimestamp)}`)
    .line(`Selector:\t${selectorText(at(object, "spec", "selector"))}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line(`Replicas:\t${count(object, "spec", "replicas")} desired | ${count(object, "status", "replicas")} total`)
    .line(`Update Strategy:\t${text(object, "spec", "updateStrategy", "type")}`);
  const partition = text(object, "spec", "updateStrategy", "rollingUpdate", "partition");
  if (partition !== "") out.at(1, `Partition:\t${partition}`);
  return out.line(podsStatus(reader, object)).add(templateOf(object)).line("Volume Claims:\t<none>").toString();
}

export function describeDaemonSet(reader: Pick<ObjectReader, "ownedBy">, object: KubeObject): string {
  const { metadata } = object;
  const status = (field: string): number => count(object, "status", field);
  const nodes = pairs(object, "spec", "template", "spec", "nodeSelector");
  return new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .line(`Selector:\t${selectorText(at(object, "spec", "selector"))}`)
    .line(`Node-Selector:\t${formatLabels(nodes)}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line(`Desired Number of Nodes Scheduled: ${status("desiredNumberScheduled")}`)
    .line(`Current Number of Nodes Scheduled: ${status("currentNumberScheduled")}`)
    .line(`Number of Nodes Scheduled with Up-to-date Pods: ${status("updatedNumberScheduled")}`)
    .line(`Number of Nodes Scheduled with Available Pods: ${status("numberAvailable")}`)
    .line(`Number of Nodes Misscheduled: ${status("numberMisscheduled")}`)
    .line(podsStatus(reader, object))
    .add(templateOf(object))
    .toString();
}
