/** NetworkPolicy in the packet path: what a pod network's plug-in that enforces it does at the veths of a node's pods. */
import type { TableResult } from "../kernel/netfilter.ts";
import type { WorkloadCrossing, WorkloadFilter, WorkloadJudgement } from "../kernel/workloads.ts";
import { keyOf } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { HostId, Origin, RuleRef, RuleStep } from "../model/trace/types.ts";
import { nodeAddresses } from "./addresses.ts";
import {
  type PolicyCase,
  type PolicyDirection,
  type PolicyVerdict,
  casePort,
  isolates,
  judge,
  peerName,
  ruleText,
} from "./policy.ts";
import type { ClusterView } from "./types.ts";

const nameOf = ({ metadata }: NetworkPolicy | Pod): string => `${metadata.namespace ?? "default"}/${metadata.name}`;

/** "NetworkPolicy default/a", "NetworkPolicies default/a and default/b". */
function policyNames(policies: readonly NetworkPolicy[]): string {
  const names = policies.map(nameOf);
  return names.length === 1
    ? `NetworkPolicy ${names[0] ?? ""}`
    : `NetworkPolicies ${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
}

/** A rule of a policy as the rules of a chain are shown: the policy's direction is the chain. */
function ruleRef(policy: NetworkPolicy, direction: PolicyDirection, index: number): RuleRef {
  const text = ruleText(policy, direction, index);
  return {
    id: `${keyOf(policy)} ${direction} ${index + 1}`,
    table: "filter",
    chain: `${nameOf(policy)} ${direction}`,
    position: index + 1,
    text,
    target: "ACCEPT",
    origin: {
      object: keyOf(policy),
      path: `spec.${direction}[${index}]`,
      why: `NetworkPolicy ${nameOf(policy)} has a rule for ${direction}: ${text}.`,
    },
  };
}

/** What isolation itself comes to: everything that no rule allows is dropped. Its place is the list that lacks a rule, or what isolates. */
function isolationRef(policies: readonly [NetworkPolicy, ...NetworkPolicy[]], direction: PolicyDirection): RuleRef {
  const link = (
    policy: NetworkPolicy,
  ): Omit<Origin, "because" | "object"> & { readonly object: NonNullable<Origin["object"]> } => {
    const count = policy.spec[direction]?.length ?? 0;
    return {
      object: keyOf(policy),
      path: count > 0 ? `spec.${direction}` : "spec.policyTypes",
      why: `NetworkPolicy ${nameOf(policy)} selects the pod for ${direction}${count === 0 ? " and allows nothing" : ""}.`,
    };
  };
  const [first, ...others] = policies;
  return {
    id: `${keyOf(first)} ${direction} rest`,
    table: "filter",
    chain: `${nameOf(first)} ${direction}`,
    position: (first.spec[direction]?.length ?? 0) + 1,
    text: `drop all other ${direction}`,
    target: "DROP",
    origin: { ...link(first), ...(others.length === 0 ? {} : { because: others.map(link) }) },
  };
}

interface Facts {
  readonly asked: PolicyCase;
  readonly verdict: PolicyVerdict;
  readonly crossing: WorkloadCrossing;
  /** More on the other end, where it is no pod: " That is node worker-2: ...". */
  readonly masked: string;
}

function judgement({ asked, verdict, crossing, masked }: Facts): WorkloadJudgement {
  const { direction, pod } = asked;
  const label = `${direction} policy`;
  const [first, ...others] = verdict.isolating;
  if (first === undefined) {
    return {
      label,
      allowed: true,
      note: `No NetworkPolicy selects pod ${nameOf(pod)} for ${direction}, so everything may pass.`,
      result: tableResult([], true),
    };
  }
  const steps = verdict.steps.map(({ policy, index, matched, because }): RuleStep => ({
    rule: ruleRef(policy, direction, index),
    matched,
    depth: 0,
    because,
  }));
  const what = `${casePort(asked)} ${direction === "egress" ? "to" : "from"} ${peerName(asked)}`;
  if (verdict.allowed) {
    const by = verdict.steps.at(-1);
    const rule = by === undefined ? "A rule" : `Rule ${by.index + 1} of NetworkPolicy ${nameOf(by.policy)}`;
    const may = direction === "egress" ? "send" : "receive";
    return {
      label,
      allowed: true,
      note: `${rule} lets pod ${nameOf(pod)} ${may} ${what}.`,
      result: tableResult(steps, true),
    };
  }
  const rest: RuleStep = {
    rule: isolationRef([first, ...others], direction),
    matched: true,
    depth: 0,
    because: "no rule allows it",
  };
  const none = steps.length === 0 ? "allow nothing" : "have no rule that allows";
  const singular = steps.length === 0 ? "allows nothing" : "has no rule that allows";
  const { dialled, packet } = crossing;
  const asDialled =
    dialled.dst === packet.dst
      ? ""
      : dialled.dport === packet.dport
        ? dialled.dst
        : `${dialled.dst}, or its port ${dialled.dport},`;
  const afterDnat =
    direction === "egress" && asDialled !== ""
      ? ` Policies see the packet behind DNAT, so a rule for ${asDialled} would not match.`
      : "";
  const isolation = `${policyNames(verdict.isolating)} isolate${others.length === 0 ? "s" : ""} pod ${nameOf(pod)} for ${direction} and ${others.length === 0 ? singular : none}`;
  return {
    label,
    allowed: false,
    note: `${isolation}${steps.length === 0 ? `, not ${what}` : ` ${what}`}.${masked}${afterDnat}`,
    result: tableResult([...steps, rest], false),
  };
}

function tableResult(steps: readonly RuleStep[], allowed: boolean): TableResult {
  const matched = steps.filter((step) => step.matched);
  return {
    verdict: { kind: allowed ? "accept" : "drop" },
    mark: 0,
    rule: matched.at(-1)?.rule ?? null,
    considered: steps.length,
    matched: matched.length,
    steps,
    skipped: [],
    draw: null,
  };
}

function podOf(view: ClusterView, host: HostId | null): Pod | null {
  const [kind, namespace, name] = host?.split("/") ?? [];
  return kind !== "pod" || namespace === undefined || name === undefined ? null : (view.pod(namespace, name) ?? null);
}

/** What passes whatever policies say: a pod's own traffic to itself, and between a pod and its own node (the kubelet's probes). */
function exempt({ from, to, own }: WorkloadCrossing): string | null {
  if (own) return "Traffic between a pod and its own node always passes";
  return from !== null && from === to ? "A pod cannot be kept from itself" : null;
}

/**
 * The filter of a node's pods; null while the cluster has no NetworkPolicy or its plug-in ignores them, so that nothing is asked. Rules hold from the moment that
 * the policy is stored. Sources that another node masquerades arrive with that node's address, which no podSelector selects; what this
 * very node will masquerade still has its own (the chains are in front of POSTROUTING).
 */
export function policyFilter(view: ClusterView): WorkloadFilter | null {
  const policies = view.network.policies === "ignored" ? [] : (view.networkPolicies?.() ?? []);
  if (policies.length === 0) return null;
  const labelsOf = (namespace: string) => view.namespaceLabels?.(namespace);
  const masked = ({ direction, peer, peerIP }: PolicyCase): string => {
    if (direction === "egress" || peer !== null) return "";
    const node = view.nodes().find((n) => nodeAddresses(n).includes(peerIP));
    return node === undefined
      ? ""
      : ` That is the address of node ${node.metadata.name}: its own process, or a sender that was masqueraded there. No podSelector matches it.`;
  };

  function judgeEnd(crossing: WorkloadCrossing, direction: PolicyDirection): WorkloadJudgement | null {
    const { packet } = crossing;
    const pod = podOf(view, direction === "egress" ? crossing.from : crossing.to);
    if (pod === null) return null;
    const why = exempt(crossing);
    if (why !== null) {
      if (!policies.some((policy) => isolates(policy, pod, direction))) return null;
      const note = `${why}, whatever NetworkPolicies say.`;
      return { label: `${direction} policy`, allowed: true, note, result: tableResult([], true) };
    }
    const peerIP = direction === "egress" ? packet.dst : packet.src;
    const asked: PolicyCase = {
      direction,
      pod,
      peerIP,
      peer: view.podByIP(peerIP) ?? null,
      protocol: packet.protocol,
      port: packet.dport,
    };
    return judgement({ asked, verdict: judge(policies, labelsOf, asked), crossing, masked: masked(asked) });
  }

  return {
    judge(crossing) {
      const out: WorkloadJudgement[] = [];
      for (const direction of ["egress", "ingress"] as const) {
        const made = judgeEnd(crossing, direction);
        if (made !== null) out.push(made);
        if (made?.allowed === false) break;
      }
      return out;
    },
  };
}
