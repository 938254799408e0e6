/** What the API server fills in on create and update. Allocation (cluster IPs, node ports, uid) is not defaulting: it is the server's. */
import { defaultDeployment } from "./deployment/defaults.ts";
import type { Deployment } from "./deployment/types.ts";
import { defaultEndpoints } from "./endpoints/defaults.ts";
import type { Endpoints } from "./endpoints/types.ts";
import { defaultEndpointSlice } from "./endpointslice/defaults.ts";
import type { EndpointSlice } from "./endpointslice/types.ts";
import { defaultClient, defaultCloudProvider, defaultLab } from "./kubehop/defaults.ts";
import type { Client, CloudProvider, Lab } from "./kubehop/types.ts";
import type { KubeObject } from "./meta/types.ts";
import { defaultNamespace } from "./namespace/defaults.ts";
import type { Namespace } from "./namespace/types.ts";
import { defaultNode } from "./node/defaults.ts";
import type { Node } from "./node/types.ts";
import { defaultPod } from "./pod/defaults.ts";
import type { Pod } from "./pod/types.ts";
import { defaultReplicaSet } from "./replicaset/defaults.ts";
import type { ReplicaSet } from "./replicaset/types.ts";
import { defaultService } from "./service/defaults.ts";
import type { Service } from "./service/types.ts";

/**
 * The object with the API's defaults. Idempotent, and never changes its argument. It takes objects as they come out of
 * decoding, where required parts may be missing: what validation is to complain about stays missing.
 */
export function applyDefaults<T extends KubeObject>(object: T): T {
  return dispatch(object) as KubeObject as T;
}

function dispatch(object: KubeObject): KubeObject {
  switch (`${object.apiVersion} ${object.kind}`) {
    case "v1 Service":
      return defaultService(object as Service);
    case "v1 Pod":
      return defaultPod(object as Pod);
    case "v1 Node":
      return defaultNode(object as Node);
    case "v1 Namespace":
      return defaultNamespace(object as Namespace);
    case "v1 Endpoints":
      return defaultEndpoints(object as Endpoints);
    case "apps/v1 Deployment":
      return defaultDeployment(object as Deployment);
    case "apps/v1 ReplicaSet":
      return defaultReplicaSet(object as ReplicaSet);
    case "discovery.k8s.io/v1 EndpointSlice":
      return defaultEndpointSlice(object as EndpointSlice);
    case "kubehop.dev/v1alpha1 Client":
      return defaultClient(object as Client);
    case "kubehop.dev/v1alpha1 CloudProvider":
      return defaultCloudProvider(object as CloudProvider);
    case "kubehop.dev/v1alpha1 Lab":
      return defaultLab(object as Lab);
    default:
      return object;
  }
}
