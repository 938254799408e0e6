/** `describe` of what the ClusterIP allocator keeps: IPAddress and ServiceCIDR. Source: kubectl/pkg/describe/describe.go. */
import type { KubeObject } from "../../model/meta/types.ts";
import { items, text } from "../read.ts";
import { annotationsLines, labelsLines, Lines } from "./lines.ts";

const head = ({ metadata }: KubeObject): Lines =>
  new Lines()
    .line(`Name:\t${metadata.name}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations));

export function describeIPAddress(object: KubeObject): string {
  const ref = (member: string): string => text(object, "spec", "parentRef", member);
  return head(object)
    .line("Parent Reference:")
    .at(1, `Group:\t${ref("group")}`)
    .at(1, `Resource:\t${ref("resource")}`)
    .at(1, `Namespace:\t${ref("namespace")}`)
    .at(1, `Name:\t${ref("name")}`)
    .toString();
}

export function describeServiceCIDR(object: KubeObject): string {
  return head(object)
    .line(`CIDRs:\t${items(object, "spec", "cidrs").join(", ")}`)
    .toString();
}
