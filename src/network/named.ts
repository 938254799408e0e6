/** A request whose target is a name: it is looked up, and then its addresses are dialled in turn. */
import type { Micros } from "../base/time.ts";
import { DEFAULT_TTL } from "../kernel/packet.ts";
import { sentence } from "../kernel/visit.ts";
import { MILLISECOND } from "../base/time.ts";
import type { Header, Hop, OutcomeKind, Request, Walk } from "../model/trace/types.ts";
import { type Family, familyOf } from "./addresses.ts";
import { dnsHop, type Lookup, lookUp, type LookupEnd, type Surroundings, type WalkTo } from "./lookup.ts";
import type { NamedRequest } from "./request.ts";
import type { NetworkState, SendResult } from "./types.ts";

/** How long curl waits for one family before it tries the other as well (CURL_HET_DEFAULT). */
const HEAD_START: Micros = 200 * MILLISECOND;

/** What getaddrinfo says. */
const WORDS: Readonly<Record<Exclude<LookupEnd, "found">, string>> = {
  "no-name": "Name or service not known",
  "no-data": "No address associated with hostname",
  again: "Temporary failure in name resolution",
};

/** The line of the client's tool when it has not found an address. */
function nameError({ name, protocol }: NamedRequest, end: Exclude<LookupEnd, "found">): string {
  if (protocol === "icmp") return `ping: ${name}: ${WORDS[end]}`;
  if (protocol !== "tcp") return `Ncat: Could not resolve hostname "${name}": ${WORDS[end]}. QUITTING.`;
  return `curl: (6) Could not resolve host: ${name}`;
}

/** Looks the target up, every question a child of the walk, and dials what it finds: IPv6 first, the next address when one fails. */
export function walkByName(
  walkTo: WalkTo,
  around: Surroundings & { readonly request: Request },
  target: NamedRequest,
): SendResult {
  const { view, topology, options, request } = around;
  const { name, wanted, own, ...rest } = target;
  const families: readonly Family[] = wanted === undefined ? [4, 6] : [wanted];
  const lookup = lookUp(walkTo, around, target, name, families);
  const header: Header = {
    src: own[0] ?? "",
    dst: view.names?.resolverOf(target).nameservers[0] ?? "",
    sport: 0,
    dport: 53,
    protocol: "udp",
    mark: 0,
    ttl: DEFAULT_TTL,
  };
  if (lookup.end !== "found") return failed(around, target, lookup, lookup.end, header);
  const reachable = inOrder(lookup.addresses, own);
  const earlier: Walk[] = [];
  let { state, endedAt: now } = lookup;
  let last: Walk | null = null;
  for (const [i, ip] of reachable.entries()) {
    const tried = i === 0 ? {} : { part: [...(options.part ?? []), `address ${i + 1}`] };
    const sent = walkTo(
      { ...view, now },
      topology,
      state,
      request,
      { ...rest, ip, family: familyOf(ip) },
      { ...options, ...tried },
    );
    ({ state } = sent);
    last = sent.walk;
    const next = reachable[i + 1];
    if (next === undefined || !isFailed(last) || target.protocol !== "tcp") break;
    earlier.push({ ...last, symptom: named(last.symptom, ip, name) });
    now = last.outcome === "timeout" && familyOf(next) !== familyOf(ip) ? now + HEAD_START : last.endedAt;
  }
  if (last === null) return unreachable(around, target, lookup, header);
  const ip = reachable[earlier.length] ?? "";
  // Whoever asks what was dialled looks at the first hop.
  const hop = dnsHop(target.host, view.now, last.hops[0]?.before ?? header, foundNote(around, target, lookup));
  return {
    state,
    walk: {
      ...last,
      startedAt: view.now,
      hops: [hop, ...last.hops].map((h, index): Hop => ({ ...h, index })),
      reply: last.reply.map((h): Hop => ({ ...h, mirrors: h.mirrors === null ? null : h.mirrors + 1 })),
      symptom: named(last.symptom, ip, name),
      children: [...lookup.walks, ...earlier, ...last.children],
    },
  };
}

const FAILED: readonly OutcomeKind[] = ["refused", "timeout", "unreachable"];
/** Was there no connection? */
function isFailed({ outcome, sourceSeen }: Walk): boolean {
  return FAILED.includes(outcome) && sourceSeen === null;
}

/** Addresses that the sender has a source for: IPv6 before IPv4, else as answered (RFC 6724, reduced). */
function inOrder(addresses: readonly string[], own: readonly string[]): readonly string[] {
  const mine = new Set(own.map(familyOf));
  const of = (family: Family): readonly string[] => addresses.filter((ip) => familyOf(ip) === family);
  return ([6, 4] as const).flatMap((family) => (mine.has(family) ? of(family) : []));
}

/** The tool's line with the name that it was given. */
function named(symptom: string, ip: string, name: string): string {
  return symptom
    .replace(` to ${ip} port `, ` to ${name} port `)
    .replace(`Connected to ${ip} (`, `Connected to ${name} (`);
}

function questionsText(count: number): string {
  return count === 1 ? "1 question" : `${count} questions`;
}

function serversOf({ view }: Surroundings, target: NamedRequest): string {
  return view.names?.resolverOf(target).nameservers.join(", ") ?? "";
}

function foundNote(around: Surroundings, target: NamedRequest, { addresses, asked, walks, followed }: Lookup): string {
  const { sender, name } = target;
  const list = addresses.join(", ");
  if (asked === null) return `${sender} looks up ${name}: its /etc/hosts says ${list}.`;
  const drawn =
    around.options.chooser.turn === undefined || followed === true
      ? ""
      : " The way of the questions is drawn: all ways come to the same answer.";
  return `${sender} looks up ${name}: ${asked} is ${list} (${questionsText(walks.length)} to ${serversOf(around, target)}).${drawn}`;
}

function emptyWalk(
  { view, options, request }: Surroundings & { readonly request: Request },
  { host }: NamedRequest,
  lookup: Lookup,
  header: Header,
  said: Pick<Walk, "outcome" | "symptom" | "summary">,
): { readonly walk: Walk; readonly state: NetworkState } {
  return {
    state: lookup.state,
    walk: {
      id: options.id,
      request,
      startedAt: view.now,
      endedAt: lookup.endedAt,
      hops: [{ ...dnsHop(host, view.now, header, said.summary), verdict: "lost" }],
      reply: [],
      backend: null,
      sourceSeen: null,
      probability: 1,
      children: lookup.walks,
      ...said,
    },
  };
}

function failed(
  around: Surroundings & { readonly request: Request },
  target: NamedRequest,
  lookup: Lookup,
  end: Exclude<LookupEnd, "found">,
  header: Header,
): SendResult {
  const { sender, name } = target;
  const asked = [
    ...new Set(lookup.walks.flatMap(({ request: { says } }) => (says?.kind === "dns" ? [says.name] : []))),
  ];
  const servers = serversOf(around, target);
  const questions = `${questionsText(lookup.walks.length)} to ${servers}`;
  const why = {
    "no-name": `there is no such name: ${asked.join(", ")} (${questions}, NXDOMAIN)`,
    "no-data": `the name exists, but has no address (${questions}; asked for: ${asked.join(", ")})`,
    again:
      servers === ""
        ? "it has no name server"
        : `no name server gives an answer (${questions}; the last: ${lookup.walks.at(-1)?.symptom ?? ""})`,
  }[end];
  return emptyWalk(around, target, lookup, header, {
    outcome: "name-error",
    symptom: nameError(target, end),
    summary: sentence(`${sender} cannot resolve ${name}: ${why}.`),
  });
}

function unreachable(
  around: Surroundings & { readonly request: Request },
  target: NamedRequest,
  lookup: Lookup,
  header: Header,
): SendResult {
  const { sender, name, port } = target;
  return emptyWalk(around, target, lookup, header, {
    outcome: "unreachable",
    symptom:
      target.protocol === "tcp"
        ? `curl: (7) Failed to connect to ${name} port ${port} after 0 ms: Couldn't connect to server`
        : target.protocol === "icmp"
          ? "ping: connect: Network is unreachable"
          : "Ncat: Network is unreachable.",
    summary: `${name} is ${lookup.addresses.join(", ")}, and ${sender} has no address of that family.`,
  });
}
