/** The same packet in several modes of kube-proxy: each walked in a fork of the present, which stays as it is. */
import { isIPv6 } from "../base/ip.ts";
import { seededChooser } from "../base/draw.ts";
import type { ProxyMode } from "../model/config/types.ts";
import { type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import type { ComparedMode, Comparison, LookedAt, Share, Trial, WrittenFor } from "../model/trace/comparison.ts";
import type { Backend, Exploration, Hop, Origin, Request, RuleStep, Walk } from "../model/trace/types.ts";
import { explore } from "../network/explore.ts";
import { send } from "../network/send.ts";
import { isMode } from "../proxy/modes.ts";
import type { Refusal } from "../wire/protocol.ts";
import type { Cluster } from "./simulation.ts";

export interface CompareOptions {
  readonly request: Request;
  readonly modes: readonly ProxyMode[];
  /** Where the packet is to end in every mode that lets it: the endpoint that a walk on show has drawn. */
  readonly backend: Backend | null;
}

/** A request that cannot be sent at all, or a mode that there is not, is refused; the modes come back in the order asked. */
export function compareModes(cluster: Cluster, { request, modes, backend }: CompareOptions): Comparison | Refusal {
  const unknown = modes.find((mode) => !isMode(mode));
  if (unknown !== undefined) return { message: `kube-proxy has no mode ${String(unknown)}.`, field: "modes" };
  const nodes = cluster.store.list<Node>("Node").map(({ metadata }) => metadata.name);
  const running = new Set(
    nodes.filter((node) => cluster.proxyOf(node).config !== null).map((node) => cluster.modeOf(node)),
  );
  const at = cluster.now;
  const columns: ComparedMode[] = [];
  for (const mode of new Set(modes)) {
    const current = running.size === 1 && running.has(mode);
    const column = cluster.inMode(mode, () => inFork(cluster, request, backend, { mode, current }));
    if ("message" in column) return column;
    columns.push(column);
  }
  return { at, request, columns };
}

function inFork(
  cluster: Cluster,
  request: Request,
  backend: Backend | null,
  about: Pick<ComparedMode, "mode" | "current">,
): ComparedMode | Refusal {
  const { seed, network } = cluster.state;
  const options = { id: 0, chooser: seededChooser(seed) };
  const view = cluster.view();
  const explored = explore(view, network, request, options);
  if (!explored.ok) return { message: explored.error.message, field: explored.error.field };
  const { walks, unexplored = 0 } = explored.value;
  const there = backend === null ? undefined : walks.find((walk) => isSame(walk.backend, backend));
  const drawn = send(view, network, request, options);
  const walk = there ?? (drawn.ok ? drawn.value.walk : walks[0]);
  if (walk === undefined) return { message: "No branch of this request could be followed.", field: null };
  const decided = decisionOf(walk);
  const trial = (to: string, protocol: Request["protocol"]): Trial | null => {
    const tried = send(view, network, { ...request, to, protocol }, options);
    if (!tried.ok) return null;
    const { outcome, symptom } = tried.value.walk;
    return { to, protocol, outcome, symptom };
  };
  const dialled = walk.hops.find((hop) => hop.stage !== "dns")?.before;
  const host = dialled === undefined ? "" : isIPv6(dialled.dst) ? `[${dialled.dst}]` : dialled.dst;
  const port = dialled === undefined || dialled.dport === 0 ? null : dialled.dport === 65_535 ? 1 : dialled.dport + 1;
  return {
    ...about,
    walk,
    pinned: there !== undefined,
    shares: sharesOf(walks),
    unexplored,
    written: decided === null ? null : writtenFor(cluster, decided),
    looked: lookedAt(decided),
    otherPort: port === null ? null : trial(`${host}:${port}`, request.protocol),
    ping: dialled === undefined || request.protocol === "icmp" ? null : trial(`${host}:0`, "icmp"),
  };
}

function isSame(a: Backend | null, b: Backend): boolean {
  return a !== null && a.ip === b.ip && a.port === b.port;
}

/** The outcomes with their weights, equal ones as one; the weightiest first. */
function sharesOf(walks: Exploration["walks"]): readonly Share[] {
  const shares = new Map<string, Share>();
  for (const { outcome, backend, sourceSeen, probability } of walks) {
    const key = JSON.stringify([outcome, backend, sourceSeen]);
    const weight = (shares.get(key)?.weight ?? 0) + probability;
    shares.set(key, { outcome, backend, sourceSeen, weight });
  }
  return [...shares.values()].sort((a, b) => b.weight - a.weight);
}

/** The stay on a node in which the packet's destination is chosen, up to the hop that does it. */
interface Decision {
  readonly node: string;
  readonly hops: readonly Hop[];
}

/** The first stay on a node whose rules rewrite the destination or end the packet; else the first on which rules are asked. */
function decisionOf({ hops }: Walk): Decision | null {
  const stays: Hop[][] = [];
  for (const hop of hops) {
    const last = stays.at(-1);
    if (last?.[0]?.place === hop.place) last.push(hop);
    else stays.push([hop]);
  }
  const asked = stays.filter(([first, ...rest]) => {
    const isNode = first?.place.startsWith("node/") === true;
    return isNode && [first, ...rest].some(({ steps }) => steps.length > 0);
  });
  for (const stay of asked) {
    const at = stay.findIndex(({ verdict, steps }) => steps.length > 0 && DECIDES.has(verdict));
    if (at >= 0) return { node: nodeOf(stay), hops: stay.slice(0, at + 1) };
  }
  const [first] = asked;
  return first === undefined ? null : { node: nodeOf(first), hops: first };
}

const DECIDES: ReadonlySet<string> = new Set(["dnat", "reject", "drop"]);

const nodeOf = ([first]: readonly Hop[]): string => first?.place.slice("node/".length) ?? "";

/** nft's sets and maps by name, and ipset's; an anonymous map of endpoints is the draw, not a lookup among Services. */
const ASKS_SET = / @[a-z]|--match-set /;

const isVirtual = ({ rule }: RuleStep): boolean => rule.chain === "IPVS";

function lookedAt(decided: Decision | null): LookedAt {
  let [rules, matched, lookups, virtual] = [0, 0, 0, 0];
  for (const hop of decided?.hops ?? []) {
    const found = hop.steps.filter(isVirtual).length;
    virtual += found;
    rules += hop.considered - found;
    matched += hop.matched - found;
    lookups += hop.steps.filter((step) => !isVirtual(step) && ASKS_SET.test(step.rule.text)).length;
  }
  return { rules, matched, lookups, virtual };
}

/** The Service that the deciding rule was written for, or the last one whose rule matched. */
function serviceOf({ hops }: Decision): ObjectKey | null {
  const rules = hops.flatMap((hop) => [
    ...hop.steps.filter((step) => step.matched).map((step) => step.rule),
    ...(hop.rule === null ? [] : [hop.rule]),
  ]);
  for (const { origin } of rules.toReversed()) {
    const objects = [origin?.object ?? null, ...(origin?.because ?? []).map((link) => link.object)];
    const service = objects.find((object) => object !== null && splitKey(object).kind === "Service");
    if (service !== undefined) return service;
  }
  return null;
}

const isFor = (origin: Origin | null, service: ObjectKey): boolean =>
  origin?.because?.some(({ object }) => object === service) === true;

function writtenFor(cluster: Cluster, decided: Decision): WrittenFor {
  const service = serviceOf(decided);
  const { list } = cluster.rulesOf(decided.node);
  const { total } = list({ search: "", offset: 0, limit: 0 }, null);
  if (service === null) return { node: decided.node, service, own: 0, total };
  // The search finds names that begin alike too.
  const { rows } = list({ search: service, offset: 0, limit: total }, null);
  const own = rows.filter(({ origin }) => origin?.object === service || isFor(origin, service)).length;
  return { node: decided.node, service, own, total };
}
