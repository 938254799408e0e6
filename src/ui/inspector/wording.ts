import type { Micros } from "../../base/time.ts";
import { isRelayed } from "../../mirror/joined.ts";
import type { DnsResponse } from "../../model/trace/message.ts";
import type { Header, Hop, HostId, OutcomeKind, Stage, Verdict, Walk } from "../../model/trace/types.ts";

/** `10.244.2.3:8080`, `[fd00::3]:8080`; only the address when there is no port (ICMP). */
export function endpoint(ip: string, port: number): string {
  if (port === 0) return ip;
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export const source = (header: Header): string => endpoint(header.src, header.sport);
export const destination = (header: Header): string => endpoint(header.dst, header.dport);

/** `0x4000`, as iptables and conntrack print marks. */
export const mark = (value: number): string => `0x${value.toString(16)}`;

/** The host as a heading: "worker-1", "pod web-x", "outside client", "cloud LB". */
export function hostTitle(place: HostId): string {
  const slash = place.indexOf("/");
  const kind = place.slice(0, slash);
  const name = place.slice(slash + 1);
  switch (kind) {
    case "pod":
      return `pod ${name.slice(name.indexOf("/") + 1)}`;
    case "client":
      return name === "internet" ? "outside client" : `client ${name}`;
    case "lb":
      return "cloud LB";
    case "router":
      return name === "underlay" ? "router" : `router ${name}`;
    default:
      return name;
  }
}

/** The node name when the host is a node: what a rule listing can be opened for. */
export function nodeOf(place: HostId): string | null {
  return place.startsWith("node/") ? place.slice("node/".length) : null;
}

/** "nat PREROUTING", "routing", "link": where on its host a hop is. */
export function stageTitle(stage: Stage): string {
  if (stage.startsWith("hook:")) return stage.slice("hook:".length).replace("/", " ");
  return {
    client: "client",
    dns: "DNS",
    route: "routing",
    policy: "network policy",
    conntrack: "conntrack",
    link: "link",
    tunnel: "tunnel",
    lb: "balancer",
    socket: "socket",
  }[stage as Exclude<Stage, `hook:${string}`>];
}

/** The stage of a hop with the hook that a conntrack hop stands at: "conntrack, POSTROUTING". */
export function hopStage(hop: Hop): string {
  if (isRelayed(hop)) return hop.label;
  const stage = stageTitle(hop.stage);
  return hop.stage === "conntrack" && hop.label !== "" && hop.label.toLowerCase() !== "conntrack"
    ? `conntrack, ${hop.label}`
    : stage;
}

/** What the hop did, in the field's words. */
export const VERDICTS: Readonly<Record<Verdict, string>> = {
  continue: "passes",
  accept: "ACCEPT",
  drop: "DROP",
  reject: "REJECT",
  dnat: "DNAT",
  snat: "SNAT",
  "undo-dnat": "DNAT undone",
  "undo-snat": "SNAT undone",
  deliver: "delivered",
  refuse: "refused",
  lost: "no answer",
};

export const OUTCOMES: Readonly<Record<OutcomeKind, string>> = {
  delivered: "delivered",
  refused: "refused",
  reset: "reset",
  timeout: "timeout",
  unreachable: "unreachable",
  "name-error": "name not found",
};

/** A span of virtual time with the unit that suits it: "84 µs", "1.84 ms", "127 s". */
export function duration(micros: Micros): string {
  if (micros < 1_000) return `${Math.round(micros)} µs`;
  if (micros < 1_000_000) return `${significant(micros / 1_000)} ms`;
  return `${significant(micros / 1_000_000)} s`;
}

const significant = (value: number): string =>
  value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);

/** Virtual time to the microsecond, in groups as metrologists write it: "4.218 741 s". Constant width after the point. */
export function clock(at: Micros): string {
  const whole = Math.floor(at);
  const micros = String(whole % 1_000_000).padStart(6, "0");
  return `${Math.floor(whole / 1_000_000)}.${micros.slice(0, 3)} ${micros.slice(3)} s`;
}

/** Was a name dialled, which the client looked up first? */
export const isByName = (walk: Walk): boolean => walk.hops[0]?.stage === "dns" && walk.role !== "dns";

const TOOLS = { tcp: "curl", udp: "nc -u", sctp: "ncat --sctp", icmp: "ping" } as const;

/** What the client typed and whence: "curl 203.0.113.10", "198.51.100.24". */
export function commandLine(walk: Walk): { readonly command: string; readonly from: string } {
  const first = walk.hops[0]?.before;
  const dst = first?.dst ?? walk.request.to;
  const from = first?.src ?? walk.request.from;
  if (walk.connection !== undefined && walk.phase !== "open") {
    return { command: `${walk.phase === "close" ? "close" : "request on"} connection ${walk.connection}`, from };
  }
  const { says } = walk.request;
  if (says?.kind === "dns") return { command: `${says.type} ${says.name}`, from };
  if (isByName(walk)) return { command: `${TOOLS[walk.request.protocol]} ${walk.request.to}`, from };
  if (walk.request.protocol === "icmp") return { command: `ping ${dst}`, from };
  const target = first === undefined ? dst : endpoint(first.dst, first.dport);
  if (walk.request.protocol === "tcp") {
    const bare = first?.dport === 80 ? (dst.includes(":") ? `[${dst}]` : dst) : target;
    return { command: `curl ${bare}`, from };
  }
  return { command: `${walk.request.protocol} to ${target}`, from };
}

/** What a name server said, in a line: the data, or why there is none. */
export function answerText({ rcode, answer }: DnsResponse): string {
  if (rcode !== "NOERROR") return rcode;
  return answer.length === 0 ? "no data" : answer.map(({ data }) => data).join(", ");
}

/** How a walk is named: sends are numbered, explored outcomes are not; one on a connection that stays open names that. */
export const walkTitle = ({ id, connection }: Walk): string =>
  id === 0 ? "Possible walk" : `Walk ${id}${connection === undefined ? "" : `, connection ${connection}`}`;
