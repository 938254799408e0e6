/** A NetworkPolicy isolates a pod of the connection and has no rule that lets it pass. */
import type { JsonValue } from "../../base/json.ts";
import { type Labels, type ObjectKey, splitKey } from "../../model/meta/types.ts";
import type { NetworkPolicy } from "../../model/networkpolicy/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Hop, Walk } from "../../model/trace/types.ts";
import { labelText } from "../endpoints.ts";
import { nearness } from "../nearness.ts";
import type { Case, Diagnoser, Remedy } from "../types.ts";

/** Where a policy dropped: in the walk itself, or in a lookup or leg within it. */
interface Denied {
  readonly hop: Hop;
  readonly policy: ObjectKey;
  readonly direction: "ingress" | "egress";
  /** Was it a question to a name server? */
  readonly dns: boolean;
}

function denials(walk: Walk, dns = false): readonly Denied[] {
  const own = [...walk.hops, ...walk.reply].flatMap((hop): readonly Denied[] => {
    const policy = hop.rule?.origin?.object ?? null;
    if (hop.stage !== "policy" || hop.verdict !== "drop" || policy === null) return [];
    return [{ hop, policy, direction: hop.rule?.text.includes("egress") === true ? "egress" : "ingress", dns }];
  });
  return [...own, ...walk.children.flatMap((child) => denials(child, dns || child.role === "dns"))];
}

const portEntry = (hop: Hop): JsonValue => ({ port: hop.before.dport, protocol: hop.before.protocol.toUpperCase() });

function labelsWithoutHash(pod: Pod): Readonly<Record<string, string>> {
  const labels = Object.entries(pod.metadata.labels ?? {}).filter(([key]) => !key.endsWith("-hash"));
  return Object.fromEntries(labels);
}

/** A peer entry that lets exactly this other end pass; null when nothing names it. */
function peerEntry({ objects, view }: Case, policy: NetworkPolicy, ip: string): JsonValue {
  const pod = view.podByIP(ip);
  if (pod === undefined) return { ipBlock: { cidr: ip.includes(":") ? `${ip}/128` : `${ip}/32` } };
  const podSelector = { matchLabels: labelsWithoutHash(pod) };
  if (pod.metadata.namespace === policy.metadata.namespace) return { podSelector };
  const labels = objects.list("Namespace").find(({ metadata }) => metadata.name === pod.metadata.namespace)
    ?.metadata.labels;
  const name = labels?.["kubernetes.io/metadata.name"] ?? pod.metadata.namespace ?? "default";
  return { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } }, podSelector };
}

interface Selector {
  readonly matchLabels?: Labels;
}

/** Labels of a peer's selectors that are nearly those of the other end. */
function nearMisses(
  { view, objects }: Case,
  { hop, direction, policy: object }: Denied,
  rules: readonly { readonly from?: readonly object[]; readonly to?: readonly object[] }[],
): readonly Remedy[] {
  const peers = direction === "ingress" ? "from" : "to";
  const pod = view.podByIP(direction === "ingress" ? hop.before.src : hop.before.dst);
  if (pod === undefined) return [];
  const namespace = objects.list("Namespace").find(({ metadata }) => metadata.name === pod.metadata.namespace);
  const actual = {
    podSelector: labelsWithoutHash(pod),
    namespaceSelector: {
      ...namespace?.metadata.labels,
      "kubernetes.io/metadata.name": pod.metadata.namespace ?? "default",
    },
  };
  return rules.flatMap((rule, i) =>
    (rule[peers] ?? []).flatMap((peer, j) =>
      (["podSelector", "namespaceSelector"] as const).flatMap((which): readonly Remedy[] => {
        const wanted = (peer as Readonly<Record<typeof which, Selector | undefined>>)[which]?.matchLabels ?? {};
        const has: Labels = actual[which];
        const wrong = Object.keys(wanted).filter((key) => has[key] !== wanted[key]);
        if (
          wrong.length === 0 ||
          !wrong.every((key) => has[key] !== undefined && nearness(has[key], wanted[key] ?? "") < 0.5)
        )
          return [];
        return [
          {
            title: `Match ${labelText(Object.fromEntries(wrong.map((key) => [key, has[key] ?? ""])))}`,
            edits: wrong.map((key) => ({
              object,
              path: `spec.${direction}[${String(i)}].${peers}[${String(j)}].${which}.matchLabels[${key}]`,
              to: has[key] ?? null,
            })),
          },
        ];
      }),
    ),
  );
}

/** Edits that may let it pass, those that change least first: a port, a port more, a peer more, a rule more. */
function remediesFor(given: Case, policy: NetworkPolicy, denied: Denied): readonly Remedy[] {
  const { hop, direction, policy: object, dns } = denied;
  const port = hop.before.dport;
  const protocol = hop.before.protocol.toUpperCase();
  const peers = direction === "ingress" ? "from" : "to";
  const peerIP = direction === "ingress" ? hop.before.src : hop.before.dst;
  const rules = policy.spec[direction] ?? [];
  const where = (i: number): string => `spec.${direction}[${String(i)}]`;
  const out: Remedy[] = dns ? [] : [...nearMisses(given, denied, rules)];
  if (!dns) {
    rules.forEach((rule, i) =>
      (rule.ports ?? []).forEach((one, j) => {
        const spoken = one.protocol ?? "TCP";
        if (one.port === port || spoken !== protocol || one.port === undefined) return;
        out.push({
          title: `Allow port ${String(port)}, where the pod listens`,
          edits: [{ object, path: `${where(i)}.ports[${String(j)}].port`, to: port }],
        });
      }),
    );
    rules.forEach((rule, i) => {
      const count = rule.ports?.length ?? 0;
      if (count === 0) return;
      out.push({
        title: `Allow port ${String(port)} too`,
        edits: [{ object, path: `${where(i)}.ports[${String(count)}]`, to: portEntry(hop) }],
      });
    });
    rules.forEach((rule, i) => {
      const listed =
        (direction === "ingress"
          ? (rule as { from?: readonly unknown[] }).from
          : (rule as { to?: readonly unknown[] }).to) ?? [];
      if (listed.length === 0) return;
      out.push({
        title: `Allow ${peerIP} too`,
        edits: [
          { object, path: `${where(i)}.${peers}[${String(listed.length)}]`, to: peerEntry(given, policy, peerIP) },
        ],
      });
    });
  }
  const ports: JsonValue = dns
    ? [
        { port: 53, protocol: "UDP" },
        { port: 53, protocol: "TCP" },
      ]
    : [portEntry(hop)];
  const rule: JsonValue = dns ? { ports } : { [peers]: [peerEntry(given, policy, peerIP)], ports };
  out.push({
    title: dns ? "Allow DNS, port 53" : `Allow ${protocol} port ${String(port)}`,
    edits: [{ object, path: `spec.${direction}[${String(rules.length)}]`, to: rule }],
  });
  return out;
}

export const policyDenies: Diagnoser = (given) => {
  const { failed, objects, request } = given;
  const first = failed.flatMap((branch) => denials(branch.walk).map((denied) => ({ branch, denied })))[0];
  if (first === undefined) return [];
  const { denied, branch } = first;
  const policy = objects.get<NetworkPolicy>(denied.policy);
  if (policy === undefined) return [];
  const { hop, direction, dns } = denied;
  const { namespace, name } = splitKey(denied.policy);
  const what = `${hop.before.protocol.toUpperCase()} port ${String(hop.before.dport)}`;
  const wrongPort = direction === "ingress" && (policy.spec.ingress ?? []).some(({ ports = [] }) => ports.length > 0);
  return [
    {
      id: "POLICY-DENIES",
      severity: "error",
      hop: branch.end?.at ?? null,
      evidence: [
        {
          kind: "object",
          object: denied.policy,
          path: policy.spec[direction] === undefined ? "spec.policyTypes" : `spec.${direction}`,
          shows: `isolates for ${direction}; no rule allows ${what}`,
        },
        { kind: "walk", shows: hop.note },
      ],
      cause:
        dns && direction === "ingress"
          ? `NetworkPolicy ${namespace ?? ""}/${name} isolates the DNS pods for ingress and does not let ${request.from} in on port 53, so no name can be looked up.`
          : dns
            ? `NetworkPolicy ${namespace ?? ""}/${name} isolates ${request.from} for egress and does not allow port 53, so no name can be looked up.`
            : `NetworkPolicy ${namespace ?? ""}/${name} isolates the pod for ${direction} and has no rule for ${what}${wrongPort ? ": a policy sees the pod's own port, after DNAT, not the Service's" : ""}.`,
      remedies: remediesFor(given, policy, denied),
      isStepwise: true,
      otherwise:
        "No single rule of this policy lets the connection pass: another policy isolates the other end, or nothing names the peer.",
      command: `kubectl -n ${namespace ?? "default"} describe networkpolicy ${name}`,
    },
  ];
};
