import type { KubeObject } from "../model/meta/types.ts";
import type { ReplicaSet } from "../model/replicaset/types.ts";
import type { Call } from "./call.ts";

const REVISION = "deployment.kubernetes.io/revision";

/** The ReplicaSets of a Deployment by their revision. */
export function revisionsOf(call: Call, deployment: KubeObject): ReadonlyMap<number, ReplicaSet> {
  const { uid } = deployment.metadata;
  const owned =
    uid === undefined ? [] : call.world.objects.ownedBy(uid).filter((o): o is ReplicaSet => o.kind === "ReplicaSet");
  return new Map(
    owned.map((rs) => [Number(rs.metadata.annotations?.[REVISION] ?? "0"), rs] as const).sort(([a], [b]) => a - b),
  );
}
