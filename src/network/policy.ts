/**
 * NetworkPolicy as networking.k8s.io/v1 defines it: which policies isolate a pod, and whether one of their rules lets a connection
 * pass. Pure; where on its way the connection is judged is in policy-filter.ts. Source: staging/src/k8s.io/api/networking/v1/types.go
 * and the concept page "Network Policies".
 */
import { cidrContains } from "../base/ip.ts";
import type { Labels } from "../model/meta/types.ts";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../model/networkpolicy/types.ts";
import type { Pod } from "../model/pod/types.ts";
import { formatSelector, labelSelectorMatches } from "../model/selectors.ts";
import type { Protocol } from "../model/trace/types.ts";

export type PolicyDirection = "egress" | "ingress";

/** A connection at one of its two ends. */
export interface PolicyCase {
  readonly direction: PolicyDirection;
  /** Whose policies count: the sender's for egress, the receiver's for ingress. */
  readonly pod: Pod;
  /** The other end, as the packet's header has it. */
  readonly peerIP: string;
  /** The pod that owns this address now; null for everything else, pods with hostNetwork included. */
  readonly peer: Pod | null;
  readonly protocol: Protocol;
  /** The port at the receiver; 0 for ICMP. */
  readonly port: number;
}

/** A rule of a policy, and in a few words why it lets the connection pass or not. */
export interface PolicyStep {
  readonly policy: NetworkPolicy;
  /** In `spec.ingress` or `spec.egress`, from 0. */
  readonly index: number;
  readonly matched: boolean;
  readonly because: string;
}

export interface PolicyVerdict {
  /** Policies of this direction that select the pod. None: it is not isolated, and everything may pass. */
  readonly isolating: readonly NetworkPolicy[];
  /** Their rules in order, up to the first that lets the connection pass. */
  readonly steps: readonly PolicyStep[];
  readonly allowed: boolean;
}

interface Rule {
  readonly ports: readonly NetworkPolicyPort[];
  readonly peers: readonly NetworkPolicyPeer[];
}

function rulesOf({ spec }: NetworkPolicy, direction: PolicyDirection): readonly Rule[] {
  return direction === "ingress"
    ? (spec.ingress ?? []).map(({ ports = [], from = [] }) => ({ ports, peers: from }))
    : (spec.egress ?? []).map(({ ports = [], to = [] }) => ({ ports, peers: to }));
}

/** Is the policy about this direction? Admission writes policyTypes; without them: Ingress, and Egress where there are egress rules. */
function isAbout({ spec }: NetworkPolicy, direction: PolicyDirection): boolean {
  const { policyTypes, egress = [] } = spec;
  if (policyTypes !== undefined) return policyTypes.includes(direction === "ingress" ? "Ingress" : "Egress");
  return direction === "ingress" || egress.length > 0;
}

const namespaceOf = ({ metadata }: Pod | NetworkPolicy): string => metadata.namespace ?? "default";

/** Does it isolate the pod in this direction? Pods with hostNetwork are no pod's end on the pod network: no policy is about them. */
export function isolates(policy: NetworkPolicy, pod: Pod, direction: PolicyDirection): boolean {
  return (
    namespaceOf(policy) === namespaceOf(pod) &&
    pod.spec.hostNetwork !== true &&
    isAbout(policy, direction) &&
    labelSelectorMatches(policy.spec.podSelector, pod.metadata.labels)
  );
}

function isPeer(
  peer: NetworkPolicyPeer,
  policy: NetworkPolicy,
  { peer: pod, peerIP }: PolicyCase,
  labelsOf: (namespace: string) => Labels | undefined,
): boolean {
  const { ipBlock, podSelector, namespaceSelector } = peer;
  if (ipBlock !== undefined) {
    return cidrContains(ipBlock.cidr, peerIP) && !(ipBlock.except ?? []).some((part) => cidrContains(part, peerIP));
  }
  if (pod === null) return false;
  const inside =
    namespaceSelector === undefined
      ? namespaceOf(pod) === namespaceOf(policy)
      : labelSelectorMatches(namespaceSelector, labelsOf(namespaceOf(pod)));
  return inside && (podSelector === undefined || labelSelectorMatches(podSelector, pod.metadata.labels));
}

/** A port by name is the receiver's: of a container that has one of that name and protocol. Addresses without a pod have none. */
function isPort({ protocol = "TCP", port, endPort }: NetworkPolicyPort, asked: PolicyCase): boolean {
  if (asked.protocol !== protocol.toLowerCase()) return false;
  if (port === undefined) return true;
  if (typeof port === "number") return asked.port >= port && asked.port <= (endPort ?? port);
  const receiver = asked.direction === "ingress" ? asked.pod : asked.peer;
  return (receiver?.spec.containers ?? []).some((container) =>
    container.ports?.some(
      (p) => p.name === port && (p.protocol ?? "TCP") === protocol && p.containerPort === asked.port,
    ),
  );
}

/** Pods by selector: "app=web", or "all" for the empty one. */
function selected(selector: Parameters<typeof formatSelector>[0]): string {
  const text = formatSelector(selector);
  return text === "<none>" ? "all" : text;
}

/** "pods app=web of this namespace", "10.0.0.0/8 except 10.1.0.0/16". */
function peerText({ ipBlock, podSelector, namespaceSelector }: NetworkPolicyPeer): string {
  if (ipBlock !== undefined) {
    const except = ipBlock.except ?? [];
    return except.length === 0 ? ipBlock.cidr : `${ipBlock.cidr} except ${except.join(" and ")}`;
  }
  const pods =
    podSelector === undefined || selected(podSelector) === "all" ? "all pods" : `pods ${selected(podSelector)}`;
  if (namespaceSelector === undefined) return `${pods} of this namespace`;
  const which = selected(namespaceSelector);
  return which === "all" ? `${pods} of all namespaces` : `${pods} of namespaces ${which}`;
}

/** "port 53/UDP", "port 8000-8080/TCP", "every TCP port". */
function portText({ protocol = "TCP", port, endPort }: NetworkPolicyPort): string {
  if (port === undefined) return `every ${protocol} port`;
  return `port ${endPort === undefined ? port : `${port}-${endPort}`}/${protocol}`;
}

const list = (parts: readonly string[]): string => parts.join(", ");

/** One rule in words: "allow to pods k8s-app=kube-dns of all namespaces, port 53/UDP, port 53/TCP". */
export function ruleText(policy: NetworkPolicy, direction: PolicyDirection, index: number): string {
  const { peers, ports } = rulesOf(policy, direction)[index] ?? { peers: [], ports: [] };
  const way = direction === "ingress" ? "from" : "to";
  const who = peers.length === 0 ? (direction === "ingress" ? "everybody" : "everywhere") : list(peers.map(peerText));
  const what = ports.length === 0 ? "every port" : list(ports.map(portText));
  return `allow ${peers.length === 0 && direction === "egress" ? who : `${way} ${who}`}, ${what}`;
}

/** "53/UDP"; for ICMP only the protocol. */
export function casePort({ protocol, port }: Pick<PolicyCase, "protocol" | "port">): string {
  return protocol === "icmp" ? "ICMP" : `${port}/${protocol.toUpperCase()}`;
}

/** "pod default/web (10.244.1.5)", "10.0.0.7". */
export function peerName({ peer, peerIP }: Pick<PolicyCase, "peer" | "peerIP">): string {
  return peer === null ? peerIP : `pod ${namespaceOf(peer)}/${peer.metadata.name} (${peerIP})`;
}

/**
 * Whether the policies let a new connection pass at this end. They add up: without one that selects the pod everything may pass;
 * with some, what one rule of one of them allows. A rule without peers means everybody, one without ports every port and protocol,
 * ICMP too; ports say TCP, UDP or SCTP, so a rule that has some never lets a ping pass (the API leaves this to the plug-in). Two
 * ends are judged apart: both must let the connection pass. Policies are taken in the given order.
 */
export function judge(
  policies: readonly NetworkPolicy[],
  labelsOf: (namespace: string) => Labels | undefined,
  asked: PolicyCase,
): PolicyVerdict {
  const isolating = policies.filter((policy) => isolates(policy, asked.pod, asked.direction));
  const steps: PolicyStep[] = [];
  for (const policy of isolating) {
    for (const [index, { peers, ports }] of rulesOf(policy, asked.direction).entries()) {
      const who = peers.length === 0 || peers.some((peer) => isPeer(peer, policy, asked, labelsOf));
      const what = ports.length === 0 || ports.some((port) => isPort(port, asked));
      const because = who
        ? `${casePort(asked)} is ${what ? "" : "not "}among its ports`
        : `${peerName(asked)} is not among its peers`;
      steps.push({ policy, index, matched: who && what, because });
      if (who && what) return { isolating, steps, allowed: true };
    }
  }
  return { isolating, steps, allowed: isolating.length === 0 };
}
