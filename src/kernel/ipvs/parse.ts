import { joinHostPort } from "../../base/ip.ts";
import type { IpvsScheduler } from "../../model/config/types.ts";
import {
  type Destination,
  PERSISTENT,
  SCHED_PORT,
  serverId,
  type VirtualProtocol,
  type VirtualServer,
} from "./types.ts";

/** Something in the text that will not take effect: where (lines count from 1), and what. */
export interface SaveNote {
  readonly line: number;
  readonly message: string;
}

const SCHEDULERS: readonly IpvsScheduler[] = ["rr", "wrr", "lc", "wlc", "sh", "dh", "sed", "nq", "mh"];
const PROTOCOLS: Readonly<Record<string, VirtualProtocol>> = { "-t": "tcp", "-u": "udp", "--sctp-service": "sctp" };

interface HostPort {
  readonly ip: string;
  readonly port: number;
}

function hostPort(text: string | undefined): HostPort | null {
  const found = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text ?? "");
  return found === null ? null : { ip: found[1] ?? found[2] ?? "", port: Number(found[3]) };
}

/** Options of one line: each `-x` or `--xx` with the word behind it, or none. */
function optionsOf(words: readonly string[]): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const value = words[i + 1];
    if (value !== undefined && !value.startsWith("-")) {
      options.set(word, value);
      i += 1;
    } else options.set(word, "");
  }
  return options;
}

function serverOf(
  options: ReadonlyMap<string, string>,
): { readonly protocol: VirtualProtocol; readonly at: HostPort } | null {
  for (const [option, protocol] of Object.entries(PROTOCOLS)) {
    const at = hostPort(options.get(option));
    if (at !== null) return { protocol, at };
  }
  return null;
}

/**
 * Reads what `ipvsadm -Sn` says. Never throws: a line that is not understood whole (a firewall mark, another forwarding method,
 * an unknown scheduler) is reported and has no effect.
 */
export function parseServers(text: string): {
  readonly servers: readonly VirtualServer[];
  readonly notes: readonly SaveNote[];
} {
  const servers = new Map<string, VirtualServer & { readonly destinations: Destination[] }>();
  const notes: SaveNote[] = [];
  for (const [i, raw] of text.split("\n").entries()) {
    const words = raw.trim().split(/\s+/);
    if (words[0] === "" || words[0]?.startsWith("#")) continue;
    const options = optionsOf(words.slice(1));
    const found = serverOf(options);
    const id = found === null ? "" : serverId(found.protocol, found.at.ip, found.at.port);
    const scheduler = SCHEDULERS.find((name) => name === options.get("-s"));
    const target = hostPort(options.get("-r"));
    const server = servers.get(id);
    if (words[0] === "-A" && found !== null && scheduler !== undefined) {
      const persistent = options.get("-p");
      servers.set(id, {
        id,
        ip: found.at.ip,
        port: found.at.port,
        protocol: found.protocol,
        scheduler,
        flags:
          (persistent === undefined ? 0 : PERSISTENT) | (options.get("-b") === `${scheduler}-port` ? SCHED_PORT : 0),
        // Without a number ipvsadm takes 360 s.
        timeout: persistent === undefined ? 0 : Number(persistent === "" ? "360" : persistent),
        destinations: [],
        origin: null,
      });
    } else if (words[0] === "-a" && server !== undefined && target !== null && options.has("-m")) {
      server.destinations.push({
        key: joinHostPort(target.ip, target.port),
        ip: target.ip,
        port: target.port,
        weight: Number(options.get("-w") ?? "1"),
        origin: null,
      });
    } else notes.push({ line: i + 1, message: `not evaluated: ${raw.trim()}` });
  }
  return { servers: [...servers.values()], notes };
}
