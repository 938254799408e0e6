/** An object's state in a few words, as the columns of `kubectl get` say it. */
import type { Deployment } from "../../model/deployment/types.ts";
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { ReplicaSet } from "../../model/replicaset/types.ts";
import type { Service } from "../../model/service/types.ts";
import { count } from "./problems.ts";

const holds = (conditions: readonly { readonly type: string; readonly status: string }[] | undefined): boolean =>
  (conditions ?? []).some(({ type, status }) => type === "Ready" && status === "True");

/** Empty for kinds that have no state of their own. */
export function statusOf(object: KubeObject): string {
  if (object.metadata.deletionTimestamp !== undefined) return "Terminating";
  switch (object.kind) {
    case "Service": {
      const { type, clusterIP, externalName } = (object as Service).spec;
      return [type ?? "ClusterIP", clusterIP ?? externalName ?? ""].join(" ").trim();
    }
    case "Deployment":
    case "ReplicaSet": {
      const { spec, status } = object as Deployment | ReplicaSet;
      return `${String(status?.readyReplicas ?? 0)}/${String(spec.replicas ?? 1)} ready`;
    }
    case "Pod": {
      const { status } = object as Pod;
      const phase = status?.phase ?? "Pending";
      const state = phase === "Running" ? (holds(status?.conditions) ? "Ready" : "not ready") : phase;
      return [state, status?.podIP ?? ""].join(" ").trim();
    }
    case "Node":
      return holds((object as Node).status?.conditions) ? "Ready" : "NotReady";
    case "EndpointSlice": {
      const endpoints = (object as EndpointSlice).endpoints ?? [];
      return count(endpoints.length, "endpoint");
    }
    default:
      return "";
  }
}
