import type { Chain, Match, Rule, Target } from "../../kernel/iptables/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import { endpointChain } from "../names.ts";
import type { EndpointView, ServicePortView } from "../view.ts";
import { comment, oneIn, PROTOCOL, rule, toAddress, TO_MARK_MASQ } from "./parts.ts";
import type { Settings } from "./settings.ts";

type Jump = Target & { readonly kind: "jump" };

/** `-j KUBE-SEP-...` of each endpoint: hashed once, shared by all rules that jump there. */
export type EndpointJumps = ReadonlyMap<EndpointView, Jump>;

export function endpointJumps(port: ServicePortView, endpoints: readonly EndpointView[]): EndpointJumps {
  return new Map(endpoints.map((ep) => [ep, { kind: "jump", chain: endpointChain(port.name, port.protocol, ep.key) }]));
}

function jumpOf(jumps: EndpointJumps, endpoint: EndpointView): Jump {
  return jumps.get(endpoint) as Jump;
}

const HAIRPIN = "A pod that calls the Service and gets itself needs a new source, or it would answer itself directly.";
const CHOSEN = "The endpoint that was chosen: the packet is readdressed to it.";

function targetOrigin(port: ServicePortView, path: string, endpoint: EndpointView, why: string): Origin {
  return { object: port.service, path, why, because: endpoint.because };
}

/** First rule of the chain that the cluster IP leads to: who is no local pod gets this node's address. None without a detector. */
export function offClusterRules(port: ServicePortView, s: Settings): readonly Rule[] {
  if (!s.masqueradeAll && s.ifNotLocal === null) return [];
  const why = s.masqueradeAll
    ? "masqueradeAll: everything to a cluster IP gets this node's address."
    : "The sender is not a local pod: the reply has to come back through this node.";
  return [
    rule(
      "off-cluster",
      [
        comment(`${port.name} cluster IP`),
        ...toAddress(port, port.clusterIP),
        ...(s.masqueradeAll || s.ifNotLocal === null ? [] : [s.ifNotLocal]),
      ],
      TO_MARK_MASQ,
      { object: port.service, path: "spec.clusterIP", why },
    ),
  ];
}

/**
 * What KUBE-SVC or KUBE-SVL chooses by: affinity first, then a ladder of 1/n, 1/(n-1), ... and the last without condition, so that
 * each endpoint gets 1/n. Upstream: writeServiceToEndpointRules.
 */
export function ladder(
  port: ServicePortView,
  endpoints: readonly EndpointView[],
  jumps: EndpointJumps,
  s: Settings,
): readonly Rule[] {
  const rules: Rule[] = [];
  const text = (endpoint: EndpointView): readonly Match[] =>
    s.large ? [] : [comment(`${port.name} -> ${endpoint.key}`)];
  const seconds = port.affinitySeconds;
  if (seconds !== null) {
    const why = `A client that used this endpoint within ${seconds} s goes there again.`;
    for (const endpoint of endpoints) {
      const target = jumpOf(jumps, endpoint);
      const recent: Match = { kind: "recent-check", list: target.chain, seconds, reap: true };
      const origin = targetOrigin(port, "spec.sessionAffinity", endpoint, why);
      rules.push(rule(`affinity/${endpoint.key}`, [...text(endpoint), recent], target, origin));
    }
  }
  const n = endpoints.length;
  const path = `${port.path}.targetPort`;
  const why = n === 1 ? "The only endpoint." : `One of ${n} endpoints: each gets 1/${n} of new connections.`;
  for (let i = 0; i < n; i++) {
    const endpoint = endpoints[i] as EndpointView;
    const matches = i < n - 1 ? [...text(endpoint), oneIn(n - i)] : text(endpoint);
    rules.push(rule(`to/${endpoint.key}`, matches, jumpOf(jumps, endpoint), targetOrigin(port, path, endpoint, why)));
  }
  return rules;
}

/** KUBE-SEP: hairpin first, then DNAT, which also remembers the client when there is affinity. */
export function endpointChains(
  port: ServicePortView,
  endpoints: readonly EndpointView[],
  jumps: EndpointJumps,
  s: Settings,
): readonly (readonly [name: string, chain: Chain])[] {
  const text: readonly Match[] = s.large ? [] : [comment(port.name)];
  const plain: readonly Match[] = [...text, ...PROTOCOL[port.protocol]];
  const path = `${port.path}.targetPort`;
  return endpoints.map((endpoint) => {
    const sep = jumpOf(jumps, endpoint).chain;
    const remember: readonly Match[] =
      port.affinitySeconds === null ? plain : [...text, { kind: "recent-set", list: sep }, ...PROTOCOL[port.protocol]];
    const rules = [
      rule(
        "hairpin",
        [...text, { kind: "src", cidr: endpoint.ip }],
        TO_MARK_MASQ,
        targetOrigin(port, path, endpoint, HAIRPIN),
      ),
      rule(
        "dnat",
        remember,
        { kind: "dnat", ip: endpoint.ip, port: endpoint.port },
        targetOrigin(port, path, endpoint, CHOSEN),
      ),
    ];
    return [sep, { policy: null, rules }];
  });
}
