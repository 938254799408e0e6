import { daemonSetController } from "./daemonset.ts";
import { deploymentController } from "./deployment/controller.ts";
import { endpointsController } from "./endpoints/controller.ts";
import { endpointSliceController } from "./endpointslice/controller.ts";
import { endpointSliceMirroringController } from "./endpointslice/mirroring.ts";
import { garbageCollector, podGarbageCollector } from "./garbage.ts";
import { ingressControllers } from "./ingress.ts";
import { kubelet } from "./kubelet/controller.ts";
import { metallbController } from "./metallb/controller.ts";
import { metallbSpeaker } from "./metallb/speaker.ts";
import { namespaceController } from "./namespace.ts";
import { nodeLifecycleController, taintEvictionController } from "./node-lifecycle.ts";
import { nodeIpamController } from "./node-ipam.ts";
import { replicaSetController, replicationController } from "./replicaset.ts";
import { scheduler } from "./scheduler.ts";
import { serviceLoadBalancerController } from "./service-lb.ts";
import { statefulSetController } from "./statefulset.ts";
import type { Controller } from "./types.ts";

/**
 * Every control loop of the cluster, in the order in which a commit is announced to them. All nodes' kubelets are one
 * controller: its keys name the node.
 */
export const ALL_CONTROLLERS: readonly Controller[] = [
  nodeIpamController,
  deploymentController,
  replicaSetController,
  replicationController,
  statefulSetController,
  daemonSetController,
  scheduler,
  kubelet,
  endpointsController,
  endpointSliceController,
  endpointSliceMirroringController,
  serviceLoadBalancerController,
  ...ingressControllers,
  metallbController,
  metallbSpeaker,
  namespaceController,
  nodeLifecycleController,
  taintEvictionController,
  podGarbageCollector,
  garbageCollector,
];
