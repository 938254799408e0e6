import type { Commit } from "../apiserver/types.ts";
import { KINDS } from "../model/kinds.ts";
import { keyOf, type KubeObject, objectKey, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { Namespace } from "../model/namespace/types.ts";
import { changesOf, isDeleting } from "./changes.ts";
import type { ObjectReader } from "../apiserver/types.ts";
import { type Controller, NOTHING, type Operation, type Reconciliation, type ReconcileView } from "./types.ts";

/** Kinds that live in namespaces, in the order in which they are emptied: Pods first (OrderedNamespaceDeletion, 1.33). */
const NAMESPACED = [
  ...new Set(["Pod", ...KINDS.filter((info) => info.namespaced && info.support !== "config").map((info) => info.kind)]),
];

/** Empties a Namespace that is being deleted, then lets it go. Source: pkg/controller/namespace/deletion. */
export const namespaceController: Controller = {
  name: "namespace-controller",
  instanceOf: () => "namespace-controller",
  keysFor(commit: Commit, reader: ObjectReader): readonly string[] {
    const keys = new Set<string>();
    for (const { to, object } of changesOf(commit)) {
      if (object.kind === "Namespace") {
        if (to !== undefined && isDeleting(to)) keys.add(keyOf(to));
        continue;
      }
      // Anything that comes or goes in a namespace on its way out.
      const { namespace } = object.metadata;
      if (namespace === undefined) continue;
      const key = objectKey("Namespace", undefined, namespace);
      const owner = reader.get(key);
      if (owner !== undefined && isDeleting(owner)) keys.add(key);
    }
    return [...keys];
  },
  reconcile(key: string, view: ReconcileView): Reconciliation {
    const namespace = view.reader.get<Namespace>(key as ObjectKey);
    if (namespace === undefined || !isDeleting(namespace)) return NOTHING;
    const { name } = splitKey(key as ObjectKey);
    const pods = view.reader.list<KubeObject>("Pod", name);
    const content = pods.length > 0 ? pods : NAMESPACED.flatMap((kind) => view.reader.list<KubeObject>(kind, name));
    if (content.length === 0) {
      return { operations: [{ op: "remove", key: key as ObjectKey }], title: `Namespace ${name} is empty and gone` };
    }
    const operations = content
      .filter((object) => !isDeleting(object))
      .map((object): Operation => ({ op: "delete", key: keyOf(object) }));
    return operations.length === 0 ? NOTHING : { operations, title: `Emptying namespace ${name}` };
  },
};
