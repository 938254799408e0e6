import type { KubeObject } from "../model/meta/types.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import { must } from "../base/assert.ts";
import { kindNamed } from "../model/kinds.ts";
import { type Call, noteRequest } from "./call.ts";
import { pairs } from "./read.ts";

const REVISION = "deployment.kubernetes.io/revision";

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
