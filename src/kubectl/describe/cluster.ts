/** `describe` of nodes and namespaces, and of kinds without a describer of their own. */
import { isRecord } from "../../base/json.ts";
import type { Micros } from "../../base/time.ts";
import { fromTimestamp, SECOND } from "../../base/time.ts";
import { type KubeObject, objectKey } from "../../model/meta/types.ts";
import type { Namespace } from "../../model/namespace/types.ts";
import type { Node } from "../../model/node/types.ts";
import { quote } from "../../model/status.ts";
import { humanDuration } from "../age.ts";
import { pairs, text } from "../read.ts";
import { annotationsLines, labelsLines, Lines, rfc1123 } from "./lines.ts";
import type { ServedReader } from "../objects.ts";

const ROLE = "node-role.kubernetes.io/";

export function describeNode(reader: ServedReader, node: Node, now: Micros): string {
  const { metadata, spec, status } = node;
  const roles = Object.keys(metadata.labels ?? {})
    .filter((key) => key.startsWith(ROLE) && key.length > ROLE.length)
    .map((key) => key.slice(ROLE.length))
    .sort();
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Roles:\t${roles.length === 0 ? "<none>" : roles.join(",")}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line(`CreationTimestamp:\t${rfc1123(metadata.creationTimestamp)}`);
  const taints = (spec.taints ?? []).map(({ key, value, effect }) => `${key}${value ? `=${value}` : ""}:${effect}`);
  out.line(`Taints:\t${taints[0] ?? "<none>"}`);
  for (const taint of taints.slice(1)) out.line(`\t${taint}`);
  out.line(`Unschedulable:\t${spec.unschedulable ?? false}`);
  const lease = reader.get(objectKey("Lease", "kube-node-lease", metadata.name));
  if (lease === undefined) {
    out.line(`Lease:\tFailed to get lease: leases.coordination.k8s.io ${quote(metadata.name)} not found`);
  } else {
    out.line("Lease:").at(1, `HolderIdentity:\t${text(lease, "spec", "holderIdentity") || "<unset>"}`);
    for (const [title, member] of [
      ["AcquireTime", "acquireTime"],
      ["RenewTime", "renewTime"],
    ] as const) {
      const stamp = text(lease, "spec", member);
      out.at(1, `${title}:\t${stamp === "" ? "<unset>" : rfc1123(stamp)}`);
    }
  }
  const conditions = status.conditions ?? [];
  if (conditions.length > 0) {
    out
      .line("Conditions:")
      .at(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage")
      .at(1, "----\t------\t-----------------\t------------------\t------\t-------");
    for (const c of conditions) {
      const beat = text(c, "lastHeartbeatTime");
      out.at(
        1,
        `${c.type} \t${c.status} \t${rfc1123(beat || c.lastTransitionTime)} \t${rfc1123(c.lastTransitionTime)} \t${c.reason ?? ""} \t${c.message ?? ""}`,
      );
    }
  }
  out.line("Addresses:");
  for (const { type, address } of status.addresses ?? []) out.at(1, `${type}:\t${address}`);
  for (const [title, member] of [
    ["Capacity", "capacity"],
    ["Allocatable", "allocatable"],
  ] as const) {
    const resources = pairs(status, member);
    if (Object.keys(resources).length === 0) continue;
    out.line(`${title}:`);
    for (const name of Object.keys(resources).sort()) out.at(1, `${name}:\t${resources[name]}`);
  }
  const info = status.nodeInfo ?? {};
  out.line("System Info:");
  for (const [title, member] of SYSTEM_INFO) out.at(1, `${title}:\t${info[member] ?? ""}`);
  if (spec.podCIDR) out.line(`PodCIDR:\t${spec.podCIDR}`);
  if ((spec.podCIDRs ?? []).length > 0) out.line(`PodCIDRs:\t${spec.podCIDRs?.join(",")}`);
  const pods = reader
    .podsOnNode(metadata.name)
    .filter((pod) => pod.status.phase !== "Succeeded" && pod.status.phase !== "Failed");
  out
    .line(`Non-terminated Pods:\t(${pods.length} in total)`)
    .at(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge")
    .at(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
  for (const pod of pods) {
    const created = pod.metadata.creationTimestamp;
    const age = created === undefined ? "<unknown>" : humanDuration((now - fromTimestamp(created)) / SECOND);
    out.at(1, `${pod.metadata.namespace ?? ""}\t${pod.metadata.name}\t\t0 (0%)\t0 (0%)\t0 (0%)\t0 (0%)\t${age}`);
  }
  return out
    .line("Allocated resources:")
    .at(1, "(Total limits may be over 100 percent, i.e., overcommitted.)")
    .at(1, "Resource\tRequests\tLimits")
    .at(1, "--------\t--------\t------")
    .at(1, "cpu\t0 (0%)\t0 (0%)")
    .at(1, "memory\t0 (0%)\t0 (0%)")
    .at(1, "ephemeral-storage\t0 (0%)\t0 (0%)")
    .toString();
}

const SYSTEM_INFO = [
  ["Machine ID", "machineID"],
  ["System UUID", "systemUUID"],
  ["Boot ID", "bootID"],
  ["Kernel Version", "kernelVersion"],
  ["OS Image", "osImage"],
  ["Operating System", "operatingSystem"],
  ["Architecture", "architecture"],
  ["Container Runtime Version", "containerRuntimeVersion"],
  ["Kubelet Version", "kubeletVersion"],
  ["Kube-Proxy Version", "kubeProxyVersion"],
] as const;

export function describeNamespace({ metadata, status }: Namespace): string {
  return new Lines()
    .line(`Name:\t${metadata.name}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line(`Status:\t${status?.phase ?? "Active"}`)
    .line("")
    .line("No resource quota.")
    .line("")
    .line("No LimitRange resource.")
    .toString();
}

const ACRONYMS: ReadonlySet<string> = new Set(["API", "URL", "UID", "OSB", "GUID"]);

/** `loadBalancerIP` → `Load Balancer IP`. */
function titleOf(field: string): string {
  if (field.includes(".") || field.includes("/")) return field;
  return (field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^A-Za-z\d]+/g) ?? [field])
    .filter((part) => part !== "_")
    .map((part) =>
      ACRONYMS.has(part.toUpperCase()) ? part.toUpperCase() : part.charAt(0).toUpperCase() + part.slice(1),
    )
    .join(" ");
}

const SKIPPED: ReadonlySet<string> = new Set([
  ".apiVersion",
  ".kind",
  ".metadata.name",
  ".metadata.namespace",
  ".metadata.labels",
  ".metadata.annotations",
  ".metadata.managedFields",
]);

function content(out: Lines, level: number, value: Readonly<Record<string, unknown>>, path: string): void {
  for (const field of Object.keys(value).sort()) {
    const inner = value[field];
    const here = `${path}.${field}`;
    if (SKIPPED.has(here) || inner === undefined) continue;
    if (isRecord(inner)) {
      out.at(level, `${titleOf(field)}:`);
      content(out, level + 1, inner, here);
    } else if (Array.isArray(inner)) {
      out.at(level, `${titleOf(field)}:`);
      for (const item of inner as readonly unknown[]) {
        if (isRecord(item)) content(out, level + 1, item, here);
        else out.at(level + 1, String(item));
      }
    } else
      out.at(level, `${titleOf(field)}:\t${inner === null ? "<nil>" : String(inner as string | number | boolean)}`);
  }
}

/** Any object, field by field. */
export function describeAnything(object: KubeObject): string {
  const { metadata } = object;
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line(`API Version:\t${object.apiVersion}`)
    .line(`Kind:\t${object.kind}`);
  content(out, 0, object as unknown as Readonly<Record<string, unknown>>, "");
  return out.toString();
}
