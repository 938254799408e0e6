/** `kubectl rollout status`: watches in virtual time. Source: kubectl/pkg/polymorphichelpers/rollout_status.go. */
import { MINUTE } from "../base/time.ts";
import { keyOf, type KubeObject } from "../model/meta/types.ts";
import { servedObjects } from "./objects.ts";
import { quote } from "../model/status.ts";
import type { Call } from "./call.ts";
import { failure, joined, type Output } from "./output.ts";
import { parseDuration, waitUntil } from "./patience.ts";
import { at, count, items, text } from "./read.ts";
import type { Target } from "./select.ts";

interface Progress {
  readonly line: string;
  readonly done: boolean;
  readonly error?: string;
}

const waiting = (line: string): Progress => ({ line, done: false });
const complete = (line: string): Progress => ({ line, done: true });

function deploymentProgress(object: KubeObject): Progress {
  const { name, generation = 0 } = object.metadata;
  const status = (field: string): number => count(object, "status", field);
  const what = `Waiting for deployment ${quote(name)} rollout to finish:`;
  if (generation > status("observedGeneration")) return waiting("Waiting for deployment spec update to be observed...");
  const late = items(object, "status", "conditions").some(
    (c) => text(c, "type") === "Progressing" && text(c, "reason") === "ProgressDeadlineExceeded",
  );
  if (late) return { line: "", done: false, error: `error: deployment ${quote(name)} exceeded its progress deadline` };
  const replicas = count(object, "spec", "replicas");
  const updated = status("updatedReplicas");
  if (updated < replicas) return waiting(`${what} ${updated} out of ${replicas} new replicas have been updated...`);
  if (status("replicas") > updated) {
    return waiting(`${what} ${status("replicas") - updated} old replicas are pending termination...`);
  }
  const available = status("availableReplicas");
  if (available < updated) return waiting(`${what} ${available} of ${updated} updated replicas are available...`);
  return complete(`deployment ${quote(name)} successfully rolled out`);
}

function daemonSetProgress(object: KubeObject): Progress {
  const { name, generation = 0 } = object.metadata;
  const status = (field: string): number => count(object, "status", field);
  if (generation > status("observedGeneration")) return waiting("Waiting for daemon set spec update to be observed...");
  const what = `Waiting for daemon set ${quote(name)} rollout to finish:`;
  const desired = status("desiredNumberScheduled");
  const updated = status("updatedNumberScheduled");
  if (updated < desired) return waiting(`${what} ${updated} out of ${desired} new pods have been updated...`);
  const available = status("numberAvailable");
  if (available < desired) return waiting(`${what} ${available} of ${desired} updated pods are available...`);
  return complete(`daemon set ${quote(name)} successfully rolled out`);
}

function statefulSetProgress(object: KubeObject): Progress {
  const { generation = 0 } = object.metadata;
  const status = (field: string): number => count(object, "status", field);
  if (generation > status("observedGeneration"))
    return waiting("Waiting for statefulset spec update to be observed...");
  const replicas = count(object, "spec", "replicas");
  const ready = status("readyReplicas");
  if (ready < replicas) return waiting(`Waiting for ${replicas - ready} pods to be ready...`);
  const partition = count(object, "spec", "updateStrategy", "rollingUpdate", "partition");
  const updated = status("updatedReplicas");
  if (partition > 0) {
    if (updated < replicas - partition) {
      return waiting(
        `Waiting for partitioned roll out to finish: ${updated} out of ${replicas - partition} new pods have been updated...`,
      );
    }
    return complete(`partitioned roll out complete: ${updated} new pods have been updated...`);
  }
  const revision = text(object, "status", "updateRevision");
  if (revision !== text(object, "status", "currentRevision")) {
    return waiting(`waiting for statefulset rolling update to complete ${updated} pods at revision ${revision}...`);
  }
  return complete(
    `statefulset rolling update complete ${status("currentReplicas")} pods at revision ${text(object, "status", "currentRevision")}...`,
  );
}

function progressOf(object: KubeObject): Progress | null {
  switch (object.kind) {
    case "Deployment":
      return deploymentProgress(object);
    case "DaemonSet":
      return daemonSetProgress(object);
    case "StatefulSet":
      return statefulSetProgress(object);
    default:
      return null;
  }
}

/** As long as the default progress deadline: after that the Deployment says itself that it is late. */
const LIMIT = 11 * MINUTE;

export function rolloutStatus(call: Call, targets: readonly Target[], errors: readonly string[]): Output {
  if (targets.length === 0) return failure(errors.join("\n") || "error: no resources found");
  const timeout = call.args.flags["--timeout"];
  const given = timeout === undefined || timeout === "0s" || timeout === "0" ? null : parseDuration(timeout);
  const watch = call.args.flags["--watch"] !== "false";
  const outputs = targets.map(({ info, object }): Output => {
    let stdout = "";
    let last = "";
    let error = "";
    const done = waitUntil(call, watch ? (given ?? LIMIT) : 0, () => {
      const now = servedObjects(call.world).get(keyOf(object));
      const progress = now === undefined ? null : progressOf(now);
      if (now === undefined) error = "error: object has been deleted";
      else if (progress === null) error = `error: no status viewer has been implemented for ${info.kind}`;
      else if (at(now, "spec", "updateStrategy", "type") === "OnDelete") {
        error = `error: rollout status is only available for RollingUpdate strategy type`;
      } else if (progress.error !== undefined) error = progress.error;
      if (error !== "" || progress === null) return true;
      if (progress.line !== last) stdout += `${progress.line}\n`;
      last = progress.line;
      return progress.done;
    });
    if (error === "" && !done && watch) error = "error: timed out waiting for the condition";
    return { stdout, stderr: error === "" ? "" : `${error}\n`, code: error === "" ? 0 : 1 };
  });
  return joined([...outputs, ...errors.map((line) => failure(line))]);
}
