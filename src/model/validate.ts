/** What the API server accepts, object by object. Allocation failures are not here: they are the allocators'. */
import { validateDeployment, validateDeploymentUpdate } from "./deployment/validate.ts";
import type { Deployment } from "./deployment/types.ts";
import { validateEndpoints } from "./endpoints/validate.ts";
import type { Endpoints } from "./endpoints/types.ts";
import { validateEndpointSlice, validateEndpointSliceUpdate } from "./endpointslice/validate.ts";
import type { EndpointSlice } from "./endpointslice/types.ts";
import { kindInfo } from "./kinds.ts";
import { validateClient, validateCloudProvider, validateLab } from "./kubehop/validate.ts";
import type { Client, CloudProvider, Lab } from "./kubehop/types.ts";
import type { KubeObject } from "./meta/types.ts";
import { type NameRule, validateMeta, validateMetaUpdate } from "./meta/validate.ts";
import { label1035Problems, label1123Problems, subdomain1123Problems } from "./names.ts";
import { validateNode, validateNodeUpdate } from "./node/validate.ts";
import type { Node } from "./node/types.ts";
import { validatePod, validatePodUpdate } from "./pod/validate.ts";
import type { Pod } from "./pod/types.ts";
import { validateReplicaSet, validateReplicaSetUpdate } from "./replicaset/validate.ts";
import type { ReplicaSet } from "./replicaset/types.ts";
import { validateService, validateServiceUpdate } from "./service/validate.ts";
import type { Service } from "./service/types.ts";
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
  return [...validateMeta(object.metadata, namespaced, nameRule(object, options)), ...validateBody(object)];
}

/** Causes why this change of an object is refused. `object` is the new one, with defaults and carried-over values. */
export function validateUpdate(object: KubeObject, old: KubeObject): readonly Cause[] {
  return [...validateMetaUpdate(object.metadata, old.metadata), ...validateChange(object, old)];
}

function validateBody(object: KubeObject): readonly Cause[] {
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
    case "kubehop.dev/v1alpha1 Client":
      return validateClient(object as Client);
    case "kubehop.dev/v1alpha1 CloudProvider":
      return validateCloudProvider(object as CloudProvider);
    case "kubehop.dev/v1alpha1 Lab":
      return validateLab(object as Lab);
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
    default:
      return validateBody(object);
  }
}
