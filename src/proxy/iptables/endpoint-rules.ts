import type { Chain, Match, Rule, Target } from "../../kernel/iptables/types.ts";
import type { Origin } from "../../model/trace/types.ts";
import { endpointChain } from "../names.ts";
import type { EndpointView, ServicePortView } from "../view.ts";
import { comment, oneIn, PROTOCOL, rule, toAddress, TO_MARK_MASQ } from "./parts.ts";
import type { Settings } from "./settings.ts";

/** What rules say of an endpoint whatever the configuration: it follows from names and addresses, and is made once. */
export interface EndpointWords {
  readonly endpoint: string;
  readonly jump: Target & { readonly kind: "jump" };
  readonly role: string;
  readonly from: Match;
  readonly dnat: Target;
}

interface PortWords {
  readonly protocol: string;
  readonly endpoints: Map<string, EndpointWords>;
}

const WORDS = new Map<string, PortWords>();
const MOST_PORTS = 100_000;
/** Endpoints that are gone stay until a port holds this many times as many as there are. */
const SLACK = 4;

/** The words of each endpoint, in their order. */
export function endpointWords(port: ServicePortView, endpoints: readonly EndpointView[]): readonly EndpointWords[] {
  let known = WORDS.get(port.name);
  if (known?.protocol !== port.protocol || known.endpoints.size > SLACK * endpoints.length + 100) {
    if (WORDS.size >= MOST_PORTS) WORDS.clear();
    WORDS.set(port.name, (known = { protocol: port.protocol, endpoints: new Map() }));
  }
  const words = known.endpoints;
  return endpoints.map((endpoint) => {
    let own = words.get(endpoint.key);
    if (own === undefined) {
      own = {
        endpoint: endpoint.key,
        jump: { kind: "jump", chain: endpointChain(port.name, port.protocol, endpoint.key) },
        role: `to/${endpoint.key}`,
        from: { kind: "src", cidr: endpoint.ip },
        dnat: { kind: "dnat", ip: endpoint.ip, port: endpoint.port },
      };
      words.set(endpoint.key, own);
    }
    return own;
  });
}

const HAIRPIN = "A pod that calls the Service and gets itself needs a new source, or it would answer itself directly.";
const CHOSEN = "The endpoint that was chosen: the packet is readdressed to it.";

function targetOrigin(port: ServicePortView, path: string, endpoint: EndpointView, why: string): Origin {
  return { object: port.service, path, why, because: endpoint.because };
}

const NO_MATCHES: readonly Match[] = [];

const DRAWS: (readonly Match[])[] = [];

/** The one condition of a rung without comment, the same list each time. */
function drawOf(of: number): readonly Match[] {
  return (DRAWS[of] ??= [oneIn(of)]);
}

const SHARES: string[] = [];

function shareOf(n: number): string {
  return (SHARES[n] ??= n === 1 ? "The only endpoint." : `One of ${n} endpoints: each gets 1/${n} of new connections.`);
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
  words: readonly EndpointWords[],
  s: Settings,
): readonly Rule[] {
  const rules: Rule[] = [];
  const text = (endpoint: EndpointView): readonly Match[] =>
    s.large ? NO_MATCHES : [comment(`${port.name} -> ${endpoint.key}`)];
  const seconds = port.affinitySeconds;
  if (seconds !== null) {
    const why = `A client that used this endpoint within ${seconds} s goes there again.`;
    for (const [i, endpoint] of endpoints.entries()) {
      const target = (words[i] as EndpointWords).jump;
      const recent: Match = { kind: "recent-check", list: target.chain, seconds, reap: true };
      const origin = targetOrigin(port, "spec.sessionAffinity", endpoint, why);
      rules.push(rule(`affinity/${endpoint.key}`, [...text(endpoint), recent], target, origin));
    }
  }
  const n = endpoints.length;
  const path = `${port.path}.targetPort`;
  const why = shareOf(n);
  for (let i = 0; i < n; i++) {
    const endpoint = endpoints[i] as EndpointView;
    const own = words[i] as EndpointWords;
    const matches = i === n - 1 ? text(endpoint) : s.large ? drawOf(n - i) : [...text(endpoint), oneIn(n - i)];
    rules.push(rule(own.role, matches, own.jump, targetOrigin(port, path, endpoint, why)));
  }
  return rules;
}

/** KUBE-SEP: hairpin first, then DNAT, which also remembers the client when there is affinity. */
export function endpointChains(
  port: ServicePortView,
  endpoints: readonly EndpointView[],
  words: readonly EndpointWords[],
  s: Settings,
): readonly (readonly [name: string, chain: Chain])[] {
  const text: readonly Match[] = s.large ? NO_MATCHES : [comment(port.name)];
  const plain: readonly Match[] = s.large ? PROTOCOL[port.protocol] : [...text, ...PROTOCOL[port.protocol]];
  const path = `${port.path}.targetPort`;
  return endpoints.map((endpoint, i) => {
    const own = words[i] as EndpointWords;
    const sep = own.jump.chain;
    const remember: readonly Match[] =
      port.affinitySeconds === null ? plain : [...text, { kind: "recent-set", list: sep }, ...PROTOCOL[port.protocol]];
    const rules = [
      rule(
        "hairpin",
        s.large ? [own.from] : [...text, own.from],
        TO_MARK_MASQ,
        targetOrigin(port, path, endpoint, HAIRPIN),
      ),
      rule("dnat", remember, own.dnat, targetOrigin(port, path, endpoint, CHOSEN)),
    ];
    return [sep, { policy: null, rules }];
  });
}
