import { fnv1a32 } from "../../base/hash.ts";
import { cidrContains } from "../../base/ip.ts";
import type { Header } from "../../model/trace/types.ts";

export type IpSetType = "hash:ip" | "hash:ip,port" | "hash:ip,port,ip" | "hash:ip,port,net" | "bitmap:port";

/** One ip set of a host, as plain data. */
export interface IpSet {
  readonly name: string;
  readonly type: IpSetType;
  readonly family: 4 | 6;
  /** As `ipset` writes members: `10.96.0.50,tcp:80`, `10.96.0.50,tcp:80,10.0.0.0/8`, `30080`. Sorted, each once. */
  readonly entries: readonly string[];
}

/** Which half of the packet a part of the set's tuple is compared with. */
export type SetSide = "src" | "dst";

interface SetIndex {
  readonly whole: ReadonlySet<string>;
  /** For sets with a network: `ip,proto:port` → networks. */
  readonly networks: ReadonlyMap<string, readonly string[]>;
}

const INDEXES = new WeakMap<IpSet, SetIndex>();

function indexOf(set: IpSet): SetIndex {
  let index = INDEXES.get(set);
  if (index !== undefined) return index;
  const networks = new Map<string, string[]>();
  if (set.type === "hash:ip,port,net") {
    for (const entry of set.entries) {
      const comma = entry.lastIndexOf(",");
      const key = entry.slice(0, comma);
      const list = networks.get(key);
      if (list === undefined) networks.set(key, [entry.slice(comma + 1)]);
      else list.push(entry.slice(comma + 1));
    }
  }
  index = { whole: new Set(set.entries), networks };
  INDEXES.set(set, index);
  return index;
}

/**
 * Is the packet in the set, by the sides that `--match-set NAME src,dst` gives for its parts? A port comes with its protocol, so an
 * ICMP message is never in a set with ports.
 */
export function setContains(set: IpSet, packet: Header, sides: readonly SetSide[]): boolean {
  const address = (i: number): string => (sides[i] === "src" ? packet.src : packet.dst);
  const port = (i: number): number => (sides[i] === "src" ? packet.sport : packet.dport);
  const index = indexOf(set);
  if (set.type === "hash:ip") return index.whole.has(address(0));
  if (packet.protocol === "icmp") return false;
  const ipPort = `${address(0)},${packet.protocol}:${port(1)}`;
  switch (set.type) {
    case "bitmap:port":
      return index.whole.has(String(port(0)));
    case "hash:ip,port":
      return index.whole.has(ipPort);
    case "hash:ip,port,ip":
      return index.whole.has(`${ipPort},${address(2)}`);
    case "hash:ip,port,net":
      return (index.networks.get(ipPort) ?? []).some((cidr) => cidrContains(cidr, address(2)));
  }
}

/** Revisions of the set types in Linux 6.x (net/netfilter/ipset): what `ipset list` prints. */
const REVISION: Readonly<Record<IpSetType, number>> = {
  "hash:ip": 6,
  "hash:ip,port": 7,
  "hash:ip,port,ip": 6,
  "hash:ip,port,net": 8,
  "bitmap:port": 3,
};

/** kube-proxy creates its sets with these sizes. */
const HASH_SIZE = 1024;
const MAX_ELEMENTS = 65_536;

/** The seed that the kernel draws for a hash; drawn from the set's name here. */
function initval(set: IpSet): string {
  return `0x${fnv1a32(set.name).toString(16).padStart(8, "0")}`;
}

function createOptions(set: IpSet): string {
  if (set.type === "bitmap:port") return "range 0-65535";
  const family = set.family === 4 ? "inet" : "inet6";
  return `family ${family} hashsize ${HASH_SIZE} maxelem ${MAX_ELEMENTS} bucketsize 12 initval ${initval(set)}`;
}

/** Bytes: the bitmap's are exact; a hash's depend on how the members fall into buckets, so they are those of one bucket each. */
function memory(set: IpSet): number {
  return set.type === "bitmap:port" ? 8264 : 202 + 48 * set.entries.length;
}

/** The set as `ipset list` prints it, `references` being how many rules ask for it. Members are sorted (`ipset -sorted list`). */
export function listIpSet(set: IpSet, references = 0): string {
  return [
    `Name: ${set.name}`,
    `Type: ${set.type}`,
    `Revision: ${REVISION[set.type]}`,
    `Header: ${createOptions(set)}`,
    `Size in memory: ${memory(set)}`,
    `References: ${references}`,
    `Number of entries: ${set.entries.length}`,
    "Members:",
    ...set.entries,
    "",
  ].join("\n");
}

/** All sets as `ipset save` prints them: what `ipset restore` loads. */
export function saveIpSets(sets: Iterable<IpSet>): string {
  const lines: string[] = [];
  for (const set of sets) {
    lines.push(`create ${set.name} ${set.type} ${createOptions(set)}`);
    for (const entry of set.entries) lines.push(`add ${set.name} ${entry}`);
  }
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}
