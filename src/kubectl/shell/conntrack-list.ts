/** `conntrack -L` of a host, as conntrack-tools 1.4.7 prints it. */
import { SECOND } from "../../base/time.ts";
import type { ConntrackEntry, Tuple } from "../../kernel/conntrack.ts";
import type { HostId } from "../../model/trace/types.ts";
import type { World } from "../../world/types.ts";
import type { Output } from "../output.ts";

const NUMBERS: Readonly<Record<Tuple["protocol"], number>> = { icmp: 1, tcp: 6, udp: 17, sctp: 132 };
/** Protocols whose entries name a state. */
const STATEFUL: ReadonlySet<string> = new Set(["tcp", "sctp"]);

const tuple = (t: Tuple): string =>
  t.protocol === "icmp"
    ? `src=${t.src} dst=${t.dst} type=8 code=0 id=${t.sport}`
    : `src=${t.src} dst=${t.dst} sport=${t.sport} dport=${t.dport}`;

function line(entry: ConntrackEntry, now: number): string {
  const { protocol } = entry.original;
  const left = Math.max(0, Math.ceil((entry.expiresAt - now) / SECOND));
  const unreplied = entry.state === "SYN_SENT" || entry.state === "UNREPLIED";
  const assured = entry.state === "ASSURED" || (STATEFUL.has(protocol) && !unreplied && entry.state !== "SYN_RECV");
  const state = STATEFUL.has(protocol) ? ` ${entry.state}` : "";
  return `${protocol.padEnd(8)} ${NUMBERS[protocol]} ${left}${state} ${tuple(entry.original)} ${unreplied ? "[UNREPLIED] " : ""}${tuple(entry.reply)} ${assured ? "[ASSURED] " : ""}mark=0 use=1`;
}

/** Flags that filter: `-p tcp`, `-s IP`, `-d IP`, `--dport N`, `--orig-port-dst N`. */
function filterOf(words: readonly string[]): (entry: ConntrackEntry) => boolean {
  const value = (...names: readonly string[]): string | undefined => {
    const at = words.findIndex((word) => names.includes(word));
    return at < 0 ? undefined : words[at + 1];
  };
  const protocol = value("-p", "--proto");
  const source = value("-s", "--src", "--orig-src");
  const destination = value("-d", "--dst", "--orig-dst");
  const port = value("--dport", "--orig-port-dst");
  return ({ original }) =>
    (protocol === undefined || original.protocol === protocol) &&
    (source === undefined || original.src === source) &&
    (destination === undefined || original.dst === destination) &&
    (port === undefined || original.dport === Number(port));
}

export function conntrackList(world: World, host: HostId, words: readonly string[]): Output {
  const entries = world.conntrack(host).filter(filterOf(words));
  return {
    stdout: entries.map((entry) => `${line(entry, world.now)}\n`).join(""),
    stderr: `conntrack v1.4.7 (conntrack-tools): ${entries.length} flow entries have been shown.\n`,
    code: 0,
  };
}
