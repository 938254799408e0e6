/** What each finding means: the rule of Kubernetes or Linux behind it, in a sentence or two, whatever the objects are called. */
import type { FindingId } from "../../model/trace/finding.ts";

export const MEANINGS: Readonly<Record<FindingId, string>> = {
  "CIDR-OVERLAP":
    "An address can belong to one range only. Where the ranges of Services, pods and nodes overlap, the route or rule that is met first takes the packet, and it ends up elsewhere.",
  "EXTERNALIP-HIJACK":
    "kube-proxy takes every packet to an address in externalIPs, whoever owns that address: the machine that really has it is no longer reached from the nodes.",
  "ENV-CLASH":
    "For every Service in its namespace a container gets variables in the style of Docker links. A program that reads one of them as its own setting gets tcp://… in place of a number.",
  "SLICE-NOT-LINKED":
    "kube-proxy finds the EndpointSlices of a Service by the label kubernetes.io/service-name, and their ports by name. A slice without the label, or with another port name, belongs to nobody.",
  "SVC-NAMED-PORT-MISSING":
    "A targetPort that is a name is looked up in each pod's own container ports. A pod that has no port of that name gets no endpoint for it.",
  "SVC-SELECTOR-NO-MATCH":
    "The Service is fine and so may the pods be. Selector and labels do not meet, so there is no endpoint, and every node refuses the connection.",
  "SVC-ENDPOINTS-NOT-READY":
    "Only pods that are Ready are endpoints. The pods are there, but their readiness probe has not passed, so no rule leads to them.",
  "STATEFULSET-DNS":
    "A pod has a name of its own in the DNS only when its spec.hostname and spec.subdomain are set and a headless Service of the subdomain's name selects it. A StatefulSet sets both from its serviceName.",
  "DNS-SEARCH-PATH":
    "A short name is completed with the search list of the pod that asks: its own namespace first. A Service in another namespace needs at least name.namespace.",
  "DNS-DOWN":
    "Pods ask the cluster's DNS for every name, and it is a Service like any other: without an endpoint of its own, no name is found, though every address still works.",
  "EXTERNALNAME-LIMITS":
    "ExternalName is a CNAME in the DNS and nothing else: no ClusterIP, no rules, no ports. Names that do not resolve, address literals and HTTP's Host header are where it ends.",
  "INGRESS-BACKEND":
    "The ingress controller answers by itself when it has nowhere to send a request: 404 when no rule matches, 503 when the backend Service has no endpoints.",
  "LB-PENDING":
    "An external IP comes from a cloud's controller or from one such as MetalLB. Until one of them has written it into the status, there is no address to dial.",
  "LB-SOURCE-RANGES":
    "loadBalancerSourceRanges is a list of who may come in. On the nodes everything from elsewhere is dropped, without a word to the client.",
  "LB-IP-SHORT-CIRCUIT":
    "With ipMode VIP, kube-proxy has rules for the balancer's address on every node. Traffic from within the cluster to it never leaves, and never sees the balancer.",
  "OUTSIDE-CLUSTERIP":
    "A ClusterIP is on no interface and in no routing table. It exists only in the rules of the nodes, so it works only from the nodes and their pods.",
  "NODEPORT-LOCALHOST":
    "From 127.0.0.1 a NodePort works in iptables mode only, where route_localnet is on. nftables and IPVS mode serve it on the node's other addresses, and never over ::1.",
  "NODEPORT-FIREWALLED":
    "In a cloud, a firewall or security group stands before the nodes. A node port may be open on the node and yet be dropped on the way, until a rule there lets it in.",
  "NODEPORT-REJECTED":
    "The API server gives out node ports from one range, 30000–32767 unless it is told otherwise, and each only once. A Service that asks for another one is refused as a whole.",
  "REMOTE-NODEPORT-LOCAL":
    "With externalTrafficPolicy Local a node serves its node port only with endpoints of its own, and drops the rest. What a pod sends to another node's port comes from outside, as far as that node can see.",
  "LOCAL-EXTERNAL-NO-ENDPOINT":
    "externalTrafficPolicy Local keeps the client's address by never sending to another node. The node that was dialled has no endpoint, so it drops the packet.",
  "LOCAL-INTERNAL-NO-ENDPOINT":
    "internalTrafficPolicy Local never leaves the node of the sender. There is no endpoint on that node, so the packet is dropped, though other nodes have some.",
  "POLICY-DENIES":
    "A pod that a NetworkPolicy selects accepts only what some policy allows. What is denied is dropped without an answer.",
  HAIRPIN:
    "The pod was chosen to answer itself. The packet has to go out and come back over the same bridge port, which works only with hairpin mode and a changed source address.",
  "LISTENER-LOOPBACK":
    "A process that listens on 127.0.0.1 hears only its own pod. Packets that come over the network are refused, though kubectl exec and probes of type exec succeed.",
  "UDP-STALE-CONNTRACK":
    "UDP has no end of a connection. As long as a client keeps sending from the same port, the old conntrack entry is used, and the packets go to a pod that is gone.",
  "ROLLOUT-RULES-LAG":
    "A pod stops and the rules change at the same time, not one after the other. Until every node has heard of it, some packets still go to a pod that has stopped listening.",
  "RULES-STALE":
    "Rules stay in the kernel when kube-proxy stops. They show the cluster as it was then; what has changed since is not in them.",
  "SVC-TARGET-PORT-CLOSED":
    "The rules lead to a pod's port, whether or not anything listens there. The pod's own kernel refuses; containerPort is only documentation.",
  "SVC-ICMP":
    "A ClusterIP answers TCP, UDP or SCTP on its ports. Ping has no port, so whether it is answered says nothing about the Service.",
  "SVC-NO-ENDPOINTS":
    "There is no endpoint for this port, so the nodes refuse the connection at once, in place of letting the client wait.",
  "AFFINITY-CLIENTS-MERGED":
    "sessionAffinity ClientIP tells clients apart by their source address. Behind one NAT all clients are one, and go to one pod.",
  "KEEPALIVE-PINNED":
    "The pod is chosen once for each connection. As long as it stays open, every request on it goes to the same pod, however many there are.",
  "SOURCE-IP-SNAT":
    "The node that takes the packet in and sends it on to another one puts its own address in, so that the reply comes back through it. The server sees that address.",
  "DNS-NDOTS":
    "With ndots 5 a name with fewer than five dots is tried with every entry of the search list first. A dot at its end asks once.",
};
