/** IP addresses and CIDRs as text and as numbers. Both families; text is canonical (RFC 5952 for IPv6) wherever we print it. */

export interface ParsedIP {
  readonly family: 4 | 6;
  readonly value: bigint;
}

const V4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;

function parseV4(text: string): bigint | null {
  const match = V4.exec(text);
  if (!match) return null;
  let value = 0n;
  for (let i = 1; i <= 4; i++) {
    const part = match[i] as string;
    // Leading zeros are refused: some parsers read them as octal (Go's netip and StrictIPCIDRValidation refuse them too).
    if (part.length > 1 && part.startsWith("0")) return null;
    const octet = Number(part);
    if (octet > 255) return null;
    value = (value << 8n) | BigInt(octet);
  }
  return value;
}

function parseV6(text: string): bigint | null {
  if (text.includes("%")) return null;
  let body = text;
  const lastColon = text.lastIndexOf(":");
  if (text.includes(".")) {
    const v4 = parseV4(text.slice(lastColon + 1));
    if (v4 === null) return null;
    body = `${text.slice(0, lastColon + 1)}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}`;
  }
  const halves = body.split("::");
  if (halves.length > 2) return null;
  const groups = (half: string): string[] => (half === "" ? [] : half.split(":"));
  const head = groups(halves[0] as string);
  const tail = halves.length === 2 ? groups(halves[1] as string) : [];
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const all = [...head, ...Array<string>(halves.length === 2 ? missing : 0).fill("0"), ...tail];
  let value = 0n;
  for (const group of all) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return null;
    value = (value << 16n) | BigInt(parseInt(group, 16));
  }
  return value;
}

/** The address, or null when the text is not one (leading zeros and zones are not accepted). */
export function parseIP(text: string): ParsedIP | null {
  const v4 = parseV4(text);
  if (v4 !== null) return { family: 4, value: v4 };
  if (!text.includes(":")) return null;
  const v6 = parseV6(text);
  return v6 === null ? null : { family: 6, value: v6 };
}

export function formatIP(ip: ParsedIP): string {
  if (ip.family === 4) {
    return [24n, 16n, 8n, 0n].map((shift) => String((ip.value >> shift) & 255n)).join(".");
  }
  const groups = Array.from({ length: 8 }, (_, i) => ((ip.value >> BigInt(16 * (7 - i))) & 0xffffn).toString(16));
  // RFC 5952: the longest run of two or more zero groups, the first of equals, becomes "::".
  let best = { at: -1, length: 1 };
  for (let i = 0; i < 8; i++) {
    let length = 0;
    while (i + length < 8 && groups[i + length] === "0") length += 1;
    if (length > best.length) best = { at: i, length };
  }
  if (best.at < 0) return groups.join(":");
  return `${groups.slice(0, best.at).join(":")}::${groups.slice(best.at + best.length).join(":")}`;
}

export function isIPv6(text: string): boolean {
  return text.includes(":");
}

/** `10.0.0.1:80`, `[fd00::1]:80`. */
export function joinHostPort(ip: string, port: number): string {
  return isIPv6(ip) ? `[${ip}]:${port}` : `${ip}:${port}`;
}

export interface Cidr {
  readonly family: 4 | 6;
  /** First address, host bits cleared. */
  readonly base: bigint;
  readonly prefix: number;
  /** Number of addresses. */
  readonly size: bigint;
}

/** The CIDR, or null when the text is not one. Host bits are cleared, not refused: validation refuses them with its own words. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf("/");
  if (slash < 0) return null;
  const ip = parseIP(text.slice(0, slash));
  const bits = text.slice(slash + 1);
  if (ip === null || !/^(0|[1-9]\d{0,2})$/.test(bits)) return null;
  const width = ip.family === 4 ? 32 : 128;
  const prefix = Number(bits);
  if (prefix > width) return null;
  const size = 1n << BigInt(width - prefix);
  return { family: ip.family, base: ip.value - (ip.value % size), prefix, size };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIP({ family: cidr.family, value: cidr.base })}/${cidr.prefix}`;
}

const CIDRS = new Map<string, Cidr | null>();

/** parseCidr with a memory, also accepting a bare address as /32 or /128: rules ask the same questions for every packet. */
export function cidrOf(text: string): Cidr | null {
  let cidr = CIDRS.get(text);
  if (cidr === undefined) {
    cidr = parseCidr(text.includes("/") ? text : `${text}/${isIPv6(text) ? 128 : 32}`);
    if (CIDRS.size > 100_000) CIDRS.clear();
    CIDRS.set(text, cidr);
  }
  return cidr;
}

/** Is the address inside the CIDR (or equal to the bare address)? False when either is not parsable or the families differ. */
export function cidrContains(cidrText: string, ipText: string): boolean {
  const cidr = cidrOf(cidrText);
  const ip = parseIP(ipText);
  if (cidr === null || ip === null || cidr.family !== ip.family) return false;
  return ip.value >= cidr.base && ip.value < cidr.base + cidr.size;
}

/** The address `offset` places after the CIDR's first. */
export function cidrNth(cidrText: string, offset: bigint | number): string {
  const cidr = cidrOf(cidrText);
  if (cidr === null) return "";
  return formatIP({ family: cidr.family, value: cidr.base + BigInt(offset) });
}
