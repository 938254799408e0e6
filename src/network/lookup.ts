/** A name lookup as the resolver of a C library makes it: every question a datagram of its own, walked like any other. */
import type { Chooser } from "../base/choose.ts";
import type { Micros } from "../base/time.ts";
import { sentence } from "../kernel/visit.ts";
import type { DnsQuestion, DnsResponse } from "../model/trace/message.ts";
import type { HostId, Request, Walk } from "../model/trace/types.ts";
import { familyOf, type Family } from "./addresses.ts";
import { nextScript, scripted } from "./branches.ts";
import type { ResolvedRequest } from "./request.ts";
import { attemptsOf, candidates, type Resolver, timeoutOf } from "./search-list.ts";
import type { Topology } from "./topology/topology.ts";
import type { ClusterView, NetworkState, SendOptions, SendResult } from "./types.ts";

/** Lines of /etc/hosts. */
export interface HostsLine {
  readonly ip: string;
  readonly names: readonly string[];
}

/** What machines know of names before they have asked anybody. */
export interface NameService {
  /** The sender's /etc/resolv.conf; `pod` for a hostNetwork pod too. */
  resolverOf(sender: Sender): Resolver;
  hostsOf(sender: Sender): readonly HostsLine[];
  /** What a name server outside of the cluster's networks answers; null: this address is none. */
  outside(nameserver: string, question: DnsQuestion): DnsResponse | null;
}

/** Who asks. */
export type Sender = Pick<ResolvedRequest, "host" | "sender" | "pod">;

export type WalkTo = (
  view: ClusterView,
  topology: Topology,
  state: NetworkState,
  request: Request,
  resolved: ResolvedRequest,
  options: SendOptions,
) => SendResult;

/** The moment at which a lookup is made, and what it may use. */
export interface Surroundings {
  readonly view: ClusterView;
  readonly topology: Topology;
  readonly state: NetworkState;
  readonly options: SendOptions;
}

/** As getaddrinfo has it: EAI_NONAME, EAI_NODATA, EAI_AGAIN. */
export type LookupEnd = "found" | "no-name" | "no-data" | "again";

export interface Lookup {
  readonly end: LookupEnd;
  /** As the answers have them: those of the first answer first. */
  readonly addresses: readonly string[];
  /** The name, of those that were tried, that had an answer; null: none, or /etc/hosts has it. */
  readonly asked: string | null;
  /** The questions, in order. */
  readonly walks: readonly Walk[];
  readonly state: NetworkState;
  readonly endedAt: Micros;
  /** Was every way that a question can go followed? Absent: chance was not asked, or all ways come to the same. */
  readonly followed?: true;
}

const DNS_PORT = 53;
/** Ways that one question can go, which are looked at to see whether they differ. */
const MAX_WAYS = 64;

/** One question to one name server. */
export function ask(
  walkTo: WalkTo,
  { view, topology, state, options }: Surroundings,
  sender: Sender,
  nameserver: string,
  question: DnsQuestion,
): SendResult {
  const request: Request = {
    from: requestFrom(sender),
    to: `${nameserver}:${DNS_PORT}`,
    protocol: "udp",
    says: question,
  };
  const resolved: ResolvedRequest = {
    host: sender.host,
    sender: sender.sender,
    pod: sender.pod,
    ip: nameserver,
    port: DNS_PORT,
    protocol: "udp",
    family: familyOf(nameserver),
    says: question,
  };
  const outside = askOutside({ view, topology, options }, request, resolved);
  const { walk, state: after } =
    outside === null ? walkTo(view, topology, state, request, resolved, options) : { walk: outside, state };
  return { walk: { ...walk, role: "dns", symptom: answerText(walk, question, nameserver) }, state: after };
}

function requestFrom({ host, pod }: Sender): string {
  return pod === null ? host : `pod/${pod.namespace}/${pod.name}`;
}

/** What came of a question, in dig's words. */
function answerText({ dns, outcome }: Walk, { name, type }: DnsQuestion, nameserver: string): string {
  if (dns !== undefined) {
    const found = dns.answer.map(({ data }) => data).join(", ");
    return `${name} ${type}: ${found === "" ? (dns.rcode === "NOERROR" ? "no data" : dns.rcode) : found}`;
  }
  const why =
    outcome === "refused" ? "connection refused" : outcome === "unreachable" ? "host unreachable" : "timed out";
  return `;; communications error to ${nameserver}#${DNS_PORT}: ${why}`;
}

/** How one name fared. */
type Fate = "data" | "none" | "empty" | "servfail" | "refused" | "silence";

/** Looks a name up: /etc/hosts, then the name servers, along the search list. `families`: whose addresses are asked for. */
export function lookUp(
  walkTo: WalkTo,
  around: Surroundings,
  sender: Sender,
  name: string,
  families: readonly Family[],
): Lookup {
  const { view, options } = around;
  const { names } = view;
  const found = (addresses: readonly string[]): Lookup => ({
    end: "found",
    addresses,
    asked: null,
    walks: [],
    state: around.state,
    endedAt: view.now,
  });
  const bare = name.replace(/\.$/, "").toLowerCase();
  const written = (names?.hostsOf(sender) ?? [])
    .filter((line) => line.names.some((known) => known.toLowerCase() === bare))
    .map(({ ip }) => ip)
    .filter((ip) => families.includes(familyOf(ip)));
  if (written.length > 0) return found(written);
  const resolver = names?.resolverOf(sender) ?? { nameservers: [], search: [], options: [] };
  const tried = candidates(name, resolver);
  const varies = options.chooser.turn !== undefined && differs(walkTo, around, sender, resolver, tried[0] ?? "");
  const chooser = varies || options.chooser.turn === undefined ? options.chooser : sampled(options.chooser);
  const walks: Walk[] = [];
  let { state } = around;
  let now = view.now;
  const fates = new Set<Fate>();
  const result = (end: LookupEnd, addresses: readonly string[] = [], asked: string | null = null): Lookup => ({
    end,
    addresses,
    asked,
    walks,
    state,
    endedAt: now,
    ...(varies ? { followed: true } : {}),
  });

  const askAll = (asked: string): { readonly fate: Fate; readonly addresses: readonly string[] } => {
    let fate: Fate = "refused";
    const { nameservers } = resolver;
    for (let attempt = 0; attempt < attemptsOf(resolver); attempt++) {
      for (const nameserver of nameservers) {
        // Both questions leave by one socket, at once: to the connection table they are one flow.
        const part = [...(options.part ?? []), `dns ${walks.length + 1}`];
        const sentAt = now;
        const answers = families.map((family): Walk => {
          const question: DnsQuestion = { kind: "dns", name: asked, type: family === 4 ? "A" : "AAAA" };
          const moment = { ...view, now: sentAt };
          const next = ask(
            walkTo,
            { ...around, view: moment, state, options: { ...options, chooser, part } },
            sender,
            nameserver,
            question,
          );
          ({ state } = next);
          walks.push(next.walk);
          return next.walk;
        });
        const isSilent = answers.some(
          (w) => w.dns === undefined && w.outcome !== "refused" && w.outcome !== "unreachable",
        );
        now = isSilent ? sentAt + timeoutOf(resolver) : Math.max(...answers.map((w) => w.endedAt));
        if (isSilent) {
          fate = "silence";
          continue;
        }
        const said = answers.flatMap(({ dns }) => dns ?? []);
        if (said.length < answers.length) continue;
        const rcodes = said.map(({ rcode }) => rcode);
        if (rcodes.some((rcode) => rcode === "SERVFAIL" || rcode === "REFUSED")) {
          fate = "servfail";
          const partial = addressesIn(said);
          if (partial.length > 0) return { fate: "data", addresses: partial };
          continue;
        }
        const addresses = addressesIn(said);
        if (addresses.length > 0) return { fate: "data", addresses };
        return { fate: rcodes.includes("NXDOMAIN") ? "none" : "empty", addresses };
      }
    }
    return { fate, addresses: [] };
  };

  const whole = tried.at(-1) === `${bare}.` || name.endsWith(".") ? tried.at(-1) : undefined;
  let skipping = false;
  for (const asked of tried) {
    // Silence ends the search; only the name as it stands is still tried.
    if (skipping && asked.toLowerCase() !== whole?.toLowerCase()) continue;
    const { fate, addresses } = askAll(asked);
    fates.add(fate);
    if (fate === "data") return result("found", addresses, asked);
    if (fate === "refused") return result("again");
    if (fate === "silence") skipping = true;
  }
  if (fates.has("silence")) return result("again");
  if (fates.has("empty")) return result("no-data");
  return result(fates.has("servfail") ? "again" : "no-name");
}

function addressesIn(said: readonly DnsResponse[]): readonly string[] {
  return said.flatMap(({ answer, question }) =>
    answer.filter(({ type }) => type === question.type).map(({ data }) => data),
  );
}

/** Draws where an exploration would follow all ways. */
function sampled(chooser: Chooser): Chooser {
  const fine = 2 ** 30;
  return {
    chance(p, purpose) {
      const draw = chooser.sample(fine, purpose) / fine;
      return { taken: draw < ("of" in p ? 1 / p.of : p.value), draw };
    },
    pick: (n, purpose) => chooser.sample(n, purpose),
    sample: (n, purpose) => chooser.sample(n, purpose),
  };
}

const known = new WeakMap<Topology, Map<string, boolean>>();

/** Does it depend on chance what comes of a question? Then a lookup that is drawn would hide a share of the outcomes. */
function differs(walkTo: WalkTo, around: Surroundings, sender: Sender, resolver: Resolver, name: string): boolean {
  const [nameserver] = resolver.nameservers;
  if (nameserver === undefined) return false;
  let memo = known.get(around.topology);
  if (memo === undefined) known.set(around.topology, (memo = new Map()));
  const key = `${sender.host} ${name}`;
  const before = memo.get(key);
  if (before !== undefined) return before;
  const ends = new Set<string>();
  let script: readonly number[] | null = [];
  for (let way = 0; script !== null && way < MAX_WAYS && ends.size < 2; way++) {
    const { chooser, made } = scripted(script, around.options.chooser);
    const options = { ...around.options, chooser, part: [...(around.options.part ?? []), "dns"] };
    const { walk } = ask(walkTo, { ...around, options }, sender, nameserver, { kind: "dns", name, type: "A" });
    const answer = walk.dns?.answer.map(({ data }) => data).toSorted() ?? [];
    ends.add(`${walk.outcome} ${walk.dns?.rcode ?? "silence"} ${answer.join(" ")}`);
    script = nextScript(made);
  }
  memo.set(key, ends.size > 1);
  return ends.size > 1;
}

/** The walk of a question that a name server outside answers: its road is not in the picture. */
export function askOutside(
  { view, topology, options }: Pick<Surroundings, "view" | "topology" | "options">,
  request: Request,
  { host, sender, ip, says, port }: Pick<ResolvedRequest, "host" | "sender" | "ip" | "says" | "port">,
): Walk | null {
  if (says?.kind !== "dns" || port !== DNS_PORT) return null;
  const dns = view.names?.outside(ip, says) ?? null;
  if (dns === null) return null;
  const source = topology.host(host)?.interfaces.find(({ name }) => name === "eth0")?.addresses[0]?.ip ?? "";
  const header = { src: source, dst: ip, sport: 0, dport: DNS_PORT, protocol: "udp" as const, mark: 0, ttl: 64 };
  const data = dns.answer.map((record) => record.data).join(", ");
  const note = `${sender} asks the resolver ${ip}, outside of the cluster, for ${says.type} ${says.name}, and gets ${data === "" ? (dns.rcode === "NOERROR" ? "no data" : dns.rcode) : data}.`;
  return {
    id: options.id,
    request,
    startedAt: view.now,
    endedAt: view.now + dns.took,
    hops: [dnsHop(host, view.now, header, note)],
    reply: [],
    outcome: "delivered",
    symptom: data,
    summary: sentence(note),
    backend: null,
    sourceSeen: source,
    dns,
    probability: 1,
    children: [],
  };
}

/** A rung for what happens at the sender before anything leaves it. */
export function dnsHop(
  place: HostId,
  at: Micros,
  header: Walk["hops"][number]["before"],
  note: string,
): Walk["hops"][number] {
  return {
    index: 0,
    at,
    place,
    iface: null,
    stage: "dns",
    label: "name lookup",
    rule: null,
    considered: 0,
    matched: 0,
    steps: [],
    skipped: [],
    before: header,
    after: header,
    verdict: "continue",
    draw: null,
    note: sentence(note),
    mirrors: null,
    to: null,
  };
}
