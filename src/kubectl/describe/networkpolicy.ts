/** `describe` of NetworkPolicies. Source: kubectl/pkg/describe, describeNetworkPolicy. */
import { fromTimestamp, timestamp } from "../../base/time.ts";
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from "../../model/networkpolicy/types.ts";
import { formatSelector } from "../../model/selectors.ts";
import { annotationsLines, labelsLines, Lines } from "./lines.ts";

/** A metav1.Time as Go's %s prints it: `2026-11-20 21:03:44 +0000 UTC`. */
function goTime(text: string | undefined): string {
  if (text === undefined || text === "") return "<nil>";
  return `${timestamp(fromTimestamp(text)).replace("T", " ").replace("Z", "")} +0000 UTC`;
}

function portLine({ protocol = "TCP", port, endPort }: NetworkPolicyPort): string {
  return endPort === undefined
    ? `To Port: ${port ?? "<nil>"}/${protocol}`
    : `To Port Range: ${port ?? "<nil>"}-${endPort}/${protocol}`;
}

/** What stands below `From:` or `To:`, two blanks further in. */
function peerLines({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer): readonly string[] {
  const namespaces = namespaceSelector === undefined ? [] : [`NamespaceSelector: ${formatSelector(namespaceSelector)}`];
  const pods = podSelector === undefined ? [] : [`PodSelector: ${formatSelector(podSelector)}`];
  if (namespaces.length + pods.length > 0) return [...namespaces, ...pods];
  if (ipBlock === undefined) return [];
  return ["IPBlock:", `  CIDR: ${ipBlock.cidr}`, `  Except: ${(ipBlock.except ?? []).join(", ")}`];
}

interface Rule {
  readonly ports?: readonly NetworkPolicyPort[];
  readonly peers?: readonly NetworkPolicyPeer[] | undefined;
}

function rules(out: Lines, way: "From" | "To", direction: "ingress" | "egress", list: readonly Rule[]): void {
  if (list.length === 0) {
    out.at(2, `<none> (Selected pods are isolated for ${direction} connectivity)`);
    return;
  }
  for (const [i, { ports = [], peers = [] }] of list.entries()) {
    if (ports.length === 0) out.at(2, "To Port: <any> (traffic allowed to all ports)");
    for (const port of ports) out.at(2, portLine(port));
    if (peers.length === 0) {
      out.at(2, `${way}: <any> (traffic not restricted by ${way === "From" ? "source" : "destination"})`);
    }
    for (const peer of peers) {
      out.at(2, `${way}:`);
      for (const line of peerLines(peer)) out.at(3, line);
    }
    if (i < list.length - 1) out.at(2, "----------");
  }
}

export function describeNetworkPolicy({ metadata, spec }: NetworkPolicy): string {
  const types = spec.policyTypes ?? [];
  const pods = formatSelector(spec.podSelector);
  const out = new Lines()
    .line(`Name:\t${metadata.name}`)
    .line(`Namespace:\t${metadata.namespace ?? ""}`)
    .line(`Created on:\t${goTime(metadata.creationTimestamp)}`)
    .add(labelsLines("Labels", metadata.labels))
    .add(annotationsLines("Annotations", metadata.annotations))
    .line("Spec:")
    .at(
      1,
      `PodSelector:     ${pods === "<none>" ? "<none> (Allowing the specific traffic to all pods in this namespace)" : pods}`,
    );
  if (types.includes("Ingress")) {
    out.at(1, "Allowing ingress traffic:");
    const list = (spec.ingress ?? []).map(({ from, ...rest }) => ({ ...rest, peers: from }));
    rules(out, "From", "ingress", list);
  } else out.at(1, "Not affecting ingress traffic");
  if (types.includes("Egress")) {
    out.at(1, "Allowing egress traffic:");
    const list = (spec.egress ?? []).map(({ to, ...rest }) => ({ ...rest, peers: to }));
    rules(out, "To", "egress", list);
  } else out.at(1, "Not affecting egress traffic");
  return out.at(1, `Policy Types: ${types.join(", ")}`).toString();
}
