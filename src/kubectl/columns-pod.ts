/** The cells of a pod: printPod of pkg/printers/internalversion/printers.go. */
import { fromTimestamp, SECOND } from "../base/time.ts";
import type { Pod } from "../model/pod/types.ts";
import { humanDuration } from "./age.ts";
import { at, count, items, text } from "./read.ts";

export interface PodCells {
  readonly ready: string;
  readonly status: string;
  readonly restarts: string;
}

const finished = (status: unknown): string => text(status, "lastState", "terminated", "finishedAt");

/** What a container that is not running says of itself; "" for one that says nothing. */
function reasonOf(status: unknown): string {
  const waiting = text(status, "state", "waiting", "reason");
  if (waiting !== "") return waiting;
  const ended = at(status, "state", "terminated");
  if (ended === undefined) return "";
  const signal = count(ended, "signal");
  return text(ended, "reason") || (signal !== 0 ? `Signal:${signal}` : `ExitCode:${count(ended, "exitCode")}`);
}

/** READY, STATUS and RESTARTS. `now` is for how long ago the last restart was. */
export function podCells(pod: Pod, now: number): PodCells {
  const { spec, status, metadata } = pod;
  const conditions = status.conditions ?? [];
  let reason: string = status.reason || status.phase || "Unknown";
  if (conditions.some((c) => c.type === "PodScheduled" && c.reason === "SchedulingGated")) reason = "SchedulingGated";

  const inits = items(status, "initContainerStatuses");
  const declared = spec.initContainers ?? [];
  const sidecars = declared.filter((c) => c.restartPolicy === "Always");
  let restarts = 0;
  let lastRestart = "";
  let initializing = false;
  const noteRestart = (container: unknown): void => {
    const when = finished(container);
    if (when > lastRestart) lastRestart = when;
  };
  for (const [i, container] of inits.entries()) {
    restarts += count(container, "restartCount");
    noteRestart(container);
    const sidecar = sidecars.some((c) => c.name === text(container, "name"));
    const ended = at(container, "state", "terminated");
    if (ended !== undefined && count(ended, "exitCode") === 0) continue;
    if (sidecar && at(container, "started") === true) continue;
    const why = reasonOf(container);
    reason =
      ended !== undefined
        ? `Init:${why}`
        : why !== "" && why !== "PodInitializing"
          ? `Init:${why}`
          : `Init:${i}/${declared.length}`;
    initializing = true;
    break;
  }

  const containers = items(status, "containerStatuses");
  let ready = sidecars.filter((c) => inits.some((s) => text(s, "name") === c.name && at(s, "ready") === true)).length;
  if (!initializing || conditions.some((c) => c.type === "Initialized" && c.status === "True")) {
    if (!initializing)
      restarts = inits
        .filter((s) => sidecars.some((c) => c.name === text(s, "name")))
        .reduce<number>((n, s) => n + count(s, "restartCount"), 0);
    let running = false;
    for (const container of [...containers].reverse()) {
      restarts += count(container, "restartCount");
      noteRestart(container);
      const why = reasonOf(container);
      if (why !== "") reason = why;
      else if (at(container, "ready") === true && at(container, "state", "running") !== undefined) {
        running = true;
        ready += 1;
      }
    }
    // A pod that still runs something is not completed.
    if (reason === "Completed" && running) {
      reason = conditions.some((c) => c.type === "Ready" && c.status === "True") ? "Running" : "NotReady";
    }
  }

  if (metadata.deletionTimestamp !== undefined) {
    const over = status.phase === "Succeeded" || status.phase === "Failed";
    if (status.reason === "NodeLost") reason = "Unknown";
    else if (!over) reason = "Terminating";
  }
  const ago = lastRestart === "" ? "" : ` (${humanDuration((now - fromTimestamp(lastRestart)) / SECOND)} ago)`;
  return {
    ready: `${ready}/${spec.containers.length + sidecars.length}`,
    status: reason,
    restarts: `${restarts}${restarts === 0 ? "" : ago}`,
  };
}
