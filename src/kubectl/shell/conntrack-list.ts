/** `conntrack` of a host, as conntrack-tools 1.4.7 prints it: -L, -D, -F and -C. */
import { isIPv6 } from "../../base/ip.ts";
import { SECOND } from "../../base/time.ts";
import type { ConntrackFilter } from "../../model/trace/connection.ts";
import type { ConntrackEntry, Tuple } from "../../kernel/conntrack.ts";
import type { Protocol } from "../../model/trace/types.ts";
import { failure } from "../output.ts";
import { flagNames, last, on, type Options, type OptionSpec, parseOptions } from "./tools/options.ts";
import type { Tool } from "./tools/seat.ts";

const NUMBERS: Readonly<Record<Tuple["protocol"], number>> = { icmp: 1, tcp: 6, udp: 17, sctp: 132 };
/** Protocols whose entries name a state. */
const STATEFUL: ReadonlySet<string> = new Set(["tcp", "sctp"]);

const tuple = (t: Tuple): string =>
  t.protocol === "icmp"
    ? `src=${t.src} dst=${t.dst} type=8 code=0 id=${t.sport}`
    : `src=${t.src} dst=${t.dst} sport=${t.sport} dport=${t.dport}`;

function line(entry: ConntrackEntry, now: number, isExtended: boolean): string {
  const { protocol } = entry.original;
  const left = Math.max(0, Math.ceil((entry.expiresAt - now) / SECOND));
  const unreplied = entry.state === "SYN_SENT" || entry.state === "UNREPLIED" || entry.unreplied === true;
  const assured = entry.state === "ASSURED" || (STATEFUL.has(protocol) && !unreplied && entry.state !== "SYN_RECV");
  const state = STATEFUL.has(protocol) ? ` ${entry.state}` : "";
  const family = isExtended ? (isIPv6(entry.original.src) ? "ipv6     10 " : "ipv4     2 ") : "";
  return `${family}${protocol.padEnd(8)} ${NUMBERS[protocol]} ${left}${state} ${tuple(entry.original)} ${unreplied ? "[UNREPLIED] " : ""}${tuple(entry.reply)} ${assured ? "[ASSURED] " : ""}mark=0 use=1`;
}

const SPEC: OptionSpec = {
  values: flagNames("p s d r q o f m u state sport dport reply-port-src reply-port-dst"),
  switches: flagNames("L D F C E S G n g j any-nat src-nat dst-nat"),
  aliases: {
    dump: "L",
    list: "L",
    delete: "D",
    flush: "F",
    count: "C",
    event: "E",
    stats: "S",
    get: "G",
    proto: "p",
    src: "s",
    "orig-src": "s",
    dst: "d",
    "orig-dst": "d",
    "reply-src": "r",
    "reply-dst": "q",
    "orig-port-src": "sport",
    "orig-port-dst": "dport",
    family: "f",
    output: "o",
    mark: "m",
  },
};

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  tcp: "tcp",
  udp: "udp",
  sctp: "sctp",
  icmp: "icmp",
  "6": "tcp",
  "17": "udp",
};

/** The filter of a command line; null for a protocol that nothing has. */
function filterOf(options: Options): ConntrackFilter | null {
  const given = last(options, "p")?.toLowerCase();
  const protocol = given === undefined ? undefined : Object.hasOwn(PROTOCOLS, given) ? PROTOCOLS[given] : null;
  if (protocol === null) return null;
  const [src, dst, replySrc, replyDst] = ["s", "d", "r", "q"].map((flag) => last(options, flag));
  const [sport, dport] = ["sport", "dport"].map((flag) => last(options, flag));
  return {
    ...(protocol === undefined ? {} : { protocol }),
    ...(src === undefined ? {} : { src }),
    ...(dst === undefined ? {} : { dst }),
    ...(sport === undefined ? {} : { sport: Number(sport) }),
    ...(dport === undefined ? {} : { dport: Number(dport) }),
    ...(replySrc === undefined ? {} : { replySrc }),
    ...(replyDst === undefined ? {} : { replyDst }),
  };
}

const isMeant =
  (filter: ConntrackFilter) =>
  ({ original, reply }: ConntrackEntry): boolean =>
    (filter.protocol === undefined || original.protocol === filter.protocol) &&
    (filter.src === undefined || original.src === filter.src) &&
    (filter.dst === undefined || original.dst === filter.dst) &&
    (filter.sport === undefined || original.sport === filter.sport) &&
    (filter.dport === undefined || original.dport === filter.dport) &&
    (filter.replySrc === undefined || reply.src === filter.replySrc) &&
    (filter.replyDst === undefined || reply.dst === filter.replyDst);

const VERSION = "conntrack v1.4.7 (conntrack-tools): ";

export const conntrack: Tool = (words, { world, host }) => {
  const options = parseOptions(words, SPEC);
  if (options.unknown !== null)
    return { stdout: "", stderr: `${VERSION}Bad parameter: unknown argument ${options.unknown}\n`, code: 2 };
  const filter = filterOf(options);
  if (filter === null)
    return {
      stdout: "",
      stderr: `${VERSION}Bad parameter: \`${last(options, "p") ?? ""}' unsupported protocol\nTry \`conntrack -h' or 'conntrack --help' for more information.\n`,
      code: 2,
    };
  const state = last(options, "state");
  const six = last(options, "f") === "ipv6";
  const isFamily = ({ original }: ConntrackEntry): boolean =>
    last(options, "f") === undefined || isIPv6(original.src) === six;
  const meant = world
    .conntrack(host)
    .filter(
      (entry) =>
        isMeant(filter)(entry) && isFamily(entry) && (state === undefined || entry.state === state.toUpperCase()),
    );
  const shown = meant
    .map((entry) => `${line(entry, world.now, last(options, "o")?.includes("extended") === true)}\n`)
    .join("");
  if (on(options, "L"))
    return { stdout: shown, stderr: `${VERSION}${meant.length} flow entries have been shown.\n`, code: 0 };
  if (on(options, "C")) return { stdout: `${world.conntrack(host).length}\n`, stderr: "", code: 0 };
  if (!on(options, "D") && !on(options, "F")) {
    return on(options, "E")
      ? failure("conntrack: events are not shown here: look at -L before and after a request")
      : failure("conntrack: only -L, -D, -F and -C are supported here");
  }
  if (!host.startsWith("node/"))
    return { stdout: "", stderr: `${VERSION}0 flow entries have been deleted.\n`, code: on(options, "F") ? 0 : 1 };
  const node = host.slice("node/".length);
  if (meant.length > 0) {
    const { refusal } = world.dispatch({ type: "flush-conntrack", node, filter: on(options, "F") ? {} : filter });
    if (refusal !== null) return failure(`conntrack: ${refusal.message}`);
  }
  if (on(options, "F"))
    return { stdout: "", stderr: `${VERSION}connection tracking table has been emptied.\n`, code: 0 };
  return {
    stdout: shown,
    stderr: `${VERSION}${meant.length} flow entries have been deleted.\n`,
    code: meant.length > 0 ? 0 : 1,
  };
};
