import type { Commit, ObjectReader } from "../../apiserver/types.ts";
import { deepEqual } from "../../base/json.ts";
import { SECOND } from "../../base/time.ts";
import type { Deployment } from "../../model/deployment/types.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { ReplicaSet } from "../../model/replicaset/types.ts";
import { labelSelectorMatches } from "../../model/selectors.ts";
import { adopted, changesOf, controllerOf, controllerRef, isDeleting } from "../changes.ts";
import { templateHash } from "../names.ts";
import { isTerminal } from "../pods.ts";
import {
  type Controller,
  type EventNote,
  NOTHING,
  type Operation,
  type Reconciliation,
  type ReconcileView,
} from "../types.ts";
import {
  boundsOf,
  byAge,
  DESIRED_REPLICAS,
  HASH_LABEL,
  isRolling,
  MAX_REPLICAS,
  newReplicas,
  newReplicaSetOf,
  proportionalSizes,
  REVISION,
  revisionOf,
  sameTemplate,
  scaledDownOldSets,
  specSum,
} from "./replicas.ts";
import { hasProgressed, isComplete, statusOf } from "./status.ts";

/** Rolls Deployments out through ReplicaSets. Source: pkg/controller/deployment. */
export const deploymentController: Controller = {
  name: "deployment-controller",
  instanceOf: () => "deployment-controller",
  keysFor,
  reconcile,
};

function keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
  const keys = new Set<string>();
  for (const { from, to, object } of changesOf(commit)) {
    const { kind, metadata } = object;
    if (kind === "Deployment") keys.add(keyOf(object));
    else if (kind === "ReplicaSet") {
      for (const side of [from, to]) {
        const owner = side === undefined ? undefined : controllerOf(side);
        if (owner?.kind === "Deployment") keys.add(objectKey("Deployment", metadata.namespace, owner.name));
      }
      if (to !== undefined && controllerOf(to) === undefined) {
        for (const deployment of reader.workloadsFor<Deployment>(
          "Deployment",
          metadata.namespace ?? "",
          metadata.labels ?? {},
        )) {
          if (labelSelectorMatches(deployment.spec.selector, metadata.labels)) keys.add(keyOf(deployment));
        }
      }
    } else if (kind === "Pod" && to === undefined) {
      // Recreate waits for the last old pod to be gone.
      const owner = controllerOf(object);
      const rs = owner === undefined ? undefined : reader.get(objectKey("ReplicaSet", metadata.namespace, owner.name));
      const root = rs === undefined ? undefined : controllerOf(rs);
      if (root?.kind === "Deployment") keys.add(objectKey("Deployment", metadata.namespace, root.name));
    }
  }
  return [...keys];
}

/** One step of a rollout: the writes, and the name of a ReplicaSet that they create. */
interface Step {
  readonly operations: readonly Operation[];
  readonly title: string | null;
  readonly created: string | null;
  /** status.collisionCount, when making that set ran into others of its name. */
  readonly collisions?: number;
}

const STAY: Step = { operations: [], title: null, created: null };

function reconcile(key: string, view: ReconcileView): Reconciliation {
  const deployment = view.reader.get<Deployment>(key as ObjectKey);
  if (deployment === undefined) {
    return view.memory(key) === undefined ? NOTHING : { operations: [], remember: { [key]: null } };
  }
  const owned = view.reader
    .ownedBy(deployment.metadata.uid ?? "")
    .filter((object): object is ReplicaSet => object.kind === "ReplicaSet")
    .toSorted(byAge);
  const current = newReplicaSetOf(deployment, owned);
  // Orphans are looked for only when a set is missing: that is when a Deployment that was deleted with --cascade=orphan comes
  // back, and it spares all others the search through the namespace.
  if (current === undefined && !isDeleting(deployment)) {
    const operations = orphansOf(deployment, view.reader).map((rs): Operation => ({
      op: "update",
      object: adopted(rs, deployment),
    }));
    if (operations.length > 0) return { operations, title: `Adopted ${operations.length} replica set(s)` };
  }
  const old = owned.filter((rs) => rs !== current);
  const step = isDeleting(deployment) ? STAY : stepOf(deployment, owned, current, old, view.reader);

  // The Deployment itself is written once: its revision first, its status when that write brings the key back.
  const revision = current === undefined ? undefined : String(revisionOf(current));
  const annotations = deployment.metadata.annotations;
  if (revision !== undefined && revision !== "0" && annotations?.[REVISION] !== revision && !isDeleting(deployment)) {
    const metadata = { ...deployment.metadata, annotations: { ...annotations, [REVISION]: revision } };
    return result(deployment, step, [
      ...step.operations,
      { op: "update", object: { ...deployment, metadata } as KubeObject },
    ]);
  }

  const deadline = (deployment.spec.progressDeadlineSeconds ?? 600) * SECOND;
  const noted = view.memory(key) as number | undefined;
  const collisions = step.collisions ?? deployment.status.collisionCount ?? 0;
  const progress = {
    current,
    created: step.created,
    collisions,
    late: noted !== undefined && view.now - noted >= deadline,
  };
  const status = statusOf(deployment, owned, progress, view.now);
  const operations = [...step.operations];
  if (!deepEqual(status, deployment.status)) {
    operations.push({ op: "updateStatus", object: { ...deployment, status } as KubeObject });
  }
  // Memory: when the rollout last got on; nothing once it is complete.
  const waiting = !isComplete(deployment, status) && deployment.spec.paused !== true;
  const moved = noted === undefined || step.created !== null || hasProgressed(deployment.status, status);
  const since = waiting ? (moved ? view.now : noted) : null;
  const left = since === null ? 0 : since + deadline - view.now;
  return {
    ...result(deployment, step, operations),
    ...(since === (noted ?? null) ? {} : { remember: { [key]: since } }),
    ...(since === null || left <= 0 ? {} : { requeue: { class: "deadline", micros: left } as const }),
  };
}

function result(deployment: Deployment, step: Step, operations: readonly Operation[]): Reconciliation {
  if (step.title === null) return { operations };
  // Scaling is told by one event per replica set, in the words of the journal.
  const events = step.title
    .split("; ")
    .filter((message) => message.startsWith("Scaled "))
    .map((message): EventNote => ({ about: deployment, type: "Normal", reason: "ScalingReplicaSet", message }));
  return { operations, title: step.title, ...(events.length === 0 ? {} : { events }) };
}

function orphansOf(deployment: Deployment, reader: ObjectReader): readonly ReplicaSet[] {
  const orphans = reader.replicaSetsWithoutOwner(deployment.metadata.namespace ?? "") as readonly ReplicaSet[];
  return orphans.filter((rs) => !isDeleting(rs) && labelSelectorMatches(deployment.spec.selector, rs.metadata.labels));
}

function stepOf(
  deployment: Deployment,
  owned: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  reader: ObjectReader,
): Step {
  const scaling = owned.some(
    (rs) =>
      rs.spec.replicas > 0 &&
      rs.metadata.annotations?.[DESIRED_REPLICAS] !== undefined &&
      rs.metadata.annotations[DESIRED_REPLICAS] !== String(deployment.spec.replicas),
  );
  if (deployment.spec.paused === true || scaling) return scaleStep(deployment, owned, current, old);
  if (isRolling(deployment)) return rollingStep(deployment, owned, current, old, reader);
  return recreateStep(deployment, owned, current, old, reader);
}

/** Source: rolloutRolling. */
function rollingStep(
  deployment: Deployment,
  owned: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  reader: ObjectReader,
): Step {
  if (current === undefined) return createStep(deployment, owned, reader);
  const upkeep = annotationStep(deployment, current, old);
  if (upkeep !== null) return upkeep;
  const wanted = deployment.spec.replicas;
  const size = current.spec.replicas > wanted ? wanted : newReplicas(deployment, owned, current.spec.replicas);
  if (size !== current.spec.replicas) return resize(deployment, [[current, size]]);
  const sizes = scaledDownOldSets(deployment, current, old);
  const down = resize(deployment, withSizes(old, sizes));
  return down.operations.length > 0 ? down : cleanUp(deployment, current, old);
}

/** Source: rolloutRecreate. */
function recreateStep(
  deployment: Deployment,
  owned: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  reader: ObjectReader,
): Step {
  const down = resize(
    deployment,
    old.filter((rs) => rs.spec.replicas > 0).map((rs) => [rs, 0] as const),
  );
  if (down.operations.length > 0) return down;
  const stillRunning = old.some((rs) =>
    reader.ownedBy(rs.metadata.uid ?? "").some((object) => object.kind === "Pod" && !isTerminal(object as Pod)),
  );
  if (stillRunning) return STAY;
  if (current === undefined) return createStep(deployment, owned, reader);
  const upkeep = annotationStep(deployment, current, old);
  if (upkeep !== null) return upkeep;
  if (current.spec.replicas !== deployment.spec.replicas) {
    return resize(deployment, [[current, deployment.spec.replicas]]);
  }
  return cleanUp(deployment, current, old);
}

/** Paused, or spec.replicas has changed: sizes move, no rollout does. Source: dc.sync and dc.scale. */
function scaleStep(
  deployment: Deployment,
  owned: readonly ReplicaSet[],
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Step {
  const active = owned.filter((rs) => rs.spec.replicas > 0);
  const only = active.length === 1 ? active[0] : active.length === 0 ? (current ?? owned[owned.length - 1]) : undefined;
  if (only !== undefined) return resize(deployment, [[only, deployment.spec.replicas]], true);
  const saturated =
    current !== undefined &&
    current.spec.replicas === deployment.spec.replicas &&
    current.status.availableReplicas === deployment.spec.replicas &&
    current.metadata.annotations?.[DESIRED_REPLICAS] === String(deployment.spec.replicas);
  if (saturated) {
    return resize(
      deployment,
      old.filter((rs) => rs.spec.replicas > 0).map((rs) => [rs, 0] as const),
    );
  }
  if (!isRolling(deployment)) return STAY;
  return resize(deployment, withSizes(active, proportionalSizes(deployment, owned)), true);
}

function withSizes(
  sets: readonly ReplicaSet[],
  sizes: ReadonlyMap<string, number>,
): readonly (readonly [ReplicaSet, number])[] {
  return sets.flatMap((rs) => {
    const size = sizes.get(rs.metadata.name);
    return size === undefined ? [] : [[rs, size] as const];
  });
}

/** Annotations of its sets that say for which size they were meant. */
function sizeAnnotations(deployment: Deployment): Readonly<Record<string, string>> {
  return {
    [DESIRED_REPLICAS]: String(deployment.spec.replicas),
    [MAX_REPLICAS]: String(deployment.spec.replicas + boundsOf(deployment).surge),
  };
}

/** Writes of new sizes. Sets that keep size and annotations are left alone; `note` refreshes the annotations even then. */
function resize(deployment: Deployment, sizes: readonly (readonly [ReplicaSet, number])[], note = false): Step {
  const operations: Operation[] = [];
  const titles: string[] = [];
  for (const [rs, size] of sizes) {
    const annotations = { ...rs.metadata.annotations, ...sizeAnnotations(deployment) };
    if (size === rs.spec.replicas && !(note && !deepEqual(annotations, rs.metadata.annotations))) continue;
    operations.push({
      op: "update",
      object: { ...rs, metadata: { ...rs.metadata, annotations }, spec: { ...rs.spec, replicas: size } } as KubeObject,
    });
    if (size !== rs.spec.replicas) titles.push(scaledTitle(rs.metadata.name, rs.spec.replicas, size));
  }
  return { operations, title: titles.length === 0 ? null : titles.join("; "), created: null };
}

function scaledTitle(name: string, from: number, to: number): string {
  return `Scaled ${to > from ? "up" : "down"} replica set ${name} from ${from} to ${to}`;
}

/** Not handed down to ReplicaSets. Source: annotationsToSkip. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  REVISION,
  "deployment.kubernetes.io/revision-history",
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  "deprecated.deployment.rollback.to",
]);

function inheritedAnnotations(deployment: Deployment): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => !OWN_ANNOTATIONS.has(name)),
  );
}

/** The new ReplicaSet. Source: getNewReplicaSet. */
function createStep(deployment: Deployment, owned: readonly ReplicaSet[], reader: ObjectReader): Step {
  const { template } = deployment.spec;
  let collisions = deployment.status.collisionCount ?? 0;
  let hash = templateHash(template, collisions);
  // Another template, or somebody else's set, may have the name already: status.collisionCount goes into the hash too.
  for (;;) {
    const name = objectKey("ReplicaSet", deployment.metadata.namespace, `${deployment.metadata.name}-${hash}`);
    const rival = reader.get<ReplicaSet>(name);
    const isOurs = rival !== undefined && owned.some(({ metadata }) => metadata.uid === rival.metadata.uid);
    if (rival === undefined || (isOurs && sameTemplate(rival.spec.template, template))) break;
    collisions += 1;
    hash = templateHash(template, collisions);
  }
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
  const replicas = newReplicas(deployment, owned, 0);
  const revision = owned.reduce((most, rs) => Math.max(most, revisionOf(rs)), 0) + 1;
  const name = `${deployment.metadata.name}-${hash}`;
  const rs: ReplicaSet = {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name,
      ...(deployment.metadata.namespace === undefined ? {} : { namespace: deployment.metadata.namespace }),
      labels,
      annotations: {
        ...inheritedAnnotations(deployment),
        ...sizeAnnotations(deployment),
        [REVISION]: String(revision),
      },
      ownerReferences: [controllerRef(deployment)],
    },
    spec: {
      replicas,
      selector: {
        ...deployment.spec.selector,
        matchLabels: { ...deployment.spec.selector.matchLabels, [HASH_LABEL]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
      ...(deployment.spec.minReadySeconds === undefined ? {} : { minReadySeconds: deployment.spec.minReadySeconds }),
    },
    status: { replicas: 0 },
  };
  const title = replicas > 0 ? scaledTitle(name, 0, replicas) : `Created new replica set "${name}"`;
  return { operations: [{ op: "create", object: rs }], title, created: name, collisions };
}

/** Keeps revision, minReadySeconds and inherited annotations of the present set: a rollback makes its revision the newest. */
function annotationStep(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Step | null {
  const newest = old.reduce((most, rs) => Math.max(most, revisionOf(rs)), 0) + 1;
  const annotations = {
    ...current.metadata.annotations,
    ...inheritedAnnotations(deployment),
    [REVISION]: String(Math.max(newest, revisionOf(current))),
  };
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  if (deepEqual(annotations, current.metadata.annotations) && (current.spec.minReadySeconds ?? 0) === minReadySeconds) {
    return null;
  }
  const object = {
    ...current,
    metadata: { ...current.metadata, annotations },
    spec: { ...current.spec, minReadySeconds },
  } as KubeObject;
  return { operations: [{ op: "update", object }], title: null, created: null };
}

/** Old empty sets beyond revisionHistoryLimit go, oldest first. Source: cleanupDeployment. */
function cleanUp(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Step {
  const done = current.status.availableReplicas === deployment.spec.replicas && specSum(old) === 0;
  const surplus = old.length - (deployment.spec.revisionHistoryLimit ?? 10);
  if (!done || surplus <= 0) return STAY;
  const operations = old
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, surplus)
    .filter((rs) => rs.status.replicas === 0 && !isDeleting(rs))
    .map((rs): Operation => ({ op: "delete", key: keyOf(rs) }));
  return { operations, title: null, created: null };
}
