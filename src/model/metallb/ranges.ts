import { formatIP, parseCidr, parseIP } from "../../base/ip.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { quote } from "../status.ts";

/** Addresses of a pool, both ends included. */
export interface AddressRange {
  readonly family: 4 | 6;
  readonly first: bigint;
  readonly last: bigint;
}

/** One entry of `spec.addresses`: a CIDR or `first-last`; the refusal is MetalLB's. Source: metallb internal/ipfamily and config ParseCIDR. */
export function parseAddressRange(text: string): Result<AddressRange, string> {
  if (!text.includes("-")) {
    const cidr = parseCidr(text);
    if (cidr === null) return err(`invalid CIDR ${quote(text)}`);
    return ok({ family: cidr.family, first: cidr.base, last: cidr.base + cidr.size - 1n });
  }
  const dash = text.indexOf("-");
  const [from, to] = [text.slice(0, dash).trim(), text.slice(dash + 1).trim()];
  const [first, last] = [parseIP(from), parseIP(to)];
  const refuse = (why: string): Result<AddressRange, string> => err(`invalid IP range ${quote(text)}: ${why}`);
  if (first === null) return refuse(`invalid start IP ${quote(from)}`);
  if (last === null) return refuse(`invalid end IP ${quote(to)}`);
  if (first.family !== last.family || first.value > last.value) {
    return refuse(`start IP ${quote(formatIP(first))} is after the end IP ${quote(formatIP(last))}`);
  }
  return ok({ family: first.family, first: first.value, last: last.value });
}
