/** `kubectl rollout history`. Source: kubectl/pkg/polymorphichelpers/history.go. */
import { kindNamed } from "../model/kinds.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import { type Call, objectName } from "./call.ts";
import { elastic } from "./elastic.ts";
import { describePodTemplate } from "./describe/template.ts";
import { failure, joined, type Output, success } from "./output.ts";
import { revisionsOf } from "./revisions.ts";
import type { Target } from "./select.ts";

const CHANGE_CAUSE = "kubernetes.io/change-cause";

export function rolloutHistory(call: Call, targets: readonly Target[], errors: readonly string[]): Output {
  if (targets.length === 0) return failure(errors.join("\n") || "error: no resources found");
  const outputs = targets.map(({ info, object }): Output => {
    if (info.kind !== "Deployment") {
      return failure(
        kindNamed(info.kind) !== undefined && ["DaemonSet", "StatefulSet"].includes(info.kind)
          ? `error: the history of a ${info.kind} is not kept here`
          : `error: no history viewer has been implemented for "${info.kind}"`,
      );
    }
    const revisions = [...revisionsOf(call, object)].filter(([number]) => number > 0);
    const wanted = Number(call.args.flags["--revision"] ?? "0");
    if (wanted > 0) {
      const rs = new Map(revisions).get(wanted);
      if (rs === undefined) return failure(`error: unable to find the specified revision`);
      return success(`${objectName(info, object)} with revision #${wanted}\n${templateText(rs)}\n`);
    }
    const rows = revisions.map(([number, rs]) => `${number}\t${rs.metadata.annotations?.[CHANGE_CAUSE] ?? "<none>"}\n`);
    return success(`${objectName(info, object)} \n${elastic(`REVISION\tCHANGE-CAUSE\n${rows.join("")}`)}\n`);
  });
  return joined([...outputs, ...errors.map((line) => failure(line))]);
}

/** Without a tabwriter between: kubectl prints the tabs themselves here. */
function templateText(rs: ReplicaSet): string {
  return rs.spec.template === undefined ? "" : describePodTemplate(rs.spec.template);
}
