import {
  bool,
  int32,
  intOrString,
  list,
  object,
  objects,
  string,
  stringMap,
  strings,
  struct,
  type Struct,
} from "../fields.ts";
import { CONDITION, metadata, TYPE_META } from "../meta/fields.ts";

const policies = ["Cluster", "Local"];

const SERVICE_PORT = struct("ServicePort", {
  name: string("Name of this port: needed as soon as there are two. Pods' port names are another matter."),
  protocol: string("Transport protocol.", { default: "TCP", values: ["TCP", "UDP", "SCTP"], go: "v1.Protocol" }),
  appProtocol: string("A hint which application protocol is spoken, as `http` or `kubernetes.io/h2c`.", {
    keep: true,
    inert: true,
  }),
  port: int32("The port that clients dial at the Service's address, 1–65535.", { required: true, keep: true }),
  targetPort: intOrString(
    "The port of the pods: a number, or the name of a container port, looked up pod by pod. Defaults to `port`.",
  ),
  nodePort: int32(
    "The port that every node answers on (30000–32767) for types NodePort and LoadBalancer; allocated when empty.",
  ),
});

const CLIENT_IP = struct("ClientIPConfig", {
  timeoutSeconds: int32("How long a client sticks to its endpoint after its last connection, 1–86400 seconds.", {
    default: 10800,
    keep: true,
  }),
});

const SESSION_AFFINITY_CONFIG = struct("SessionAffinityConfig", {
  clientIP: object(CLIENT_IP, "Settings of ClientIP affinity."),
});

const SERVICE_SPEC = struct("ServiceSpec", {
  ports: objects(SERVICE_PORT, "The ports this Service answers on."),
  selector: stringMap(
    "Pods of the same namespace that carry all of these labels are the endpoints. Without it nobody makes EndpointSlices for you.",
  ),
  clusterIP: string(
    "The virtual address; allocated when empty. `None` makes the Service headless: no virtual address, DNS answers with the pods. Cannot change.",
  ),
  clusterIPs: strings("All virtual addresses, one per IP family; the first equals clusterIP."),
  type: string(
    "How the Service can be reached. ClusterIP: inside the cluster. NodePort: also on a port of every node. LoadBalancer: also through a balancer outside. ExternalName: a DNS alias, no proxying at all.",
    { default: "ClusterIP", values: ["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"], go: "v1.ServiceType" },
  ),
  externalIPs: strings("Addresses routed to the nodes by someone else, for which the nodes answer too.", {
    deprecated: "spec.externalIPs is deprecated and may no longer be implemented in some clusters",
  }),
  sessionAffinity: string("ClientIP keeps a client on the endpoint that it got first, node by node.", {
    default: "None",
    values: ["None", "ClientIP"],
    go: "v1.ServiceAffinity",
  }),
  loadBalancerIP: string("The address wished for from the load balancer; whether it is heeded is up to its maker.", {
    deprecated: "Deprecated since 1.24: use the annotations of your load balancer.",
  }),
  loadBalancerSourceRanges: strings(
    "Only clients in these CIDRs may use the load balancer's address. Node ports stay open.",
  ),
  externalName: string("The DNS name that this Service is an alias of (type ExternalName)."),
  externalTrafficPolicy: string(
    "Traffic from outside: Cluster spreads it over all endpoints and hides the client's address (SNAT); Local uses only endpoints on the node it came to and keeps the address.",
    { default: "Cluster", values: policies, go: "v1.ServiceExternalTrafficPolicy" },
  ),
  healthCheckNodePort: int32(
    "The port where a load balancer asks each node whether it has local endpoints; allocated for LoadBalancer with externalTrafficPolicy Local.",
  ),
  publishNotReadyAddresses: bool("Treat pods as ready whatever their readiness says."),
  sessionAffinityConfig: object(SESSION_AFFINITY_CONFIG, "Settings of session affinity."),
  ipFamilies: list(
    string("An IP family.", { values: ["IPv4", "IPv6"], go: "v1.IPFamily" }),
    "The IP families of this Service; chosen by the cluster when empty.",
  ),
  ipFamilyPolicy: string("Whether the Service has one IP family or two.", {
    values: ["SingleStack", "PreferDualStack", "RequireDualStack"],
    default: "SingleStack",
    keep: true,
    go: "v1.IPFamilyPolicy",
  }),
  allocateLoadBalancerNodePorts: bool("Whether a LoadBalancer Service also gets node ports.", {
    default: true,
    keep: true,
  }),
  loadBalancerClass: string(
    "Which load balancer implementation is to serve it; empty: the default one. Cannot change.",
    {
      keep: true,
    },
  ),
  internalTrafficPolicy: string(
    "Traffic from pods to the cluster IP: Cluster uses all endpoints, Local only those on the client's node.",
    { default: "Cluster", values: policies, keep: true, go: "v1.ServiceInternalTrafficPolicy" },
  ),
  trafficDistribution: string("Prefer endpoints that are near the client.", {
    values: ["PreferSameZone", "PreferSameNode", "PreferClose"],
    keep: true,
  }),
});

const PORT_STATUS = struct("PortStatus", {
  port: int32("Port of the balancer.", { keep: true }),
  protocol: string("Its protocol.", { values: ["TCP", "UDP", "SCTP"], go: "v1.Protocol" }),
  error: string("Why it does not work.", { keep: true }),
});

const INGRESS = struct("LoadBalancerIngress", {
  ip: string("Address of the load balancer."),
  hostname: string("DNS name of the load balancer, when it has no fixed address."),
  ipMode: string("VIP: nodes answer for the address themselves. Proxy: packets to it must really reach the balancer.", {
    values: ["VIP", "Proxy"],
    default: "VIP",
    keep: true,
    go: "v1.LoadBalancerIPMode",
  }),
  ports: objects(PORT_STATUS, "State of single ports."),
});

const STATUS = struct("ServiceStatus", {
  loadBalancer: object(
    struct("LoadBalancerStatus", { ingress: objects(INGRESS, "The addresses that the load balancer answers on.") }),
    "What the load balancer reported.",
    { keep: true },
  ),
  conditions: objects(CONDITION, "Conditions."),
});

export const SERVICE: Struct = struct("Service", {
  ...TYPE_META,
  metadata,
  spec: object(SERVICE_SPEC, "What the Service is to do."),
  status: object(STATUS, "What has become of it; written by controllers."),
});
