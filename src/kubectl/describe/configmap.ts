import type { KubeObject } from "../../model/meta/types.ts";
import { pairs } from "../read.ts";
import { annotationsLines, labelsLines, Lines } from "./lines.ts";

export function describeConfigMap(object: KubeObject): string {
  const { metadata } = object;
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .add("\nData\n====\n");
  for (const [key, value] of Object.entries(pairs(object, "data"))) out.add(`${key}:\n----\n${value}\n\n`);
  out.add("\nBinaryData\n====\n");
  for (const [key, value] of Object.entries(pairs(object, "binaryData"))) out.add(`${key}: ${value.length} bytes\n`);
  return out.add("\n").toString();
}
