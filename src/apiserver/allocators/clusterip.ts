import { type Cidr, formatCidr, formatIP, parseCidr, parseIP } from "../../base/ip.ts";

/**
 * One service CIDR as the allocator cuts it: usable addresses first..last (for IPv4 neither network nor broadcast address),
 * of which the first `offset` are the static band that dynamic allocation leaves alone while it can (KEP-3070).
 */
export interface ClusterIPRange {
  readonly cidr: Cidr;
  readonly first: bigint;
  readonly last: bigint;
  readonly offset: bigint;
}

/** Draws are doubles; no cluster has a band of more addresses than this. */
const WIDEST_DRAW = 2n ** 48n;

/** `min(max(16, size/16), 256)`, and no band at all when the CIDR has 16 addresses or fewer. Source: ipallocator/bitmap.go. */
function staticBand(size: bigint): bigint {
  if (size <= 16n) return 0n;
  const wanted = size / 16n;
  return wanted < 16n ? 16n : wanted > 256n ? 256n : wanted;
}

/** The range of a CIDR's text, or null when it is none. */
export function clusterIPRange(text: string): ClusterIPRange | null {
  const cidr = parseCidr(text.trim());
  if (cidr === null) return null;
  const end = cidr.base + cidr.size - 1n;
  return { cidr, first: cidr.base + 1n, last: cidr.family === 4 ? end - 1n : end, offset: staticBand(cidr.size) };
}

/** The ranges of `--service-cluster-ip-range`: one CIDR, or two of different families, primary first. */
export function clusterIPRanges(serviceSubnet: string): readonly ClusterIPRange[] {
  if (latest.text !== serviceSubnet) {
    latest = { text: serviceSubnet, ranges: serviceSubnet.split(",").flatMap((text) => clusterIPRange(text) ?? []) };
  }
  return latest.ranges;
}

/** A cluster has one service subnet, and every write of a Service asks for it. */
let latest: { readonly text: string; readonly ranges: readonly ClusterIPRange[] } = { text: "", ranges: [] };

/** Why a requested address cannot be had, in the allocator's words, or null when it can. `ip` is canonical. */
export function claimClusterIP(range: ClusterIPRange, ip: string, taken: (ip: string) => boolean): string | null {
  const parsed = parseIP(ip);
  const { cidr } = range;
  if (
    parsed === null ||
    parsed.family !== cidr.family ||
    parsed.value < cidr.base ||
    parsed.value >= cidr.base + cidr.size
  ) {
    return "the provided network does not match the current range";
  }
  if (parsed.value < range.first || parsed.value > range.last) {
    return `the provided IP (${ip}) is not in the valid range. The range of valid IPs is ${formatCidr(cidr)}`;
  }
  return taken(ip) ? "provided IP is already allocated" : null;
}

/**
 * A free address: from a random start in the dynamic band upwards and around; only when that band is full, likewise in the
 * static one. Null when the range is full. `drawBelow(n)` is an integer in [0, n).
 */
export function nextClusterIP(
  range: ClusterIPRange,
  taken: (ip: string) => boolean,
  drawBelow: (n: number, band: "dynamic" | "static") => number,
): string | null {
  const scan = (from: bigint, count: bigint, band: "dynamic" | "static"): string | null => {
    if (count <= 0n) return null;
    const start = BigInt(drawBelow(Number(count < WIDEST_DRAW ? count : WIDEST_DRAW), band));
    for (let i = 0n; i < count; i++) {
      const ip = formatIP({ family: range.cidr.family, value: from + ((start + i) % count) });
      if (!taken(ip)) return ip;
    }
    return null;
  };
  const dynamic = range.first + range.offset;
  return (
    scan(dynamic, range.last - dynamic + 1n, "dynamic") ??
    scan(
      range.first,
      range.offset < range.last - range.first + 1n ? range.offset : range.last - range.first + 1n,
      "static",
    )
  );
}
