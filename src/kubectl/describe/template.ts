/** Pods' volumes and tolerations, and pod templates. */
import { isRecord } from "../../base/json.ts";
import type { PodSpec, PodTemplate } from "../../model/pod/types.ts";
import { at, items, text } from "../read.ts";
import { containersText } from "./containers.ts";
import { annotationsLines, labelsLines, Lines } from "./lines.ts";

const KNOWN: Readonly<Record<string, readonly [type: string, ...lines: (readonly [string, string])[]]>> = {
  emptyDir: [
    "EmptyDir (a temporary directory that shares a pod's lifetime)",
    ["Medium", "medium"],
    ["SizeLimit", "sizeLimit"],
  ],
  hostPath: ["HostPath (bare host directory volume)", ["Path", "path"], ["HostPathType", "type"]],
  configMap: ["ConfigMap (a volume populated by a ConfigMap)", ["Name", "name"], ["Optional", "optional"]],
  secret: ["Secret (a volume populated by a Secret)", ["SecretName", "secretName"], ["Optional", "optional"]],
  persistentVolumeClaim: [
    "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
    ["ClaimName", "claimName"],
    ["ReadOnly", "readOnly"],
  ],
  projected: ["Projected (a volume that contains injected data from multiple sources)"],
};

const BOOLEANS: ReadonlySet<string> = new Set(["optional", "readOnly"]);

export function volumesText(spec: PodSpec, space: string): string {
  const volumes = items(spec, "volumes");
  if (volumes.length === 0) return `${space}Volumes:\t<none>\n`;
  const out = new Lines().line(`${space}Volumes:`);
  for (const volume of volumes) {
    out.at(1, `${space === "" ? "" : " "}${text(volume, "name")}:`);
    const source = Object.keys(KNOWN).find((name) => isRecord(at(volume, name)));
    if (source === undefined) {
      out.at(2, "<unknown>");
      continue;
    }
    const [type, ...lines] = KNOWN[source] ?? [""];
    out.at(2, `Type:\t${type}`);
    for (const [title, member] of lines) {
      const value = text(volume, source, member);
      const empty = BOOLEANS.has(member) ? "false" : member === "sizeLimit" ? "<unset>" : "";
      out.at(2, `${title}:\t${value === "" ? empty : value}`);
    }
  }
  return out.toString();
}

export function tolerationsText(title: string, spec: PodSpec): string {
  const tolerations = [...(spec.tolerations ?? [])].sort((a, b) =>
    (a.key ?? "") < (b.key ?? "") ? -1 : (a.key ?? "") > (b.key ?? "") ? 1 : 0,
  );
  if (tolerations.length === 0) return `${title}:\t<none>\n`;
  return tolerations
    .map((t, i) => {
      const exists = t.operator === "Exists" && !t.value;
      const named = `${t.key ?? ""}${t.value ? `=${t.value}` : ""}${t.effect ? `:${t.effect}` : ""}`;
      const how = exists ? (named === "" ? "op=Exists" : " op=Exists") : "";
      const seconds = t.tolerationSeconds === undefined ? "" : ` for ${t.tolerationSeconds}s`;
      return `${i === 0 ? `${title}:` : ""}\t${named}${how}${seconds}\n`;
    })
    .join("");
}

/** A pod template as workloads show it. */
export function describePodTemplate(template: PodTemplate): string {
  const { metadata, spec } = template;
  const out = new Lines().line("Pod Template:").add(labelsLines("  Labels", metadata?.labels));
  if (Object.keys(metadata?.annotations ?? {}).length > 0) {
    out.add(annotationsLines("  Annotations", metadata?.annotations));
  }
  if (spec.serviceAccountName) out.at(1, `Service Account:\t${spec.serviceAccountName}`);
  if ((spec.initContainers ?? []).length > 0) {
    out.add(containersText("Init Containers", spec.initContainers ?? [], null, null, "  "));
  }
  out.add(containersText("Containers", spec.containers, null, null, "  "));
  out.add(volumesText(spec, "  "));
  out.add(labelsLines("  Node-Selectors", spec.nodeSelector));
  out.add(tolerationsText("  Tolerations", spec));
  return out.toString();
}
