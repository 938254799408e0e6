import type { Commit } from "../apiserver/types.ts";
import type { KubeObject, OwnerReference } from "../model/meta/types.ts";

/** One object's change in a commit: added (no `from`), updated, or removed (no `to`). */
export interface Change {
  readonly from: KubeObject | undefined;
  readonly to: KubeObject | undefined;
  /** The newest state there is: `to`, or for a removal `from`. */
  readonly object: KubeObject;
}

/** The commit that was asked for last: every controller asks for the same one, one after the other. */
let told: { readonly commit: Commit; readonly changes: readonly Change[] } | null = null;

/** All changes of a commit, removals last. */
export function changesOf(commit: Commit): readonly Change[] {
  if (told?.commit !== commit) {
    const changes: Change[] = [];
    for (const object of commit.added) changes.push({ from: undefined, to: object, object });
    for (const [from, to] of commit.updated) changes.push({ from, to, object: to });
    for (const object of commit.removed) changes.push({ from: object, to: undefined, object });
    told = { commit, changes };
  }
  return told.changes;
}

/** The owner that manages this object (controller: true), or undefined. Source: metav1.GetControllerOf. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** A controller's mark on what it makes. Source: metav1.NewControllerRef. */
export function controllerRef(owner: KubeObject): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The same object with this owner as its controller. */
export function adopted<T extends KubeObject>(object: T, owner: KubeObject): T {
  const others = object.metadata.ownerReferences ?? [];
  return { ...object, metadata: { ...object.metadata, ownerReferences: [...others, controllerRef(owner)] } };
}

/** True from the deletion mark on. */
export function isDeleting(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}
