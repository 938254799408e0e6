/** What the API server fills in on create and update. Allocation (cluster IPs, node ports, uid) is not defaulting: it is the server's. */
import { defaultDaemonSet } from "./daemonset/defaults.ts";
import type { DaemonSet } from "./daemonset/types.ts";
import { defaultDeployment } from "./deployment/defaults.ts";
import type { Deployment } from "./deployment/types.ts";
import { defaultEndpoints } from "./endpoints/defaults.ts";
import type { Endpoints } from "./endpoints/types.ts";
import { defaultEndpointSlice } from "./endpointslice/defaults.ts";
import type { EndpointSlice } from "./endpointslice/types.ts";
import { defaultEvent } from "./event/defaults.ts";
import type { KubeEvent } from "./event/types.ts";
import { defaultIngress, defaultIngressClass } from "./ingress/defaults.ts";
import type { Ingress, IngressClass } from "./ingress/types.ts";
import { defaultClient, defaultCloudProvider, defaultLab } from "./kubehop/defaults.ts";
import type { Client, CloudProvider, Lab } from "./kubehop/types.ts";
import type { KubeObject } from "./meta/types.ts";
import {
  defaultBGPAdvertisement,
  defaultBGPPeer,
  defaultIPAddressPool,
  defaultL2Advertisement,
} from "./metallb/defaults.ts";
import type { BGPAdvertisement, BGPPeer, IPAddressPool, L2Advertisement } from "./metallb/types.ts";
import { defaultNamespace } from "./namespace/defaults.ts";
import type { Namespace } from "./namespace/types.ts";
import { defaultNetworkPolicy } from "./networkpolicy/defaults.ts";
import type { NetworkPolicy } from "./networkpolicy/types.ts";
import { defaultNode } from "./node/defaults.ts";
import type { Node } from "./node/types.ts";
import { defaultPod } from "./pod/defaults.ts";
import type { Pod } from "./pod/types.ts";
import { defaultReplicaSet } from "./replicaset/defaults.ts";
import type { ReplicaSet } from "./replicaset/types.ts";
import { defaultReplicationController } from "./replicationcontroller/defaults.ts";
import type { ReplicationController } from "./replicationcontroller/types.ts";
import { defaultService } from "./service/defaults.ts";
import type { Service } from "./service/types.ts";
import { defaultStatefulSet } from "./statefulset/defaults.ts";
import type { StatefulSet } from "./statefulset/types.ts";

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
    case "v1 Event":
      return defaultEvent(object as KubeEvent);
    case "v1 ReplicationController":
      return defaultReplicationController(object as ReplicationController);
    case "apps/v1 DaemonSet":
      return defaultDaemonSet(object as DaemonSet);
    case "apps/v1 StatefulSet":
      return defaultStatefulSet(object as StatefulSet);
    case "networking.k8s.io/v1 Ingress":
      return defaultIngress(object as Ingress);
    case "networking.k8s.io/v1 IngressClass":
      return defaultIngressClass(object as IngressClass);
    case "networking.k8s.io/v1 NetworkPolicy":
      return defaultNetworkPolicy(object as NetworkPolicy);
    case "metallb.io/v1beta1 IPAddressPool":
      return defaultIPAddressPool(object as IPAddressPool);
    case "metallb.io/v1beta1 L2Advertisement":
      return defaultL2Advertisement(object as L2Advertisement);
    case "metallb.io/v1beta1 BGPAdvertisement":
      return defaultBGPAdvertisement(object as BGPAdvertisement);
    case "metallb.io/v1beta2 BGPPeer":
      return defaultBGPPeer(object as BGPPeer);
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
