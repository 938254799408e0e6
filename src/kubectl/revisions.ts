import type { KubeObject } from "../model/meta/types.ts";
import type { ControllerRevision } from "../controllers/revisions.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import { must } from "../base/assert.ts";
import { kindNamed } from "../model/kinds.ts";
import { type Call, noteRequest } from "./call.ts";
import { pairs } from "./read.ts";

const REVISION = "deployment.kubernetes.io/revision";

/** Revision number → the pod template of a DaemonSet or StatefulSet then, and what is noted of it. */
export function controllerRevisionsOf(call: Call, object: KubeObject): ReadonlyMap<number, ControllerRevision> {
  const { uid, namespace } = object.metadata;
  const selector = pairs(object, "spec", "selector", "matchLabels");
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  const info = must(kindNamed("ControllerRevision"), "ControllerRevision");
  noteRequest(call, "GET", info, { namespace, query: { labelSelector } });
  const owned = uid === undefined ? [] : call.world.objects.ownedBy(uid);
  return new Map(
    owned
      .filter((o): o is ControllerRevision => o.kind === "ControllerRevision")
      .map((one) => [one.revision, one] as const)
      .sort(([a], [b]) => a - b),
  );
}

/** The ReplicaSets of a Deployment by their revision. */
export function revisionsOf(call: Call, deployment: KubeObject): ReadonlyMap<number, ReplicaSet> {
  const { uid, namespace } = deployment.metadata;
  const selector = pairs(deployment, "spec", "selector", "matchLabels");
  const labelSelector = Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");
  noteRequest(call, "GET", must(kindNamed("ReplicaSet"), "ReplicaSet"), { namespace, query: { labelSelector } });
  const owned =
    uid === undefined ? [] : call.world.objects.ownedBy(uid).filter((o): o is ReplicaSet => o.kind === "ReplicaSet");
  return new Map(
    owned.map((rs) => [Number(rs.metadata.annotations?.[REVISION] ?? "0"), rs] as const).sort(([a], [b]) => a - b),
  );
}
