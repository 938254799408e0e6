/** What the API server accepts, object by object. Allocation failures are not here: they are the allocators'. */
import { validateConfigMap, validateConfigMapUpdate } from "./configmap/validate.ts";
import type { ConfigMap } from "./configmap/types.ts";
import { validateDaemonSet, validateDaemonSetUpdate } from "./daemonset/validate.ts";
import type { DaemonSet } from "./daemonset/types.ts";
import { validateDeployment, validateDeploymentUpdate } from "./deployment/validate.ts";
import type { Deployment } from "./deployment/types.ts";
import { validateEndpoints } from "./endpoints/validate.ts";
import type { Endpoints } from "./endpoints/types.ts";
import { validateEndpointSlice, validateEndpointSliceUpdate } from "./endpointslice/validate.ts";
import type { EndpointSlice } from "./endpointslice/types.ts";
import { validateEvent } from "./event/validate.ts";
import type { KubeEvent } from "./event/types.ts";
import {
  validateIngress,
  validateIngressClass,
  validateIngressClassUpdate,
  validateIngressCreate,
} from "./ingress/validate.ts";
import type { Ingress, IngressClass } from "./ingress/types.ts";
import { kindInfo } from "./kinds.ts";
import { validateExpectation } from "./kubehop/expectation.ts";
import { validateClient, validateCloudProvider, validateLab } from "./kubehop/validate.ts";
import type { Client, CloudProvider, Lab } from "./kubehop/types.ts";
import type { KubeObject } from "./meta/types.ts";
import { type NameRule, validateMeta, validateMetaUpdate } from "./meta/validate.ts";
import { label1035Problems, label1123Problems, subdomain1123Problems } from "./names.ts";
import {
  validateBGPAdvertisement,
  validateBGPPeer,
  validateIPAddressPool,
  validateL2Advertisement,
} from "./metallb/validate.ts";
import type { BGPAdvertisement, BGPPeer, IPAddressPool, L2Advertisement } from "./metallb/types.ts";
import { validateNetworkPolicy } from "./networkpolicy/validate.ts";
import type { NetworkPolicy } from "./networkpolicy/types.ts";
import { validateNode, validateNodeUpdate } from "./node/validate.ts";
import type { Node } from "./node/types.ts";
import { validatePod, validatePodUpdate } from "./pod/validate.ts";
import type { Pod } from "./pod/types.ts";
import { validateReplicaSet, validateReplicaSetUpdate } from "./replicaset/validate.ts";
import type { ReplicaSet } from "./replicaset/types.ts";
import { validateReplicationController } from "./replicationcontroller/validate.ts";
import type { ReplicationController } from "./replicationcontroller/types.ts";
import { validateService, validateServiceUpdate } from "./service/validate.ts";
import type { Service } from "./service/types.ts";
import { validateStatefulSet, validateStatefulSetUpdate } from "./statefulset/validate.ts";
import type { StatefulSet } from "./statefulset/types.ts";
import type { Cause } from "./status.ts";

export interface ValidationOptions {
  /** 1.36 lets Service names begin with a digit (RelaxedServiceNameValidation); up to 1.35 they are RFC 1035 labels. */
  readonly relaxedServiceNames: boolean;
}

function nameRule(object: KubeObject, options: ValidationOptions): NameRule {
  switch (`${object.apiVersion} ${object.kind}`) {
    case "v1 Service":
      return options.relaxedServiceNames ? label1123Problems : label1035Problems;
    case "v1 Namespace":
      return label1123Problems;
    default:
      return subdomain1123Problems;
  }
}

/** Causes why a new object (with defaults applied) is refused; none: it is valid. */
export function validateCreate(object: KubeObject, options: ValidationOptions): readonly Cause[] {
  const namespaced = kindInfo(object.apiVersion, object.kind)?.namespaced ?? object.metadata.namespace !== undefined;
  return [...validateMeta(object.metadata, namespaced, nameRule(object, options)), ...validateBody(object, options)];
}

/** Causes why this change of an object is refused. `object` is the new one, with defaults and carried-over values. */
export function validateUpdate(object: KubeObject, old: KubeObject): readonly Cause[] {
  return [...validateMetaUpdate(object.metadata, old.metadata), ...validateChange(object, old)];
}

function validateBody(object: KubeObject, options: ValidationOptions): readonly Cause[] {
  switch (`${object.apiVersion} ${object.kind}`) {
    case "v1 Service":
      return validateService(object as Service);
    case "v1 Pod":
      return validatePod(object as Pod);
    case "v1 Node":
      return validateNode(object as Node);
    case "v1 Endpoints":
      return validateEndpoints(object as Endpoints);
    case "apps/v1 Deployment":
      return validateDeployment(object as Deployment);
    case "apps/v1 ReplicaSet":
      return validateReplicaSet(object as ReplicaSet);
    case "discovery.k8s.io/v1 EndpointSlice":
      return validateEndpointSlice(object as EndpointSlice);
    case "v1 ConfigMap":
      return validateConfigMap(object as ConfigMap);
    case "v1 Event":
      return validateEvent(object as KubeEvent);
    case "v1 ReplicationController":
      return validateReplicationController(object as ReplicationController);
    case "apps/v1 DaemonSet":
      return validateDaemonSet(object as DaemonSet);
    case "apps/v1 StatefulSet":
      return validateStatefulSet(object as StatefulSet);
    case "networking.k8s.io/v1 Ingress":
      return validateIngressCreate(object as Ingress, options.relaxedServiceNames);
    case "networking.k8s.io/v1 IngressClass":
      return validateIngressClass(object as IngressClass);
    case "networking.k8s.io/v1 NetworkPolicy":
      return validateNetworkPolicy(object as NetworkPolicy);
    case "metallb.io/v1beta1 IPAddressPool":
      return validateIPAddressPool(object as IPAddressPool);
    case "metallb.io/v1beta1 L2Advertisement":
      return validateL2Advertisement(object as L2Advertisement);
    case "metallb.io/v1beta1 BGPAdvertisement":
      return validateBGPAdvertisement(object as BGPAdvertisement);
    case "metallb.io/v1beta2 BGPPeer":
      return validateBGPPeer(object as BGPPeer);
    case "kubehop.dev/v1alpha1 Client":
      return validateClient(object as Client);
    case "kubehop.dev/v1alpha1 CloudProvider":
      return validateCloudProvider(object as CloudProvider);
    case "kubehop.dev/v1alpha1 Lab":
      return validateLab(object as Lab);
    case "kubehop.dev/v1alpha1 Expectation":
      return validateExpectation(object);
    default:
      return [];
  }
}

function validateChange(object: KubeObject, old: KubeObject): readonly Cause[] {
  switch (`${object.apiVersion} ${object.kind}`) {
    case "v1 Service":
      return validateServiceUpdate(object as Service, old as Service);
    case "v1 Pod":
      return validatePodUpdate(object as Pod, old as Pod);
    case "v1 Node":
      return validateNodeUpdate(object as Node, old as Node);
    case "apps/v1 Deployment":
      return validateDeploymentUpdate(object as Deployment, old as Deployment);
    case "apps/v1 ReplicaSet":
      return validateReplicaSetUpdate(object as ReplicaSet, old as ReplicaSet);
    case "discovery.k8s.io/v1 EndpointSlice":
      return validateEndpointSliceUpdate(object as EndpointSlice, old as EndpointSlice);
    case "v1 ConfigMap":
      return validateConfigMapUpdate(object as ConfigMap, old as ConfigMap);
    case "apps/v1 DaemonSet":
      return validateDaemonSetUpdate(object as DaemonSet, old as DaemonSet);
    case "apps/v1 StatefulSet":
      return validateStatefulSetUpdate(object as StatefulSet, old as StatefulSet);
    case "networking.k8s.io/v1 Ingress":
      // Backends that the relaxed rule has let in stay.
      return validateIngress(object as Ingress, true);
    case "networking.k8s.io/v1 IngressClass":
      return validateIngressClassUpdate(object as IngressClass, old as IngressClass);
    default:
      return validateBody(object, { relaxedServiceNames: true });
  }
}
