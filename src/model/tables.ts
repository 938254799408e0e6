/** Which field table belongs to which modelled or config kind. */
import { CLUSTER_CONFIGURATION, KUBE_PROXY_CONFIGURATION } from "./config/fields.ts";
import { CONFIG_MAP } from "./configmap/fields.ts";
import { DAEMON_SET } from "./daemonset/fields.ts";
import { DEPLOYMENT } from "./deployment/fields.ts";
import { ENDPOINTS } from "./endpoints/fields.ts";
import { ENDPOINT_SLICE } from "./endpointslice/fields.ts";
import { EVENT } from "./event/fields.ts";
import type { Struct } from "./fields.ts";
import { INGRESS, INGRESS_CLASS } from "./ingress/fields.ts";
import type { KindInfo } from "./kinds.ts";
import { CLIENT, CLOUD_PROVIDER, EXPECTATION, LAB } from "./kubehop/fields.ts";
import { BGP_ADVERTISEMENT, BGP_PEER, IP_ADDRESS_POOL, L2_ADVERTISEMENT } from "./metallb/fields.ts";
import { NAMESPACE } from "./namespace/fields.ts";
import { NETWORK_POLICY } from "./networkpolicy/fields.ts";
import { NODE } from "./node/fields.ts";
import { POD } from "./pod/fields.ts";
import { REPLICA_SET } from "./replicaset/fields.ts";
import { REPLICATION_CONTROLLER } from "./replicationcontroller/fields.ts";
import { SERVICE } from "./service/fields.ts";
import { STATEFUL_SET } from "./statefulset/fields.ts";

const TABLES = new Map<string, Struct>([
  ["v1 Service", SERVICE],
  ["v1 Pod", POD],
  ["v1 Node", NODE],
  ["v1 Namespace", NAMESPACE],
  ["v1 Endpoints", ENDPOINTS],
  ["apps/v1 Deployment", DEPLOYMENT],
  ["apps/v1 ReplicaSet", REPLICA_SET],
  ["discovery.k8s.io/v1 EndpointSlice", ENDPOINT_SLICE],
  ["v1 ConfigMap", CONFIG_MAP],
  ["v1 Event", EVENT],
  ["v1 ReplicationController", REPLICATION_CONTROLLER],
  ["apps/v1 DaemonSet", DAEMON_SET],
  ["apps/v1 StatefulSet", STATEFUL_SET],
  ["networking.k8s.io/v1 Ingress", INGRESS],
  ["networking.k8s.io/v1 IngressClass", INGRESS_CLASS],
  ["networking.k8s.io/v1 NetworkPolicy", NETWORK_POLICY],
  ["metallb.io/v1beta1 BGPAdvertisement", BGP_ADVERTISEMENT],
  ["metallb.io/v1beta2 BGPPeer", BGP_PEER],
  ["metallb.io/v1beta1 IPAddressPool", IP_ADDRESS_POOL],
  ["metallb.io/v1beta1 L2Advertisement", L2_ADVERTISEMENT],
  ["kubehop.dev/v1alpha1 Client", CLIENT],
  ["kubehop.dev/v1alpha1 CloudProvider", CLOUD_PROVIDER],
  ["kubehop.dev/v1alpha1 Lab", LAB],
  ["kubehop.dev/v1alpha1 Expectation", EXPECTATION],
  ["kubeproxy.config.k8s.io/v1alpha1 KubeProxyConfiguration", KUBE_PROXY_CONFIGURATION],
  ["kubeadm.k8s.io/v1beta4 ClusterConfiguration", CLUSTER_CONFIGURATION],
]);

/** The field table, or undefined for kept kinds, whose inside nobody looks at. */
export function tableOf(info: KindInfo): Struct | undefined {
  return TABLES.get(`${info.apiVersion} ${info.kind}`);
}
