/** `kubectl rollout history`. Source: kubectl/pkg/polymorphichelpers/history.go. */
import type { KubeObject } from "../model/meta/types.ts";
import type { PodTemplate } from "../model/pod/types.ts";
import { type Call, objectName } from "./call.ts";
import { elastic } from "./elastic.ts";
import { describePodTemplate } from "./describe/template.ts";
import { failure, joined, type Output, success } from "./output.ts";
import { controllerRevisionsOf, revisionsOf } from "./revisions.ts";
import type { Target } from "./select.ts";

const CHANGE_CAUSE = "kubernetes.io/change-cause";

interface Revision {
  readonly of: KubeObject;
  readonly template: PodTemplate | undefined;
}

export function rolloutHistory(call: Call, targets: readonly Target[], errors: readonly string[]): Output {
  if (targets.length === 0) return failure(errors.join("\n") || "error: no resources found");
  const outputs = targets.map(({ info, object }): Output => {
    if (!["Deployment", "DaemonSet", "StatefulSet"].includes(info.kind)) {
      return failure(`error: no history viewer has been implemented for "${info.kind}"`);
    }
    const revisions: readonly (readonly [number, Revision])[] =
      info.kind === "Deployment"
        ? [...revisionsOf(call, object)].map(([number, rs]) => [number, { of: rs, template: rs.spec.template }])
        : [...controllerRevisionsOf(call, object)].map(([number, one]) => [
            number,
            { of: one, template: one.data.spec.template },
          ]);
    const wanted = Number(call.args.flags["--revision"] ?? "0");
    if (wanted > 0) {
      const revision = revisions.find(([number]) => number === wanted)?.[1];
      if (revision === undefined) return failure(`error: unable to find the specified revision`);
      return success(`${objectName(info, object)} with revision #${wanted}\n${templateText(revision)}\n`);
    }
    const rows = revisions
      .filter(([number]) => number > 0)
      .map(([number, { of }]) => `${number}\t${of.metadata.annotations?.[CHANGE_CAUSE] ?? "<none>"}\n`);
    return success(`${objectName(info, object)} \n${elastic(`REVISION\tCHANGE-CAUSE\n${rows.join("")}`)}\n`);
  });
  return joined([...outputs, ...errors.map((line) => failure(line))]);
}

/** Without a tabwriter between: kubectl prints the tabs themselves here. */
function templateText({ template }: Revision): string {
  return template === undefined ? "" : describePodTemplate(template);
}
