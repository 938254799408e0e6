/** `--field-selector`: only what the server indexes for a kind may be asked. Source: pkg/apis/core/v1/conversion.go. */
import { err, ok, type Result } from "../base/result.ts";
import type { KindInfo } from "../model/kinds.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { at } from "./read.ts";

const EVERY = ["metadata.name", "metadata.namespace"];

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pod: [
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ],
  Node: ["spec.unschedulable"],
  Service: ["spec.clusterIP", "spec.type"],
  Namespace: ["status.phase"],
  ReplicationController: ["status.replicas"],
  ReplicaSet: ["status.replicas"],
  Event: [
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
  ],
};

interface Term {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

/** Does an object of this kind match? The refusal is the whole line. */
export function fieldSelector(selector: string, info: KindInfo): Result<(object: KubeObject) => boolean, string> {
  const terms: Term[] = [];
  for (const part of selector.split(",").filter((p) => p !== "")) {
    const match = /^(.*?)(!=|==|=)(.*)$/.exec(part);
    if (match === null) {
      return err(`Error from server (BadRequest): invalid selector: '${selector}'; can't understand '${part}'`);
    }
    terms.push({ field: match[1] ?? "", value: match[3] ?? "", equal: match[2] !== "!=" });
  }
  const known = [...EVERY, ...(FIELDS[info.kind] ?? [])];
  const unknown = terms.find((term) => !known.includes(term.field));
  if (unknown !== undefined) {
    const group = info.group === "" ? "" : `${info.group}`;
    return err(
      `Error from server (BadRequest): Unable to find "${group}/${info.version}, Resource=${info.plural}" that match label selector "", field selector "${selector}": field label not supported: ${unknown.field}`,
    );
  }
  return ok((object) =>
    terms.every(({ field, value, equal }) => {
      const path = field === "source" ? ["source", "component"] : field.split(".");
      const found = at(object, ...path);
      const missing = field === "spec.unschedulable" || field === "spec.hostNetwork" ? "false" : "";
      const text =
        typeof found === "object" ? JSON.stringify(found) : String((found ?? missing) as string | number | boolean);
      return (text === value) === equal;
    }),
  );
}
