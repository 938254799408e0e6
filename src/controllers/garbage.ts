import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { SECOND } from "../base/time.ts";
import { keyOf, objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { changesOf, isDeleting } from "./changes.ts";
import { type Controller, NOTHING, type Operation, type Reconciliation, type ReconcileView } from "./types.ts";

/**
 * Background deletion: when an owner is gone, what it controlled goes too. Keys are uids of owners that went. An object that
 * arrives with an owner that never was here (pasted from another cluster) is left alone, unlike on a real one.
 * Source: pkg/controller/garbagecollector.
 */
export const garbageCollector: Controller = {
  name: "generic-garbage-collector",
  instanceOf: () => "generic-garbage-collector",
  keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
    return commit.removed.flatMap(({ metadata: { uid } }) =>
      uid === undefined || reader.ownedBy(uid).length === 0 ? [] : [uid],
    );
  },
  reconcile(uid: string, view: ReconcileView): Reconciliation {
    const orphans = view.reader.ownedBy(uid).filter((object) => !isDeleting(object));
    if (orphans.length === 0) return NOTHING;
    const first = orphans[0];
    const what =
      orphans.length === 1 && first !== undefined
        ? `${first.kind} ${first.metadata.name}`
        : `${orphans.length} objects`;
    return {
      operations: orphans.map((object): Operation => ({ op: "delete", key: keyOf(object) })),
      title: `Deleted ${what}: the owner is gone`,
    };
  },
};

/** How long the pods of a vanished node are kept before they are given up. */
const QUARANTINE = { class: "grace", micros: 40 * SECOND } as const;

/** Removes the pods of Nodes that were deleted: nobody else can, their kubelet is gone. Source: pkg/controller/podgc. */
export const podGarbageCollector: Controller = {
  name: "pod-garbage-collector",
  watches: new Set(["Node"]),
  instanceOf: () => "pod-garbage-collector",
  keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
    const keys: string[] = [];
    for (const { to, object } of changesOf(commit)) {
      if (object.kind === "Node" && to === undefined && reader.podsOnNode(object.metadata.name).length > 0) {
        keys.push(object.metadata.name);
      }
    }
    return keys;
  },
  reconcile(name: string, view: ReconcileView): Reconciliation {
    const noted = view.memory(name) as number | undefined;
    const forget = noted === undefined ? {} : { remember: { [name]: null } };
    const pods: readonly Pod[] = view.reader.podsOnNode(name);
    if (pods.length === 0 || view.reader.get(objectKey("Node", undefined, name)) !== undefined) {
      return { operations: [], ...forget };
    }
    const due = noted ?? view.now + view.latency(QUARANTINE);
    if (view.now < due) {
      return { operations: [], remember: { [name]: due }, requeue: { class: "timer", micros: due - view.now } };
    }
    return {
      operations: pods.map((pod): Operation => ({ op: "delete", key: keyOf(pod), force: true })),
      ...forget,
      title: `Deleted the pods of node ${name}: it is gone`,
    };
  },
};
