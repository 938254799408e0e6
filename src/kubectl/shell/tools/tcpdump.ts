/** `tcpdump -ni IFACE [filter]`: the packets of the last request that passed this host, as its walk has them. */
import { isIPv6 } from "../../../base/ip.ts";
import type { Micros } from "../../../base/time.ts";
import type { Header, Hop, HostId, Walk } from "../../../model/trace/types.ts";
import type { World } from "../../../world/types.ts";
import { failure, type Output } from "../../output.ts";
import { flagNames, last, on, parseOptions } from "./options.ts";
import { type Captured, parseFilter } from "./tcpdump-filter.ts";
import type { Tool } from "./seat.ts";

interface Frame extends Captured {
  readonly at: Micros;
  readonly iface: string;
  readonly direction: "In" | "Out";
  readonly text: string;
}

const SPEC = {
  values: flagNames("i c s w r y Q G W C"),
  switches: flagNames("n nn v e l q t A X x p U D S K N tttt any"),
};

export const tcpdump: Tool = (words, seat) => {
  const { world, host } = seat;
  const dashed = words.findIndex((word) => word === "--");
  const options = parseOptions(dashed < 0 ? words : words.slice(0, dashed), SPEC);
  if (options.unknown !== null)
    return { stdout: "", stderr: `tcpdump: invalid option -- '${options.unknown.replace(/^-+/, "")}'\n`, code: 1 };
  if (options.incomplete !== null)
    return {
      stdout: "",
      stderr: `tcpdump: option requires an argument -- '${options.incomplete.replace(/^-+/, "")}'\n`,
      code: 1,
    };
  if (on(options, "w") || on(options, "r")) return failure("tcpdump: files of packets are not supported here");
  const interfaces = world.host(host)?.interfaces ?? [];
  const iface = last(options, "i") ?? interfaces.find(({ kind }) => kind !== "lo")?.name ?? "any";
  if (iface !== "any" && !interfaces.some(({ name }) => name === iface)) {
    return { stdout: "", stderr: `tcpdump: ${iface}: No such device exists\n(No such device exists)\n`, code: 1 };
  }
  const filter = parseFilter([...options.operands, ...(dashed < 0 ? [] : words.slice(dashed + 1))].join(" "));
  if (filter === null) return { stdout: "", stderr: "tcpdump: can't parse filter expression: syntax error\n", code: 1 };
  const walk = world.walks.at(-1);
  const most = last(options, "c") === undefined ? Infinity : Number(last(options, "c"));
  const all =
    walk === undefined
      ? []
      : framesOf(world, walk, host).filter((frame) => (iface === "any" || frame.iface === iface) && filter(frame));
  const shown = all.slice(0, Number.isNaN(most) ? 0 : most);
  const lines = shown.map(
    (frame) =>
      `${on(options, "t") ? "" : `${clock(frame.at)} `}${iface === "any" ? `${frame.iface.padEnd(5)} ${frame.direction.padEnd(3)} ` : ""}${frame.text}\n`,
  );
  const type = iface === "any" ? "LINUX_SLL2 (Linux cooked v2)" : "EN10MB (Ethernet)";
  const about =
    walk === undefined
      ? "(no request has been sent yet)\n"
      : `(packets of request ${walk.id}, from ${walk.request.from} to ${walk.request.to}: the last one)\n`;
  return {
    stdout: lines.join(""),
    stderr: `${about}tcpdump: verbose output suppressed, use -v[v]... for full protocol decode\nlistening on ${iface}, link-type ${type}, snapshot length 262144 bytes\n${counted(shown.length, "captured")}${counted(all.length, "received by filter")}0 packets dropped by kernel\n`,
    code: 0,
  } satisfies Output;
};

const counted = (n: number, what: string): string => `${n} packet${n === 1 ? "" : "s"} ${what}\n`;

/** `00:00:03.000212`, of the virtual day. */
function clock(at: Micros): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  const s = Math.floor(at / 1_000_000);
  return `${two(Math.floor(s / 3600) % 24)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}.${String(at % 1_000_000).padStart(6, "0")}`;
}

/** Packets of a walk and of those that were made for it, in time's order, on all interfaces of one host. */
function framesOf(world: World, walk: Walk, host: HostId): readonly Frame[] {
  const own = [...passing(world, walk, walk.hops, false, host), ...passing(world, walk, walk.reply, true, host)];
  return [...own, ...walk.children.flatMap((child) => framesOf(world, child, host))].toSorted((a, b) => a.at - b.at);
}

/** A packet is seen where it comes in from a wire and where it goes out on one; at a bridge also at the port. */
function passing(world: World, walk: Walk, hops: readonly Hop[], reply: boolean, host: HostId): readonly Frame[] {
  const interfaces = world.host(host)?.interfaces ?? [];
  const frames: Frame[] = [];
  hops.forEach((hop, i) => {
    if (hop.place !== host || hop.iface === null) return;
    const previous = hops[i - 1];
    const other = previous?.place;
    const cameIn = previous?.stage === "link" && previous.to === host;
    const goesOut = hop.stage === "link" && hop.to !== null;
    const portTo = (peer: HostId | null | undefined): string | null =>
      interfaces.find((one) => one.master === hop.iface && one.peer === peer && peer !== undefined && peer !== null)
        ?.name ?? null;
    const add = (iface: string, direction: Frame["direction"]): void => {
      const text = packetLine(walk, hop.before, reply);
      frames.push({ at: hop.at, iface, direction, text, header: hop.before });
    };
    if (cameIn) {
      const port = portTo(other);
      if (port !== null) add(port, "In");
      add(hop.iface, "In");
    }
    if (goesOut) {
      add(hop.iface, "Out");
      const port = portTo(hop.to);
      if (port !== null) add(port, "Out");
    }
  });
  return frames;
}

/** Initial sequence numbers, from what makes a connection different from others. */
const sequence = ({ id }: Walk, salt: number): number => ((id + 1) * 2_654_435_761 + salt * 40_503) % 4_294_967_296;

function packetLine(walk: Walk, header: Header, reply: boolean): string {
  const { src, dst, sport, dport, protocol } = header;
  const ip = isIPv6(src) ? "IP6" : "IP";
  if (protocol === "icmp") return `${ip} ${src} > ${dst}: ${icmpText(walk, reply)}`;
  const ends = `${src}.${sport} > ${dst}.${dport}`;
  if (protocol === "udp") return `${ip} ${ends}: ${udpText(walk, reply)}`;
  if (protocol === "sctp") return `${ip} ${ends}: sctp (1) [${reply ? "INIT ACK" : "INIT"}]`;
  const ours = sequence(walk, 1);
  const theirs = sequence(walk, 2);
  const options = "options [mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7]";
  if (walk.phase === "data" || walk.phase === "close") {
    const flags = walk.phase === "close" ? "F." : "P.";
    return `${ip} ${ends}: Flags [${flags}], seq 1:${walk.phase === "close" ? 1 : 80}, ack 1, win 502, length ${walk.phase === "close" ? 0 : 79}`;
  }
  if (!reply) return `${ip} ${ends}: Flags [S], seq ${ours}, win 64240, ${options}, length 0`;
  return walk.outcome === "refused" || walk.outcome === "reset"
    ? `${ip} ${ends}: Flags [R.], seq 0, ack ${ours + 1}, win 0, length 0`
    : `${ip} ${ends}: Flags [S.], seq ${theirs}, ack ${ours + 1}, win 65160, ${options}, length 0`;
}

function icmpText({ request, hops, symptom, summary }: Walk, reply: boolean): string {
  const error = request.protocol !== "icmp" || symptom.startsWith("From");
  if (!reply || !error) return `ICMP echo ${reply ? "reply" : "request"}, id 1, seq 1, length 64`;
  const asked = hops[0]?.before;
  const to = asked?.dst ?? "";
  if (/host unreachable|No route to host/i.test(`${symptom} ${summary}`))
    return `ICMP host ${to} unreachable, length 68`;
  if (/net unreachable|Network is unreachable/i.test(`${symptom} ${summary}`))
    return `ICMP net ${to} unreachable, length 68`;
  if (/Time to live|time-exceeded/i.test(`${symptom} ${summary}`)) return "ICMP time exceeded in-transit, length 68";
  return asked === undefined || asked.protocol === "icmp"
    ? `ICMP ${to} protocol 1 port 0 unreachable, length 92`
    : `ICMP ${to} ${asked.protocol} port ${asked.dport} unreachable, length 68`;
}

function udpText({ request, dns }: Walk, reply: boolean): string {
  const { says } = request;
  if (says?.kind !== "dns") return "UDP, length 1";
  if (!reply) return `1+ ${says.type}? ${says.name} (${says.name.length + 17})`;
  const rcode =
    dns === undefined || dns.rcode === "NOERROR"
      ? ""
      : dns.rcode === "NXDOMAIN"
        ? " NXDomain"
        : ` ${dns.rcode === "SERVFAIL" ? "ServFail" : "Refused"}`;
  const answers = dns?.answer ?? [];
  const counts = `${answers.length}/${dns?.authority.length ?? 0}/${dns?.additional.length ?? 0}`;
  const aa = dns?.flags.includes("aa") === true ? "*" : "";
  const list = answers.map(({ type, data }) => ` ${type} ${data}`).join(",");
  return `1${rcode}${aa}${dns?.flags.includes("ra") === true ? "" : "-"} ${counts}${list} (${says.name.length + 17 + 16 * answers.length})`;
}
