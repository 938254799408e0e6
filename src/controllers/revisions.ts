import type { ObjectReader } from "../apiserver/types.ts";
import { deepEqual } from "../base/json.ts";
import type { KubeObject } from "../model/meta/types.ts";
import type { PodTemplate } from "../model/pod/types.ts";
import { controllerRef } from "./changes.ts";
import { templateHash } from "./names.ts";
import type { Operation } from "./types.ts";

/** The label that says from which revision of its owner a pod was made. */
export const REVISION_LABEL = "controller-revision-hash";

/** apps/v1 ControllerRevision: a pod template that a StatefulSet or DaemonSet has had. */
export interface ControllerRevision extends KubeObject {
  readonly kind: "ControllerRevision";
  readonly data: { readonly spec: { readonly template: PodTemplate } };
  readonly revision: number;
}

/** Revisions of an owner, and the one of its present template: found, or to be written first. */
export interface Revisions {
  readonly all: readonly ControllerRevision[];
  readonly update: ControllerRevision;
  readonly operations: readonly Operation[];
}

/** Source: pkg/controller/history/controller_history.go and getStatefulSetRevisions. */
export function revisionsOf(
  owner: KubeObject & { readonly spec: { readonly template: PodTemplate } },
  labels: Readonly<Record<string, string>> | undefined,
  reader: ObjectReader,
): Revisions {
  const { template } = owner.spec;
  const { name, namespace, uid, annotations } = owner.metadata;
  const all = reader
    .ownedBy(uid ?? "")
    .filter((object): object is ControllerRevision => object.kind === "ControllerRevision")
    .toSorted((a, b) => a.revision - b.revision);
  const last = all.at(-1);
  const next = (last?.revision ?? 0) + 1;
  const equal = all.findLast((revision) => deepEqual(revision.data.spec.template, template));
  if (equal !== undefined && equal === last) return { all, update: equal, operations: [] };
  if (equal !== undefined) {
    // A rollback: the old revision becomes the newest.
    const object = { ...equal, revision: next };
    return { all, update: object, operations: [{ op: "update", object }] };
  }
  let collisions = 0;
  const nameOf = (): string => `${name}-${templateHash(template, collisions)}`;
  while (all.some((revision) => revision.metadata.name === nameOf())) collisions += 1;
  const update: ControllerRevision = {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: nameOf(),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...labels, [REVISION_LABEL]: nameOf() },
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerRef(owner)],
    },
    data: { spec: { template } },
    revision: next,
  };
  return { all, update, operations: [{ op: "create", object: update }] };
}
