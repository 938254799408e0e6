/** `traceroute` and `tracepath`: the machines that forwarded a packet, in order, from the walk of one probe. */
import { parseIP } from "../../../base/ip.ts";
import type { Micros } from "../../../base/time.ts";
import { SECOND } from "../../../base/time.ts";
import { selectAddress } from "../../../kernel/host.ts";
import type { Protocol, Walk } from "../../../model/trace/types.ts";
import type { World } from "../../../world/types.ts";
import { flagNames, last, on, parseOptions } from "./options.ts";
import { type Attempt, reach, type Reached } from "./reach.ts";
import { type Seat, KILLED, type Tool } from "./seat.ts";

/** First port of UDP probes. */
const UDP_PORT = 33_434;
const TRACEPATH_PORT = 44_444;

export interface Router {
  readonly ip: string;
  /** From the probe to this machine's answer. */
  readonly time: Micros;
}

/**
 * Who would answer "time exceeded" to TTL 1, 2, 3 ...: every host that counts the TTL down, by the address that its kernel takes for an
 * ICMP error about what came in there.
 */
export function routersOf(world: World, walk: Walk): readonly Router[] {
  const routers: Router[] = [];
  walk.hops.forEach((hop, i) => {
    const before = walk.hops[i - 1];
    if (before === undefined || before.place !== hop.place || hop.before.ttl >= before.before.ttl) return;
    const host = world.host(hop.place);
    const arrival = walk.hops.find((one) => one.place === hop.place && one.iface !== null)?.iface ?? "eth0";
    const ip = host === undefined ? null : selectAddress(host, arrival, walk.hops[0]?.before.src ?? "");
    if (ip !== null) routers.push({ ip, time: Math.max(1, 2 * (hop.at - walk.startedAt)) });
  });
  return routers;
}

/** Did the probe get to the machine that it was sent to, whatever that answered? */
const arrived = ({ ended }: Attempt): boolean =>
  ended === "answered" || ended === "refused" || ended === "reset" || ended === "silent";

const ms = (micros: Micros): string => `${(micros / 1_000).toFixed(3)} ms`;

function probe(seat: Seat, host: string, protocol: Protocol, port: number, family: 4 | 6 | undefined): Reached {
  return reach(seat, { host, port, protocol, ...(family && { family }), limit: 5 * SECOND });
}

function nameError(tool: string, host: string, reached: Reached): string | null {
  if (reached.kind === "impossible") return `${tool}: ${reached.message}\n`;
  return reached.kind === "name-error" ? host : null;
}

export const traceroute: Tool = (words, seat) => {
  const options = parseOptions(words, {
    values: flagNames("p m w q f i s z N g t"),
    switches: flagNames("n T I U 4 6 F r d e l M A"),
  });
  const [host] = options.operands;
  const busybox = seat.kit.flavor === "busybox";
  if (host === undefined || options.unknown !== null) {
    return {
      stdout: "",
      stderr: busybox
        ? "BusyBox v1.36.1 multi-call binary.\n\nUsage: traceroute [OPTIONS] HOST [BYTES]\n"
        : "Usage:\n  traceroute [ -46dFITnreAUDV ] [ -p port ] [ -m max_ttl ] host [ packetlen ]\n",
      code: busybox ? 1 : 2,
    };
  }
  const protocol: Protocol = on(options, "T") ? "tcp" : on(options, "I") ? "icmp" : "udp";
  const port = protocol === "icmp" ? 0 : Number(last(options, "p") ?? (protocol === "tcp" ? 80 : UDP_PORT));
  const most = Math.min(Math.max(Number(last(options, "m") ?? 30) || 30, 1), 255);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    return { stdout: "", stderr: `Bad option \`-p' (with arg \`${last(options, "p") ?? ""}')\n`, code: 2 };
  const reached = probe(seat, host, protocol, port, on(options, "6") ? 6 : on(options, "4") ? 4 : undefined);
  const unknown = nameError("traceroute", host, reached);
  if (reached.kind !== "attempt") {
    if (reached.kind === "impossible") return { stdout: "", stderr: unknown ?? "", code: 1 };
    return busybox
      ? { stdout: "", stderr: `traceroute: bad address '${host}'\n`, code: 1 }
      : {
          stdout: "",
          stderr: `${host}: Name or service not known\nCannot handle "host" cmdline arg \`${host}' on position 1 (argc ${words.length})\n`,
          code: 2,
        };
  }
  if (reached.ended === "killed") return KILLED;
  const rows: string[] = [];
  const line = (ip: string, time: Micros): string =>
    `${on(options, "n") ? ip : `${ip} (${ip})`}${`  ${ms(time)}`.repeat(3)}`;
  const routers = routersOf(seat.world, reached.walk).slice(0, most);
  for (const { ip, time } of routers) rows.push(line(ip, time));
  const from = reached.walk.reply.find((hop) => hop.before.protocol === "icmp" && protocol !== "icmp")?.before.src;
  const rejected = from !== undefined && from !== reached.ip;
  if (arrived(reached)) {
    // A router that rejects the probe answers in place of "time exceeded".
    const last_ = rejected ? from : reached.ip;
    if (rows.length < most && !(rejected && routers.at(-1)?.ip === from)) rows.push(line(last_, reached.spent));
  } else if (/unreachable/.test(reached.ended) && from !== undefined) {
    rows.push(`${line(from, reached.spent)} ${reached.ended === "net-unreachable" ? "!N" : "!H"}`);
  } else while (rows.length < most) rows.push("* * *");
  const head = `traceroute to ${host} (${reached.ip}), ${most} hops max, ${busybox ? 46 : 60} byte packets`;
  return {
    stdout: [head, ...rows.map((row, i) => `${String(i + 1).padStart(2)}  ${row}`)].map((row) => `${row}\n`).join(""),
    stderr: "",
    code: 0,
  };
};

export const tracepath: Tool = (words, seat) => {
  const options = parseOptions(words, { values: flagNames("m l p"), switches: flagNames("n b 4 6") });
  const [host] = options.operands;
  if (host === undefined) return { stdout: "", stderr: "tracepath: usage error: Destination required\n", code: 255 };
  const reached = probe(
    seat,
    host,
    "udp",
    Number(last(options, "p") ?? TRACEPATH_PORT) || TRACEPATH_PORT,
    on(options, "6") ? 6 : undefined,
  );
  if (reached.kind === "impossible") return { stdout: "", stderr: `tracepath: ${reached.message}\n`, code: 1 };
  if (reached.kind === "name-error")
    return { stdout: "", stderr: `tracepath: ${host}: Name or service not known\n`, code: 255 };
  if (reached.ended === "killed") return KILLED;
  const host_ = seat.world.host(seat.host);
  const mtu = host_?.interfaces.find((one) => one.kind !== "lo")?.mtu ?? 1500;
  const most = Math.min(Number(last(options, "m") ?? 30) || 30, 255);
  const routers = routersOf(seat.world, reached.walk).slice(0, most);
  const row = (n: number, ip: string, time: Micros, end = ""): string =>
    `${`${String(n).padStart(2)}:  ${ip}`.padEnd(60)}${(time / 1_000).toFixed(3)}ms ${end}`;
  const rows = routers.map(({ ip, time }, i) => row(i + 1, ip, time));
  const n = routers.length + 1;
  const shown = parseIP(host) === null ? host : reached.ip;
  if (arrived(reached)) rows.push(row(n, shown, reached.spent, "reached"));
  else for (let i = n; i <= most; i++) rows.push(`${String(i).padStart(2)}:  no reply`);
  const end = arrived(reached)
    ? `     Resume: pmtu ${mtu} hops ${n} back ${n} `
    : `     Too many hops: pmtu ${mtu}\n     Resume: pmtu ${mtu} `;
  return {
    stdout: [` 1?: [LOCALHOST]                      pmtu ${mtu}`, ...rows, end].map((one) => `${one}\n`).join(""),
    stderr: "",
    code: 0,
  };
};
