/** `kubectl rollout restart|undo|pause|resume|status|history`. Source: kubectl/pkg/cmd/rollout, polymorphichelpers. */
import { own } from "./own.ts";
import { timestamp } from "../base/time.ts";
import type { Deployment } from "../model/deployment/types.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { PodTemplate } from "../model/pod/types.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import { quote } from "../model/status.ts";
import { canonicalJson } from "../base/json.ts";
import { type Call, objectName, resourcesName } from "./call.ts";
import { rolloutHistory } from "./history.ts";
import { failure, type Output } from "./output.ts";
import { at, text, withValue } from "./read.ts";
import { controllerRevisionsOf, revisionsOf } from "./revisions.ts";
import { rolloutOfKubeProxy } from "./kube-proxy.ts";
import { rolloutStatus } from "./rollout-status.ts";
import { type Selection, select } from "./select.ts";
import { perform, type Planned, update } from "./write.ts";

const HASH = "pod-template-hash";
const RESTARTED_AT = "kubectl.kubernetes.io/restartedAt";
const ROLLS: ReadonlySet<string> = new Set(["Deployment", "DaemonSet", "StatefulSet"]);

/** What is done to one object: the changed object, or a complaint. `null`: nothing to do, and `line` says why. */
type Step =
  { readonly object: KubeObject; readonly done: string } | { readonly complaint: string } | { readonly line: string };

export function kubectlRollout(call: Call): Output {
  const [what = "", ...words] = call.args.words;
  const ofKubeProxy = rolloutOfKubeProxy(call, what, words);
  if (ofKubeProxy !== null) return ofKubeProxy;
  const found = (): { readonly selection: Selection } | { readonly error: string } => {
    const selected = select(call, words, {
      doing: "reading",
      typeAlone: true,
      usage: "error: required resource not specified",
    });
    return selected.ok ? { selection: selected.value } : { error: selected.error };
  };
  const steps: Readonly<Record<string, (object: KubeObject, name: string) => Step>> = {
    restart: (object) => restart(call, object),
    undo: (object, name) => undo(call, object, name),
    pause: (object, name) => pause(object, name, true),
    resume: (object, name) => pause(object, name, false),
  };
  const step = own(steps, what);
  if (step === undefined && what !== "status" && what !== "history") {
    return failure(`error: unknown command "rollout ${what}"\nSee 'kubectl rollout -h' for help and examples`);
  }
  const selected = found();
  if ("error" in selected) return failure(selected.error);
  const { targets, errors } = selected.selection;
  if (what === "status") return rolloutStatus(call, targets, errors);
  if (what === "history") return rolloutHistory(call, targets, errors);
  if (targets.length === 0 && errors.length === 0) return failure("error: no resources found");
  const complaints = [...errors];
  let lines = "";
  const planned = targets.flatMap(({ info, object }): readonly Planned[] => {
    const name = `${resourcesName(info)} ${quote(object.metadata.name)}`;
    if (!ROLLS.has(info.kind) || (info.kind !== "Deployment" && (what === "pause" || what === "resume"))) {
      const verb = { restart: "restarting", undo: "rollbacker", pause: "pausing", resume: "resuming" }[what] ?? what;
      complaints.push(
        what === "undo"
          ? `error: no rollbacker has been implemented for ${quote(info.kind)}`
          : `error: ${name} ${verb} is not supported`,
      );
      return [];
    }
    const done = (step as (object: KubeObject, name: string) => Step)(object, name);
    if ("complaint" in done) complaints.push(done.complaint);
    else if ("line" in done) lines += `${objectName(info, object)} ${done.line}\n`;
    else return [{ info, write: update(done.object), done: done.done }];
    return [];
  });
  const output = perform(call, planned, complaints);
  return { ...output, stdout: lines + output.stdout };
}

function restart(call: Call, object: KubeObject): Step {
  if (at(object, "spec", "paused") === true) {
    return { complaint: `error: can't restart paused deployment (run rollout resume first)` };
  }
  const path = ["spec", "template", "metadata", "annotations", RESTARTED_AT];
  const now = timestamp(call.world.now);
  if (text(object, ...path) === now) {
    return {
      complaint: `error: failed to create patch for ${object.metadata.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
    };
  }
  return { object: withValue(object, path, now), done: "restarted" };
}

function pause(object: KubeObject, name: string, paused: boolean): Step {
  if ((at(object, "spec", "paused") === true) === paused) {
    return { complaint: `error: ${name} is ${paused ? "already paused" : "not paused"}` };
  }
  return {
    object: withValue(object, ["spec", "paused"], paused ? true : undefined),
    done: paused ? "paused" : "resumed",
  };
}

/** The template as the Deployment had it: without the label that only its ReplicaSet carries. */
function ownTemplate(rs: ReplicaSet): PodTemplate | undefined {
  const { template } = rs.spec;
  if (template === undefined) return undefined;
  const { [HASH]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

function undo(call: Call, object: KubeObject, name: string): Step {
  if (object.kind !== "Deployment") return undoRevision(call, object);
  const deployment = object as Deployment;
  if (deployment.spec.paused === true) {
    return {
      complaint: `error: you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again`,
    };
  }
  const wanted = Number(call.args.flags["--to-revision"] ?? "0");
  const revisions = revisionsOf(call, object);
  const numbers = [...revisions.keys()].filter((n) => n > 0);
  const target = wanted === 0 ? numbers.at(-2) : wanted;
  const rs = target === undefined ? undefined : revisions.get(target);
  if (rs === undefined) {
    return wanted === 0
      ? { complaint: `error: no rollout history found for ${name.replace(/^deployments\.apps/, "deployment")}` }
      : { complaint: `error: unable to find specified revision ${wanted} in history` };
  }
  const template = ownTemplate(rs);
  if (canonicalJson(template) === canonicalJson(deployment.spec.template)) {
    return { line: `skipped rollback (current template already matches revision ${target})` };
  }
  return { object: withValue(object, ["spec", "template"], template), done: "rolled back" };
}

/** Of a DaemonSet or StatefulSet. */
function undoRevision(call: Call, object: KubeObject): Step {
  const wanted = Number(call.args.flags["--to-revision"] ?? "0");
  const revisions = controllerRevisionsOf(call, object);
  const number = wanted === 0 ? [...revisions.keys()].at(-2) : wanted;
  if (number === undefined) return { complaint: "error: no last revision to roll back to" };
  const template = revisions.get(number)?.data.spec.template;
  if (template === undefined) return { complaint: `error: unable to find specified revision ${wanted} in history` };
  if (canonicalJson(template) === canonicalJson(at(object, "spec", "template"))) {
    return { line: `skipped rollback (current template already matches revision ${number})` };
  }
  return { object: withValue(object, ["spec", "template"], template), done: "rolled back" };
}
