import type { ObjectReader } from "../../apiserver/types.ts";
import { keyOf, type ObjectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import { hostPorts, isActive } from "../pods.ts";

/** Why a kubelet will not run a pod that stands on its node. */
export interface Rejection {
  readonly reason: string;
  readonly message: string;
}

/**
 * A pod with `spec.nodeName` has not been through the scheduler, so the kubelet looks for itself whether the node's ports are free: the
 * first pod has them. Only for pods that nobody replaces: a ReplicaSet would make another at once, and another, for as long as it is there.
 * Source: generalFilter in pkg/kubelet/lifecycle/predicate.go.
 */
export function rejectionOf(pod: Pod, reader: ObjectReader, isKnown: (pod: ObjectKey) => boolean): Rejection | null {
  const { phase = "Pending", startTime } = pod.status;
  const isOwned = pod.metadata.ownerReferences?.some(({ controller }) => controller === true) === true;
  const wanted = hostPorts(pod);
  const node = pod.spec.nodeName;
  if (node === undefined || wanted.length === 0 || isOwned || phase !== "Pending" || startTime !== undefined)
    return null;
  const taken = new Set(
    reader
      .podsOnNode(node)
      .filter((other) => keyOf(other) !== keyOf(pod) && isActive(other) && isKnown(keyOf(other)))
      .flatMap(hostPorts),
  );
  if (!wanted.some((port) => taken.has(port))) return null;
  return {
    reason: "NodePorts",
    message: "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports",
  };
}
