import { int32, intOrString, list, object, objects, string, strings, struct, type Struct } from "../fields.ts";
import { LABEL_SELECTOR, metadata, TYPE_META } from "../meta/fields.ts";

const PORT = struct("NetworkPolicyPort", {
  protocol: string("Transport protocol.", {
    keep: true,
    default: "TCP",
    values: ["TCP", "UDP", "SCTP"],
    go: "v1.Protocol",
  }),
  port: intOrString("The pods' port, by number or name; every port when empty.", { keep: true }),
  endPort: int32("Last port of a range that begins at port.", { keep: true }),
});

const PEER = struct("NetworkPolicyPeer", {
  podSelector: object(LABEL_SELECTOR, "Pods of the policy's namespace, or of those that namespaceSelector names."),
  namespaceSelector: object(LABEL_SELECTOR, "Namespaces, by their labels."),
  ipBlock: object(
    struct("IPBlock", {
      cidr: string("A range of addresses.", { required: true, keep: true }),
      except: strings("Parts of it that are left out."),
    }),
    "A range of addresses, mostly outside the cluster.",
  ),
});

const ports = objects(PORT, "Ports; every port when empty.");

const SPEC = struct("NetworkPolicySpec", {
  podSelector: object(LABEL_SELECTOR, "The pods that it is about; all of the namespace when empty.", { keep: true }),
  ingress: objects(
    struct("NetworkPolicyIngressRule", { ports, from: objects(PEER, "Who may; everybody when empty.") }),
    "What may come in. Once a policy of type Ingress selects a pod, nothing else does.",
  ),
  egress: objects(
    struct("NetworkPolicyEgressRule", { ports, to: objects(PEER, "Whereto; everywhere when empty.") }),
    "What may go out. Once a policy of type Egress selects a pod, nothing else does.",
  ),
  policyTypes: list(
    string("A direction.", { values: ["Ingress", "Egress"], go: "v1.PolicyType" }),
    "Directions that it is about; Ingress, and Egress when there are egress rules.",
  ),
});

export const NETWORK_POLICY: Struct = struct("NetworkPolicy", {
  ...TYPE_META,
  metadata,
  spec: object(
    SPEC,
    "Who may talk with these pods. The pod network of this playground enforces it, at the pods' own ends and behind DNAT.",
  ),
});
