/** `ss` and `netstat`: what listens in a network namespace, and the connections that are open there. */
import { isIPv6 } from "../../../base/ip.ts";
import type { Listener } from "../../../kernel/host.ts";
import type { Protocol } from "../../../model/trace/types.ts";
import { flagNames, on, type Options, parseOptions } from "./options.ts";
import type { Seat, Tool } from "./seat.ts";

interface Socket {
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly state: string;
  readonly local: string;
  readonly port: number;
  readonly peer: string;
  readonly peerPort: number | null;
  readonly process: string;
}

/** "container web (containerPort 80)" and "kube-proxy (healthz)" by the name alone. */
const processName = ({ what }: Listener): string => what.replace(/^container /, "").split(/[ (]/)[0] ?? what;

/** An application that is taken to listen on any port has no line: there is no such socket. */
function listening({ world, host }: Seat): readonly Socket[] {
  return (world.host(host)?.listeners ?? []).flatMap((listener): readonly Socket[] => {
    const { ip, port, protocol } = listener;
    if (port === null) return [];
    const state = protocol === "udp" ? "UNCONN" : "LISTEN";
    return [
      {
        protocol,
        state,
        local: ip,
        port,
        peer: isIPv6(ip) ? "[::]" : "0.0.0.0",
        peerPort: null,
        process: processName(listener),
      },
    ];
  });
}

const isFlow = (protocol: Protocol): protocol is "tcp" | "udp" => protocol === "tcp" || protocol === "udp";

function connected({ world, host }: Seat): readonly Socket[] {
  return world.connections().flatMap((connection) => {
    const { protocol, ends, state, server } = connection;
    if (!isFlow(protocol)) return [];
    const sockets: Socket[] = [];
    if (connection.host === host && state !== "gone") {
      sockets.push({
        protocol,
        state,
        local: ends.src,
        port: ends.sport,
        peer: ends.dst,
        peerPort: ends.dport,
        process: "curl",
      });
    }
    if (server !== null && server.host === host && server.state !== "gone") {
      const { src, dst, sport, dport } = server.ends;
      sockets.push({ protocol, state: server.state, local: dst, port: dport, peer: src, peerPort: sport, process: "" });
    }
    return sockets;
  });
}

function chosen(options: Options, seat: Seat): readonly Socket[] {
  const protocols = (["t", "u", "S"] as const).filter((flag) => on(options, flag));
  const known = { t: "tcp", u: "udp", S: "sctp" } as const;
  const wanted = protocols.map((flag) => known[flag] as string);
  const all = on(options, "a")
    ? [...listening(seat), ...connected(seat)]
    : on(options, "l")
      ? listening(seat)
      : connected(seat);
  return all
    .filter(
      ({ protocol, local }) =>
        (wanted.length === 0 || wanted.includes(protocol)) &&
        (!on(options, "4") || !isIPv6(local)) &&
        (!on(options, "6") || isIPv6(local)),
    )
    .toSorted((a, b) => a.protocol.localeCompare(b.protocol) || a.port - b.port);
}

const SPEC = {
  values: flagNames("f A"),
  switches: flagNames(
    "l t u n p a e m i o s r S 4 6 x H c W O listening tcp udp numeric processes all route interfaces",
  ),
  aliases: { listening: "l", tcp: "t", udp: "u", numeric: "n", processes: "p", all: "a" },
};

export const ss: Tool = (words, seat) => {
  const options = parseOptions(words, SPEC);
  if (options.unknown !== null)
    return { stdout: "", stderr: `ss: unrecognized option '${options.unknown}'\n`, code: 255 };
  const mixed = ["t", "u", "S"].filter((flag) => on(options, flag)).length !== 1;
  const rows = chosen(options, seat).map((s) => ({
    net: s.protocol,
    state: s.state,
    queue: s.state === "LISTEN" ? "4096" : "0",
    local: s.local.includes(":") ? `[${s.local}]` : s.local,
    port: String(s.port),
    peer: s.peer,
    peerPort: s.peerPort === null ? "*" : String(s.peerPort),
    process: on(options, "p") && s.process !== "" ? `users:(("${s.process}",pid=1,fd=6))` : "",
  }));
  const widest = (head: string, cells: readonly string[]): number =>
    Math.max(head.length, ...cells.map((cell) => cell.length));
  const local = widest(
    "Local Address",
    rows.map((r) => r.local),
  );
  const port = widest(
    "Port",
    rows.map((r) => r.port),
  );
  const peer = widest(
    "Peer Address",
    rows.map((r) => r.peer),
  );
  const peerPort = widest(
    "Port",
    rows.map((r) => r.peerPort),
  );
  const state = widest(
    "State",
    rows.map((r) => r.state),
  );
  const line = (
    net: string,
    ...[st = "", recv = "", send = "", l = "", p = "", r = "", q = "", process = ""]: readonly string[]
  ): string =>
    `${mixed ? `${net.padEnd(5)} ` : ""}${st.padEnd(state)} ${recv.padEnd(6)} ${send.padEnd(6)} ${l.padStart(local)}:${p.padEnd(port)} ${r.padStart(peer)}:${q.padEnd(peerPort)} ${process}`.trimEnd();
  const head = line("Netid", "State", "Recv-Q", "Send-Q", "Local Address", "Port", "Peer Address", "Port", "Process");
  const body = rows.map((r) => line(r.net, r.state, "0", r.queue, r.local, r.port, r.peer, r.peerPort, r.process));
  const shown = on(options, "H") ? body : [head, ...body];
  return { stdout: shown.map((row) => `${row}\n`).join(""), stderr: "", code: 0 };
};

export const netstat: Tool = (words, seat) => {
  const options = parseOptions(words, SPEC);
  if (options.unknown !== null)
    return { stdout: "", stderr: `netstat: invalid option -- '${options.unknown.replace(/^-+/, "")}'\n`, code: 4 };
  if (on(options, "r")) return { stdout: "", stderr: "netstat: look at routes with ip route\n", code: 1 };
  const withProcess = on(options, "p");
  const what = on(options, "l") ? "(only servers)" : on(options, "a") ? "(servers and established)" : "(w/o servers)";
  const rows = chosen(options, seat).map(({ protocol, state, local, port, peer, peerPort, process }) => {
    const here = `${local}:${port}`.padEnd(23);
    const there = `${peer}:${peerPort ?? "*"}`.padEnd(23);
    const shown = protocol === "udp" ? "" : state === "ESTAB" ? "ESTABLISHED" : state.replace("-", "_");
    return `${protocol.padEnd(5)}      0      0 ${here} ${there} ${shown.padEnd(11)} ${withProcess ? (process === "" ? "-" : `1/${process}`) : ""}`.trimEnd();
  });
  const head =
    `Proto Recv-Q Send-Q Local Address           Foreign Address         State      ${withProcess ? " PID/Program name" : ""}`.trimEnd();
  return {
    stdout: [`Active Internet connections ${what}`, head, ...rows].map((row) => `${row}\n`).join(""),
    stderr: "",
    code: 0,
  };
};
