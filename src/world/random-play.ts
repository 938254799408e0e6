/** Plays random histories at both paces, brings them to rest, and says what of the two may differ. */
import { deepEqual } from "../base/json.ts";
import type { DaemonSet } from "../model/daemonset/types.ts";
import type { Deployment } from "../model/deployment/types.ts";
import { type KubeObject, keyOf, type ObjectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { ReplicationController } from "../model/replicationcontroller/types.ts";
import type { StatefulSet } from "../model/statefulset/types.ts";
import type { Command } from "../wire/protocol.ts";
import { Session } from "./commands.ts";
import { type Act, commandOf, edited } from "./random.ts";
import { type Text, textOf } from "./random-text.ts";

/** What a history that only settles does without: it changes nothing that outlives it, and takes time. */
const LEFT_OUT: ReadonlySet<Act["do"]> = new Set([
  "wait",
  "send",
  "connect",
  "exchange",
  "close",
  "load",
  "flush",
  "pace",
]);

/** A history that was played. */
export interface Played {
  readonly session: Session;
  /**
   * A text was refused, or something was on its way out when it came: to write to that is to lose what was written, its
   * namespace takes nothing more, and its ports are not free yet. So on a real server, where the user applies once more.
   */
  readonly lost: boolean;
}

/**
 * Plays a history; `settle` leaves out the waiting. Commands that are refused leave no trace. `edits`: a text that nothing has
 * followed is edited by the next one; otherwise each is applied to what those before it made. Checkpoints are close, so that
 * seeking restores many of them.
 */
export function played(acts: readonly Act[], pace: "run" | "settle", edits = true): Played {
  const session = new Session(1, 40);
  let lost = false;
  if (pace === "run") session.dispatch({ type: "pace", pace: "run" });
  for (const act of acts) {
    if (pace === "settle" && LEFT_OUT.has(act.do)) continue;
    const command = commandOf(act, session);
    if (command === null) continue;
    if (act.do === "text") {
      lost ||= isLeaving(session);
      if (!edits) session.dispatch({ type: "run", micros: 0 });
    }
    const { refusal } = session.dispatch(command);
    if (act.do === "text") lost ||= refusal !== null;
  }
  return { session, lost };
}

/** Is a Service held by its finalizer, or a namespace by what is in it? */
function isLeaving({ cluster }: Session): boolean {
  return ["Service", "Namespace"].some((kind) =>
    cluster.store.list<KubeObject>(kind).some(({ metadata }) => metadata.deletionTimestamp !== undefined),
  );
}

/** Mends everything that is broken, and lets the cluster come to rest at its present pace. False when it never rests. */
export function mended(session: Session): boolean {
  const { cluster } = session;
  const { faults } = cluster.state;
  for (const node of Object.keys(faults.down)) session.dispatch({ type: "fault", fault: "node", node, on: true });
  for (const node of Object.keys(faults.proxyStopped)) {
    session.dispatch({ type: "fault", fault: "kube-proxy", node, on: true });
  }
  for (const node of Object.keys(faults.lag)) session.dispatch({ type: "fault", fault: "watch-lag", node, micros: 0 });
  for (const node of cluster.store.list<Node>("Node")) {
    if (node.spec.unschedulable === true) give(session, edited(node, { unschedulable: undefined }, "uncordon"));
  }
  for (const what of ["hang", "unready"] as const) {
    for (const pod of Object.keys(what === "hang" ? faults.hung : faults.unready) as ObjectKey[]) {
      session.dispatch({ type: "fault", fault: what, pod, on: false });
    }
  }
  return cluster.history.runToQuiet().quiet;
}

function give(session: Session, command: Command | null): void {
  if (command !== null) session.dispatch(command);
}

/** Applies a text to a cluster at rest, and lets it come to rest again. */
export function applied(session: Session, text: Text): "refused" | "restless" | "rests" {
  // What nothing has followed would be edited, not applied again.
  session.dispatch({ type: "run", micros: 0 });
  if (session.dispatch({ type: "text", text: textOf(text) }).refusal !== null) return "refused";
  return mended(session) ? "rests" : "restless";
}

/** The same text with templates that can become ready, and no rollout paused. */
export function completable(text: Text): Text {
  return {
    ...text,
    apps: text.apps.map((app) => ({
      ...app,
      behavior: app.behavior === "ready=false" ? "" : app.behavior,
      rollout: app.rollout === "paused" ? "" : app.rollout,
    })),
  };
}

/** Deletes the pods that their owners never replace by themselves (see {@link unfinished}). False when it never rests. */
export function helped(session: Session): boolean {
  const { store } = session.cluster;
  const owners = ["StatefulSet", "ReplicationController"].flatMap((kind) => store.list<KubeObject>(kind));
  for (const pod of owners.flatMap(({ metadata }) => store.ownedBy(metadata.uid ?? ""))) {
    if (pod.kind === "Pod") session.dispatch({ type: "delete", key: keyOf(pod), force: false });
  }
  return mended(session);
}

/** `namespace/name` of the workloads of which the end depends on the way there, on a real cluster as here. */
export function unfinished({ cluster }: Session): ReadonlySet<string> {
  const { store } = cluster;
  const names = new Set<string>();
  const note = <T extends KubeObject>(kind: string, isDone: (object: T) => boolean): void => {
    for (const object of store.list<T>(kind)) if (!isDone(object)) names.add(nameOf(object));
  };
  // A rollout whose new pods never become ready keeps as many old ones as were ready when it began, within maxUnavailable.
  // One that came before the last rollout had pods up keeps none. A paused one keeps what there was.
  note<Deployment>("Deployment", ({ spec, status }) =>
    [status.updatedReplicas, status.replicas, status.availableReplicas].every((n) => (n ?? 0) === spec.replicas),
  );
  note<DaemonSet>("DaemonSet", ({ status }) =>
    [status.updatedNumberScheduled, status.numberAvailable].every((n) => (n ?? 0) === status.desiredNumberScheduled),
  );
  // An ordered StatefulSet waits for a pod that never becomes ready even when its template has been mended since.
  note<StatefulSet>("StatefulSet", ({ spec, status }) =>
    [status.updatedReplicas, status.replicas, status.readyReplicas].every((n) => (n ?? 0) === spec.replicas),
  );
  // A ReplicationController never replaces pods of an earlier template.
  note<ReplicationController>("ReplicationController", (owner) => {
    const { template } = owner.spec;
    const pods = store.ownedBy(owner.metadata.uid ?? "").filter((object): object is Pod => object.kind === "Pod");
    return pods.every(
      (pod) =>
        deepEqual(pod.metadata.annotations, template?.metadata?.annotations) &&
        pod.spec.containers[0]?.image === template?.spec.containers[0]?.image,
    );
  });
  return names;
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Unfinished Deployments and DaemonSets that nobody paused: these are stuck whichever way they came there. */
export function stuck(session: Session): readonly string[] {
  const { store } = session.cluster;
  const open = unfinished(session);
  return ["Deployment", "DaemonSet"].flatMap((kind) =>
    store
      .list<Deployment | DaemonSet>(kind)
      .filter((object) => open.has(nameOf(object)) && !("paused" in object.spec && object.spec.paused === true))
      .map((object) => `${kind} ${nameOf(object)}`),
  );
}
