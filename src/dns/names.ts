/** Domain names, absolute and with their trailing dot, and the names that addresses have for reverse lookups. */
import { formatIP, parseIP } from "../base/ip.ts";

/** `a.b.` for `a.b`; `.` for the root. */
export function absolute(name: string): string {
  return name.endsWith(".") ? name : `${name}.`;
}

/** Labels from left to right; none for the root. */
export function labelsOf(name: string): readonly string[] {
  const bare = name.replace(/\.$/, "");
  return bare === "" ? [] : bare.split(".");
}

/** Is `name` the zone or under it? Letter case does not matter. */
export function isWithin(name: string, zone: string): boolean {
  const [inner, outer] = [absolute(name).toLowerCase(), absolute(zone).toLowerCase()];
  return outer === "." || inner === outer || inner.endsWith(`.${outer}`);
}

/** The closest of these zones around a name, or null. */
export function zoneOf(name: string, zones: readonly string[]): string | null {
  const around = zones.filter((zone) => isWithin(name, zone));
  return around.toSorted((a, b) => labelsOf(b).length - labelsOf(a).length)[0] ?? null;
}

/** 16 groups of an IPv6 address's hexadecimal digits, or the four of an IPv4 one, backwards. */
function digitsOf(ip: string): readonly string[] | null {
  const parsed = parseIP(ip);
  if (parsed === null) return null;
  const { family, value } = parsed;
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n));
  return value.toString(16).padStart(32, "0").split("");
}

/** `5.1.244.10.in-addr.arpa.`; null for what is no address. */
export function reverseName(ip: string): string | null {
  const digits = digitsOf(ip);
  if (digits === null) return null;
  return `${digits.toReversed().join(".")}.${digits.length === 4 ? "in-addr" : "ip6"}.arpa.`;
}

/** The address that a reverse name asks for, or null when it names a part of one, or none. */
export function addressOf(name: string): string | null {
  const match = /^(.+)\.(in-addr|ip6)\.arpa\.?$/i.exec(name);
  const digits = match?.[1]?.split(".").toReversed() ?? [];
  if (match?.[2]?.toLowerCase() === "in-addr") {
    const ip = digits.join(".");
    return digits.length === 4 && parseIP(ip) !== null ? ip : null;
  }
  if (digits.length !== 32 || !digits.every((digit) => /^[0-9a-f]$/i.test(digit))) return null;
  return formatIP({ family: 6, value: BigInt(`0x${digits.join("")}`) });
}

/** `10-244-1-5`, as an endpoint without a host name is called. Source: endpointHostname in CoreDNS' plugin/kubernetes. */
export function dashed(ip: string): string {
  if (ip.includes(".")) return ip.replaceAll(".", "-");
  const name = ip.replaceAll(":", "-");
  return name.endsWith("-") ? `${name}0` : name;
}
