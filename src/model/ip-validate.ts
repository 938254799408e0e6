/** IP and CIDR syntax as StrictIPCIDRValidation (on by default in 1.36) words it. Source: apimachinery/pkg/util/validation/ip.go. */
import { parseCidr, parseIP } from "../base/ip.ts";
import { type Cause, invalid } from "./status.ts";

const VALID_IP = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
const VALID_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
const LEADING_ZEROS = "must not have leading 0s";
const MAPPED = "must not be an IPv4-mapped IPv6 address";

const withoutZeros = (text: string): string => text.replace(/(^|\.)0+(?=\d)/g, "$1");
const isMapped = (ip: { readonly family: 4 | 6; readonly value: bigint }): boolean =>
  ip.family === 6 && ip.value >> 32n === 0xffffn;

export function validateIP(text: string, field: string): readonly Cause[] {
  const ip = parseIP(text);
  if (ip !== null) return isMapped(ip) ? [invalid(field, text, MAPPED)] : [];
  const zeros = /^[\d.]+$/.test(text) && parseIP(withoutZeros(text)) !== null;
  return [invalid(field, text, zeros ? LEADING_ZEROS : VALID_IP)];
}

export function validateCidr(text: string, field: string): readonly Cause[] {
  const cidr = parseCidr(text);
  if (cidr === null) {
    const zeros = /^[\d./]+$/.test(text) && parseCidr(text.replace(/(^|[./])0+(?=\d)/g, "$1")) !== null;
    return [invalid(field, text, zeros ? LEADING_ZEROS : VALID_CIDR)];
  }
  const ip = parseIP(text.slice(0, text.indexOf("/")));
  if (ip !== null && isMapped(ip)) return [invalid(field, text, MAPPED)];
  return ip !== null && ip.value !== cidr.base
    ? [invalid(field, text, "must not have bits set beyond the prefix length")]
    : [];
}

const inside = (ip: bigint, base: string, shift: bigint): boolean =>
  ip >> shift === (parseIP(base)?.value ?? 0n) >> shift;

/**
 * Addresses that no endpoint and no externalIP may have. Nothing checks that an address is not some Service's cluster IP.
 * Source: pkg/apis/core/validation, ValidateEndpointIP.
 */
export function validateEndpointIP(text: string, field: string): readonly Cause[] {
  const ip = parseIP(text);
  if (ip === null) return [];
  const v4 = ip.family === 4;
  const causes: Cause[] = [];
  const refuse = (why: string): number => causes.push(invalid(field, text, why));
  if (ip.value === 0n) refuse(`may not be unspecified (${v4 ? "0.0.0.0" : "::"})`);
  if (v4 ? inside(ip.value, "127.0.0.0", 24n) : ip.value === 1n)
    refuse("may not be in the loopback range (127.0.0.0/8, ::1/128)");
  if (v4 ? inside(ip.value, "169.254.0.0", 16n) : inside(ip.value, "fe80::", 118n)) {
    refuse("may not be in the link-local range (169.254.0.0/16, fe80::/10)");
  }
  if (v4 ? inside(ip.value, "224.0.0.0", 8n) : ip.value >> 112n === 0xff02n) {
    refuse("may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
  }
  return causes;
}
