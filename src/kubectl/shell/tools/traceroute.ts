/** `traceroute` and `tracepath`: a probe for each TTL, and who answers it. Every probe is a request of the history. */
import { isIPv6, joinHostPort, parseIP } from "../../../base/ip.ts";
import { SECOND, type Micros } from "../../../base/time.ts";
import { isName } from "../../../network/names.ts";
import { flagNames, last, on, parseOptions } from "./options.ts";
import { passTime } from "./reach.ts";
import { KILLED, type Seat, type Tool } from "./seat.ts";

/** First port of UDP probes. */
const UDP_PORT = 33_434;
const TRACEPATH_PORT = 44_444;
/** How long a probe without an answer is waited for. */
const PATIENCE: Micros = 5 * SECOND;
/** After so many probes in a row that nobody answers the rest are taken to fare alike: a packet that is dropped on its way is dropped there whatever its TTL. */
const SILENT = 3;

interface Probed {
  /** Who answered the probe of TTL 1, 2, 3 ...; null: nobody. */
  readonly hops: readonly ({ readonly ip: string; readonly time: Micros; readonly mark: string } | null)[];
  /** The address that was dialled. */
  readonly ip: string;
  readonly reached: boolean;
}

type Failure = { readonly unknown: string } | { readonly impossible: string } | { readonly killed: true };

interface Plan {
  readonly host: string;
  readonly protocol: "tcp" | "udp" | "icmp";
  readonly port: number;
  readonly family: 4 | 6 | undefined;
  readonly most: number;
}

/** Sends probe after probe, each with a TTL one higher, until the target or somebody who refuses the packet answers. */
function probed(seat: Seat, { host, protocol, port, family, most }: Plan): Probed | Failure {
  const { world, from } = seat;
  const hops: Probed["hops"][number][] = [];
  if (parseIP(host) === null && !isName(host)) return { unknown: "Name or service not known" };
  let ip = parseIP(host) === null ? "" : host;
  let silent = 0;
  for (let ttl = 1; ttl <= most; ttl++) {
    if (silent >= SILENT) {
      hops.push(null);
      continue;
    }
    const startedAt = world.now;
    const dialled = ip === "" ? host : ip;
    const to =
      protocol === "icmp"
        ? isIPv6(dialled)
          ? `[${dialled}]`
          : dialled
        : parseIP(dialled) === null
          ? `${dialled}:${port}`
          : joinHostPort(dialled, port);
    const { walk, refusal } = world.dispatch({
      type: "send",
      request: { from, to, protocol, ttl, ...(family && { family }) },
    });
    if (walk === null) return { impossible: refusal?.message ?? "nothing was sent" };
    if (seat.deadline !== null && world.now >= seat.deadline) return { killed: true };
    if (walk.outcome === "name-error") {
      return {
        unknown: /no name server/.test(walk.summary)
          ? "Temporary failure in name resolution"
          : "Name or service not known",
      };
    }
    const sentAt = walk.hops.find(({ stage }) => stage !== "dns")?.at ?? walk.startedAt;
    ip = walk.hops.find(({ stage }) => stage !== "dns")?.before.dst ?? ip;
    const answer = walk.reply.at(-1);
    const heard = answer !== undefined && answer.place === seat.host && answer.stage === "socket" ? answer : null;
    if (heard === null) {
      silent += 1;
      hops.push(null);
      if (!passTime(seat, PATIENCE - (world.now - startedAt))) return { killed: true };
      continue;
    }
    silent = 0;
    const { src } = heard.before;
    const isOnTheWay = /time-exceeded/.test(heard.note);
    const mark =
      isOnTheWay || src === ip
        ? ""
        : /net-unreachable/.test(heard.note)
          ? " !N"
          : /host-unreachable/.test(heard.note)
            ? " !H"
            : "";
    hops.push({ ip: src, time: Math.max(1, heard.at - sentAt), mark });
    if (!isOnTheWay) return { hops, ip, reached: true };
  }
  return { hops, ip, reached: false };
}

const ms = (micros: Micros): string => `${(micros / 1_000).toFixed(3)} ms`;

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
  const protocol = on(options, "T") ? "tcp" : on(options, "I") ? "icmp" : "udp";
  const port = protocol === "icmp" ? 0 : Number(last(options, "p") ?? (protocol === "tcp" ? 80 : UDP_PORT));
  const most = Math.min(Math.max(Number(last(options, "m") ?? 30) || 30, 1), 255);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    return { stdout: "", stderr: `Bad option \`-p' (with arg \`${last(options, "p") ?? ""}')\n`, code: 2 };
  const family = on(options, "6") ? 6 : on(options, "4") ? 4 : undefined;
  const found = probed(seat, { host, protocol, port, family, most });
  if ("killed" in found) return KILLED;
  if ("impossible" in found) return { stdout: "", stderr: `traceroute: ${found.impossible}\n`, code: 1 };
  if ("unknown" in found) {
    return busybox
      ? { stdout: "", stderr: `traceroute: bad address '${host}'\n`, code: 1 }
      : {
          stdout: "",
          stderr: `${host}: ${found.unknown}\nCannot handle "host" cmdline arg \`${host}' on position 1 (argc ${words.indexOf(host) + 1})\n`,
          code: 2,
        };
  }
  const rows = found.hops.map((hop) =>
    hop === null
      ? "* * *"
      : `${on(options, "n") ? hop.ip : `${hop.ip} (${hop.ip})`}${`  ${ms(hop.time)}`.repeat(3)}${hop.mark}`,
  );
  const head = `traceroute to ${host} (${found.ip}), ${most} hops max, ${busybox ? 46 : 60} byte packets`;
  const numbered = rows.map((row, i) => `${String(i + 1).padStart(2)}  ${row}`);
  return { stdout: [head, ...numbered].map((row) => `${row}\n`).join(""), stderr: "", code: 0 };
};

export const tracepath: Tool = (words, seat) => {
  const options = parseOptions(words, { values: flagNames("m l p"), switches: flagNames("n b 4 6") });
  const [host] = options.operands;
  if (host === undefined) return { stdout: "", stderr: "tracepath: usage error: Destination required\n", code: 255 };
  const port = Number(last(options, "p") ?? TRACEPATH_PORT) || TRACEPATH_PORT;
  const most = Math.min(Math.max(Number(last(options, "m") ?? 30) || 30, 1), 255);
  const found = probed(seat, { host, protocol: "udp", port, family: on(options, "6") ? 6 : undefined, most });
  if ("killed" in found) return KILLED;
  if ("impossible" in found) return { stdout: "", stderr: `tracepath: ${found.impossible}\n`, code: 1 };
  if ("unknown" in found) return { stdout: "", stderr: `tracepath: ${host}: ${found.unknown}\n`, code: 255 };
  const own = seat.world.host(seat.host);
  const mtu = own?.interfaces.find(({ kind }) => kind !== "lo")?.mtu ?? 1500;
  const rows = found.hops.map((hop, i) => {
    const n = `${String(i + 1).padStart(2)}:`;
    if (hop === null) return `${n}  no reply`;
    const isEnd = found.reached && i === found.hops.length - 1;
    return `${`${n}  ${hop.ip}`.padEnd(60)}${(hop.time / 1_000).toFixed(3)}ms ${isEnd ? "reached" : ""}`;
  });
  const end = found.reached
    ? `     Resume: pmtu ${mtu} hops ${found.hops.length} back ${found.hops.length} `
    : `     Too many hops: pmtu ${mtu}\n     Resume: pmtu ${mtu} `;
  const head = ` 1?: [LOCALHOST]                      pmtu ${mtu}`;
  return { stdout: [head, ...rows, end].map((row) => `${row}\n`).join(""), stderr: "", code: 0 };
};
