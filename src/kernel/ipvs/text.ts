import { joinHostPort, parseIP } from "../../base/ip.ts";
import { type Destination, type Load, NO_LOAD, PERSISTENT, SCHED_PORT, type VirtualServer } from "./types.ts";

/** Destination key → connections, of one virtual server. */
export type LoadsOf = (server: VirtualServer) => ReadonlyMap<string, Load>;

const NOBODY: ReadonlyMap<string, Load> = new Map();
const PROTOCOL_NUMBER = { tcp: 6, udp: 17, sctp: 132 } as const;

/** ipvsadm compares IPv4 addresses by a signed difference, so that 192.168.0.1 stands before 10.0.0.1. */
function compareAddresses(a: string, b: string): number {
  const x = parseIP(a);
  const y = parseIP(b);
  if (x === null || y === null) return 0;
  if (x.family !== y.family) return x.family - y.family;
  if (x.family === 4) return Number(BigInt.asIntN(32, x.value - y.value));
  for (let shift = 96n; shift >= 0n; shift -= 32n) {
    const word = (value: bigint): bigint => (value >> shift) & 0xffff_ffffn;
    const difference = Number(BigInt.asIntN(32, word(x.value) - word(y.value)));
    if (difference !== 0) return difference;
  }
  return 0;
}

/** In ipvsadm's own order: protocol, address, port. */
function sortServers(servers: readonly VirtualServer[]): readonly VirtualServer[] {
  return [...servers].sort(
    (a, b) =>
      PROTOCOL_NUMBER[a.protocol] - PROTOCOL_NUMBER[b.protocol] || compareAddresses(a.ip, b.ip) || a.port - b.port,
  );
}

function sortDestinations(destinations: readonly Destination[]): readonly Destination[] {
  return [...destinations].sort((a, b) => compareAddresses(a.ip, b.ip) || a.port - b.port);
}

function scheduleFlags(server: VirtualServer): string {
  return (server.flags & SCHED_PORT) === 0 ? "" : `${server.scheduler}-port`;
}

/** `ipvsadm -Ln`: servers with their schedulers and flags, destinations with weights and connections. Trailing blanks are real. */
export function listServers(servers: readonly VirtualServer[], loadsOf: LoadsOf = () => NOBODY): string {
  const lines = [
    "IP Virtual Server version 1.2.1 (size=4096)",
    "Prot LocalAddress:Port Scheduler Flags",
    "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn",
  ];
  for (const server of sortServers(servers)) {
    const persistent = (server.flags & PERSISTENT) !== 0 ? ` persistent ${server.timeout}` : "";
    const flags = scheduleFlags(server);
    lines.push(
      `${server.protocol.toUpperCase().padEnd(4)} ${joinHostPort(server.ip, server.port)} ${server.scheduler}` +
        `${persistent}${flags === "" ? "" : ` (${flags})`}`,
    );
    const loads = loadsOf(server);
    for (const destination of sortDestinations(server.destinations)) {
      const { active, inactive } = loads.get(destination.key) ?? NO_LOAD;
      lines.push(
        `  -> ${destination.key.padEnd(28)} ${"Masq".padEnd(7)} ${String(destination.weight).padEnd(6)} ` +
          `${String(active).padEnd(10)} ${String(inactive).padEnd(10)}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

const SERVICE_OPTION = { tcp: "-t", udp: "-u", sctp: "--sctp-service" } as const;

/** `-t 10.96.0.50:80`. */
function serviceWords(server: VirtualServer): string {
  return `${SERVICE_OPTION[server.protocol]} ${joinHostPort(server.ip, server.port)}`;
}

/** The line of `ipvsadm -Sn` that makes a destination. */
export function destinationRule(server: VirtualServer, destination: Destination): string {
  return `-a ${serviceWords(server)} -r ${destination.key} -m -w ${destination.weight}`;
}

/** The line of `ipvsadm -Sn` that makes a virtual server. */
export function serverRule(server: VirtualServer): string {
  const persistent = (server.flags & PERSISTENT) !== 0 ? ` -p ${server.timeout}` : "";
  const flags = scheduleFlags(server);
  return `-A ${serviceWords(server)} -s ${server.scheduler}${persistent}${flags === "" ? "" : ` -b ${flags}`}`;
}

/** `ipvsadm -Sn`: what `ipvsadm -R` loads. */
export function saveServers(servers: readonly VirtualServer[]): string {
  const lines = sortServers(servers).flatMap((server) => [
    serverRule(server),
    ...sortDestinations(server.destinations).map((d) => destinationRule(server, d)),
  ]);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
