/** `nc` (OpenBSD's and busybox's), `ncat` and `telnet`: is anybody there? */
import { joinHostPort, parseIP } from "../../../base/ip.ts";
import { SECOND, type Micros } from "../../../base/time.ts";
import type { Output } from "../../output.ts";
import { flagNames, last, on, type Options, type OptionSpec, parseOptions, secondsOf } from "./options.ts";
import { type Attempt, errnoText, reach, type Reached } from "./reach.ts";
import { KILLED, type Seat, type Tool } from "./seat.ts";

/** Well-known ports by name, as in /etc/services. */
const SERVICES: Readonly<Record<number, string>> = {
  22: "ssh",
  25: "smtp",
  53: "domain",
  80: "http",
  123: "ntp",
  443: "https",
  3306: "mysql",
  5432: "postgresql",
  6379: "redis",
  8080: "http-alt",
};

const SPEC: OptionSpec = {
  values: flagNames("w i p s e q x X I O T V source-port wait idle-timeout"),
  switches: flagNames("z v u n l k 4 6 N h d D C t U vv sctp udp send-only recv-only ssl"),
  aliases: { udp: "u", wait: "w" },
};

interface Wanted {
  readonly host: string;
  readonly ports: readonly number[];
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly limit: Micros | null;
}

/** `80`, `80-82`; at most a thousand. */
function portsOf(word: string): readonly number[] | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(word);
  if (match === null) return null;
  const from = Number(match[1]);
  const to = Number(match[2] ?? match[1]);
  if (from < 1 || to > 65_535 || to < from || to - from > 1000) return null;
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

function wantedOf(options: Options): Wanted | null {
  const [host, port] = options.operands;
  const ports = port === undefined ? null : portsOf(port);
  if (host === undefined || ports === null) return null;
  const protocol = on(options, "u") ? "udp" : on(options, "sctp") ? "sctp" : "tcp";
  return { host, ports, protocol, limit: secondsOf(last(options, "w")) };
}

/** A datagram that nobody complains of counts as received: so long is waited for a complaint. */
const UDP_WAIT: Micros = SECOND;

function dial(
  seat: Seat,
  options: Options,
  { host, protocol, limit }: Wanted,
  port: number,
  blocking = false,
): Reached {
  const family = on(options, "6") ? 6 : on(options, "4") ? 4 : undefined;
  return reach(seat, {
    host,
    port,
    protocol,
    ...(family && { family }),
    limit: protocol === "udp" ? (limit ?? UDP_WAIT) : limit,
    ...(blocking && { blocking }),
  });
}

const isOpen = ({ ended }: Attempt, protocol: string): boolean =>
  ended === "answered" ||
  ended === "silent" ||
  ended === "reset" ||
  ended === "closed" ||
  (protocol === "udp" && ended === "timeout");

export const nc: Tool = (words, seat) => {
  const options = parseOptions(words, SPEC);
  if (on(options, "l"))
    return {
      stdout: "",
      stderr: "nc: listening is not supported here: what a pod listens on stands in its containerPorts\n",
      code: 1,
    };
  const wanted = wantedOf(options);
  const busybox = seat.kit.flavor === "busybox";
  if (wanted === null || options.unknown !== null) {
    return busybox
      ? {
          stdout: "",
          stderr: "BusyBox v1.36.1 multi-call binary.\n\nUsage: nc [OPTIONS] HOST PORT  - connect\n",
          code: 1,
        }
      : {
          stdout: "",
          stderr:
            "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n\t  [destination] [port]\n",
          code: 1,
        };
  }
  let stderr = "";
  let code = 1;
  for (const port of wanted.ports) {
    // Busybox sets an alarm and waits in connect(); OpenBSD's, like ncat, looks for the end of one that does not wait.
    const reached = dial(seat, options, wanted, port, busybox);
    if (reached.kind === "attempt" && reached.ended === "killed") return { ...KILLED, stderr };
    const one = busybox ? busyboxLine(options, wanted, port, reached) : openbsdLine(options, wanted, port, reached);
    stderr += one.stderr;
    if (one.code === 0) code = 0;
    if (reached.kind !== "attempt") break;
  }
  return { stdout: "", stderr, code };
};

function openbsdLine(options: Options, { host, protocol }: Wanted, port: number, reached: Reached): Output {
  if (reached.kind === "impossible") return { stdout: "", stderr: `nc: ${reached.message}\n`, code: 1 };
  if (reached.kind === "name-error") {
    const why = reached.isAgain ? "Temporary failure in name resolution" : "Name or service not known";
    return { stdout: "", stderr: `nc: getaddrinfo for host "${host}" port ${port}: ${why}\n`, code: 1 };
  }
  const { ip, ended } = reached;
  const name = parseIP(host) === null && !on(options, "n") ? `${host} (${ip})` : ip;
  if (isOpen(reached, protocol)) {
    const service = on(options, "n") ? "*" : (SERVICES[port] ?? "*");
    const line = on(options, "v") ? `Connection to ${name} ${port} port [${protocol}/${service}] succeeded!\n` : "";
    return { stdout: "", stderr: line, code: 0 };
  }
  const shown = parseIP(host) === null ? `${host} (${ip})` : ip;
  // Without -v only an error of its own is told, as it is where -z looks at ports.
  const line =
    ended === "timeout"
      ? `nc: connect to ${shown} port ${port} (${protocol}) timed out: Operation now in progress\n`
      : `nc: connect to ${shown} port ${port} (${protocol}) failed: ${errnoText[ended as "refused"]}\n`;
  return { stdout: "", stderr: on(options, "v") ? line : "", code: 1 };
}

function busyboxLine(options: Options, { host, protocol }: Wanted, port: number, reached: Reached): Output {
  if (reached.kind === "impossible") return { stdout: "", stderr: `nc: ${reached.message}\n`, code: 1 };
  if (reached.kind === "name-error") return { stdout: "", stderr: `nc: bad address '${host}'\n`, code: 1 };
  const { ip, ended } = reached;
  const where = `${host} (${joinHostPort(ip, port)})`;
  if (isOpen(reached, protocol)) return { stdout: "", stderr: on(options, "v") ? `${where} open\n` : "", code: 0 };
  if (ended === "timeout")
    return {
      stdout: "",
      stderr: on(options, "v") ? `nc: ${where}: Operation timed out\n` : "nc: timed out\n",
      code: 1,
    };
  const why =
    ended === "host-unreachable"
      ? "Host is unreachable"
      : ended === "net-unreachable"
        ? "Network unreachable"
        : errnoText[ended as "refused"];
  return { stdout: "", stderr: `nc: ${where}: ${why}\n`, code: 1 };
}

const NCAT_HEAD = "Ncat: Version 7.95 ( https://nmap.org/ncat )\n";

export const ncat: Tool = (words, seat) => {
  const options = parseOptions(words, SPEC);
  if (on(options, "l"))
    return {
      stdout: "",
      stderr: "ncat: listening is not supported here: what a pod listens on stands in its containerPorts\n",
      code: 1,
    };
  const wanted = wantedOf(options);
  if (options.unknown !== null)
    return { stdout: "", stderr: `Ncat: unrecognized option '${options.unknown}'. QUITTING.\n`, code: 2 };
  const [port] = wanted?.ports ?? [];
  if (wanted === null || port === undefined)
    return { stdout: "", stderr: "Ncat: You must specify a host to connect to. QUITTING.\n", code: 2 };
  const head = on(options, "v") ? NCAT_HEAD : "";
  const reached = dial(seat, options, wanted, port);
  if (reached.kind === "impossible") return { stdout: "", stderr: `${head}Ncat: ${reached.message}\n`, code: 1 };
  if (reached.kind === "name-error") {
    const why = reached.isAgain ? "Temporary failure in name resolution" : "Name or service not known";
    return {
      stdout: "",
      stderr: `${head}Ncat: Could not resolve hostname "${wanted.host}": ${why}. QUITTING.\n`,
      code: 2,
    };
  }
  const { ended, ip, spent } = reached;
  if (ended === "killed") return { ...KILLED, stderr: head };
  if (isOpen(reached, wanted.protocol)) {
    const seconds = (spent / SECOND).toFixed(2);
    const line = on(options, "v")
      ? `Ncat: Connected to ${joinHostPort(ip, port)}.\nNcat: 0 bytes sent, 0 bytes received in ${seconds} seconds.\n`
      : "";
    return { stdout: "", stderr: head + line, code: 0 };
  }
  const line = ended === "timeout" ? "Ncat: TIMEOUT." : `Ncat: ${errnoText[ended as "refused"]}.`;
  return { stdout: "", stderr: `${head}${line}\n`, code: 1 };
};

export const telnet: Tool = (words, seat) => {
  const { operands } = parseOptions(words, { values: flagNames("l n b e"), switches: flagNames("4 6 8 E L a c d") });
  const [host, word = "23"] = operands;
  const busybox = seat.kit.flavor === "busybox";
  if (host === undefined)
    return { stdout: "", stderr: "telnet: an interactive session is not supported here: telnet HOST PORT\n", code: 1 };
  const [port] = portsOf(word) ?? [];
  if (port === undefined)
    return {
      stdout: "",
      stderr: busybox
        ? `telnet: bad port '${word}'\n`
        : `telnet: could not resolve ${host}/${word}: Servname not supported for ai_socktype\n`,
      code: 1,
    };
  const reached = reach(seat, { host, port, protocol: "tcp", limit: null, blocking: true });
  if (reached.kind === "impossible") return { stdout: "", stderr: `telnet: ${reached.message}\n`, code: 1 };
  if (reached.kind === "name-error") {
    return {
      stdout: "",
      stderr: busybox
        ? `telnet: bad address '${host}'\n`
        : `telnet: could not resolve ${host}/${word}: Name or service not known\n`,
      code: 1,
    };
  }
  const { ended, ip } = reached;
  const trying = busybox ? "" : `Trying ${ip}...\n`;
  if (ended === "killed") return { ...KILLED, stdout: trying };
  if (isOpen(reached, "tcp")) {
    return {
      stdout: busybox ? `Connected to ${host}\n` : `${trying}Connected to ${host}.\nEscape character is '^]'.\n`,
      stderr: "Connection closed by foreign host.\n",
      code: 1,
    };
  }
  const why = errnoText[ended as "refused"];
  return busybox
    ? { stdout: "", stderr: `telnet: can't connect to remote host (${ip}): ${why}\n`, code: 1 }
    : { stdout: trying, stderr: `telnet: Unable to connect to remote host: ${why}\n`, code: 1 };
};
