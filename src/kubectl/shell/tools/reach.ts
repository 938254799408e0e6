/** One request of a tool: a name looked up, a send in the history, and the time that it takes. */
import { isIPv6, joinHostPort, parseIP } from "../../../base/ip.ts";
import { MILLISECOND, SECOND, type Micros } from "../../../base/time.ts";
import type { Message } from "../../../model/trace/message.ts";
import type { Protocol, Walk } from "../../../model/trace/types.ts";
import { isName } from "../../../network/names.ts";
import { CONNECT_TIMEOUT_MS } from "../../../network/timing.ts";
import type { Seat } from "./seat.ts";

/** How the system call that dialled ended; `silent`: connected, and then no answer; `killed`: by `timeout` in front. */
export type Ended =
  | "answered"
  | "refused"
  | "reset"
  | "closed"
  | "silent"
  | "timeout"
  | "net-unreachable"
  | "host-unreachable"
  | "denied"
  | "killed";

export interface Attempt {
  readonly kind: "attempt";
  readonly ended: Ended;
  readonly walk: Walk;
  /** What was dialled and from where; the source is "" when nothing left the host. */
  readonly ip: string;
  readonly port: number;
  readonly source: string;
  readonly sourcePort: number;
  /** From the call to its end, waiting included. */
  readonly spent: Micros;
  /** What of it went into the lookup of the name. */
  readonly lookup: Micros;
}

export type Reached =
  | Attempt
  /** `isAgain`: no name server answered (EAI_AGAIN). */
  | { readonly kind: "name-error"; readonly spent: Micros; readonly isAgain: boolean }
  /** What the simulator cannot do at all, in its own words. */
  | { readonly kind: "impossible"; readonly message: string };

export interface Target {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly family?: 4 | 6;
  readonly says?: Message;
  readonly ttl?: number;
  /** Bytes of an echo's payload that must not be fragmented. */
  readonly size?: number;
  /** How long connect() and the answer may take together; null: as long as the kernel tries. */
  readonly limit: Micros | null;
  /** How long connect() may take, where that is told apart. */
  readonly connectLimit?: Micros | null;
  /** The tool waits in connect() itself, and not in poll() for what becomes of it: see {@link UNHEARD}. */
  readonly blocking?: true;
}

const KERNEL_LIMIT: Micros = CONNECT_TIMEOUT_MS * MILLISECOND;
/** A tool that would wait for ever for an answer is stopped after this. */
export const ENDLESS: Micros = 60 * SECOND;

/**
 * An ICMP error that comes while connect() holds its socket is only noted (tcp_v4_err: sock_owned_by_user), and a REJECT close by is that
 * quick. So the process hears of it with the error that the first retransmission gets: 1.02 s later. After a connect() that does not
 * block nobody holds the socket any more, and the error is told at once. Measured on Linux 6.18.
 */
const UNHEARD: Micros = 1_020 * MILLISECOND;

const isRejected = ({ reply }: Walk): boolean => reply.at(-1)?.before.protocol === "icmp";

/** Lets time pass, up to the moment when `timeout` ends the command; false when that has come. */
export function passTime({ world, deadline }: Seat, micros: Micros): boolean {
  const rest = deadline === null ? micros : Math.min(micros, deadline - world.now);
  if (rest > 0) world.dispatch({ type: "run", micros: Math.round(rest) });
  return deadline === null || world.now < deadline;
}

function endOf({ outcome, symptom, summary }: Walk): Ended {
  switch (outcome) {
    case "delivered":
      return "answered";
    case "refused":
      return /Operation not permitted/.test(symptom) ? "denied" : "refused";
    case "reset":
      return /Empty reply/.test(symptom) ? "closed" : "reset";
    case "unreachable":
      return /Network is unreachable|Net Unreachable|no route/i.test(`${symptom} ${summary}`) &&
        !/No route to host/.test(summary)
        ? "net-unreachable"
        : "host-unreachable";
    default:
      return /Operation timed out/.test(symptom) ? "silent" : "timeout";
  }
}

const addressPart = (host: string): string => host.replace(/^\[|\]$/g, "");

/** Dials, once, from where the tool runs. */
export function reach(seat: Seat, target: Target): Reached {
  const { world } = seat;
  const { protocol, port, family, says, ttl, size } = target;
  const host = addressPart(target.host);
  const startedAt = world.now;
  // getaddrinfo() knows nothing of what a request may be addressed to besides: pod/NS/NAME.
  if (parseIP(host) === null && !isName(host)) return { kind: "name-error", spent: 0, isAgain: false };
  const common = {
    from: seat.from,
    protocol,
    ...(family && { family }),
    ...(says && { says }),
    ...(ttl && { ttl }),
    ...(size && { size }),
  };
  const toOf = (name: string): string =>
    protocol === "icmp"
      ? isIPv6(name)
        ? `[${name}]`
        : name
      : parseIP(name) === null
        ? `${name}:${port}`
        : joinHostPort(name, port);
  const { refusal, walk } = world.dispatch({ type: "send", request: { ...common, to: toOf(host) } });
  if (walk === null) return { kind: "impossible", message: refusal?.message ?? "nothing was sent" };
  if (seat.deadline !== null && world.now >= seat.deadline)
    return attemptOf("killed", walk, world.now - startedAt, port);
  if (walk.outcome === "name-error") {
    const isAgain = /no name server/.test(walk.summary);
    return { kind: "name-error", spent: world.now - startedAt, isAgain };
  }
  let ended = endOf(walk);
  if (target.blocking === true && protocol === "tcp" && ended === "refused" && isRejected(walk)) {
    const rest = Math.max(0, (target.limit ?? KERNEL_LIMIT) - (world.now - startedAt));
    if (!passTime(seat, Math.min(UNHEARD, rest))) return attemptOf("killed", walk, world.now - startedAt, port);
    if (rest < UNHEARD) return attemptOf("timeout", walk, world.now - startedAt, port);
  }
  const connectLimit = Math.min(target.connectLimit ?? KERNEL_LIMIT, target.limit ?? KERNEL_LIMIT);
  const limit = ended === "silent" ? (target.limit ?? ENDLESS) : connectLimit;
  if (ended !== "answered" && world.now - startedAt > limit) ended = "timeout";
  if (ended === "timeout" || ended === "silent") {
    if (!passTime(seat, limit - (world.now - startedAt))) ended = "killed";
  } else if (seat.deadline !== null && world.now >= seat.deadline) ended = "killed";
  return attemptOf(ended, walk, ended === "timeout" || ended === "silent" ? limit : world.now - startedAt, port);
}

function attemptOf(ended: Ended, walk: Walk, spent: Micros, port: number): Attempt {
  const dialled = walk.hops.find(({ stage }) => stage !== "dns");
  const { src = "", dst = "", sport = 0 } = dialled?.before ?? {};
  const lookup = dialled === undefined ? 0 : dialled.at - walk.startedAt;
  return { kind: "attempt", ended, walk, ip: dst, port, source: src, sourcePort: sport, spent, lookup };
}

/** All addresses that the name of the walk's target was found to have, as answered. */
export function lookedUp({ walk, ip }: Attempt): readonly string[] {
  const answered = walk.children.flatMap(({ role, dns }) =>
    role === "dns" && dns !== undefined
      ? dns.answer.filter(({ type }) => type === dns.question.type).map(({ data }) => data)
      : [],
  );
  return [...new Set([...answered, ip])];
}

/** What connect() says: strerror() of its errno. */
export const errnoText: Readonly<Record<Exclude<Ended, "answered" | "silent" | "killed">, string>> = {
  refused: "Connection refused",
  reset: "Connection reset by peer",
  closed: "Connection closed",
  timeout: "Connection timed out",
  "net-unreachable": "Network is unreachable",
  "host-unreachable": "No route to host",
  denied: "Operation not permitted",
};
