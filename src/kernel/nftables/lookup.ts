import { cidrContains, parseIP } from "../../base/ip.ts";
import { isInterval, type Element, type NftSet } from "./types.ts";

const NUMBER = /^\d+$/;

/** Does one written value (an address, a prefix, a range, a name with `*`) take in a packet's value? */
export function valueMatches(pattern: string, value: string): boolean {
  if (pattern === value) return true;
  if (pattern.startsWith('"')) return valueMatches(pattern.slice(1, -1), value);
  if (pattern.endsWith("*")) return value.startsWith(pattern.slice(0, -1));
  if (pattern.includes("/")) return cidrContains(pattern, value);
  const dash = pattern.indexOf("-");
  if (dash > 0) {
    const from = pattern.slice(0, dash);
    const to = pattern.slice(dash + 1);
    if (NUMBER.test(from) && NUMBER.test(to)) return Number(value) >= Number(from) && Number(value) <= Number(to);
    const [a, b, ip] = [parseIP(from), parseIP(to), parseIP(value)];
    return (
      a !== null && b !== null && ip !== null && ip.family === a.family && ip.value >= a.value && ip.value <= b.value
    );
  }
  return false;
}

/** The same for a concatenation, part by part. */
export function keyMatches(pattern: string, parts: readonly string[]): boolean {
  const patterns = pattern.split(" . ");
  return patterns.length === parts.length && patterns.every((p, i) => valueMatches(p, parts[i] as string));
}

/** The element for a key, sought one by one: what {@link findElement} has to agree with. */
export function scanElements(set: NftSet, parts: readonly string[]): Element | undefined {
  for (const element of set.elements.values()) if (keyMatches(element.key, parts)) return element;
  return undefined;
}

/** The element for a key. Linux hashes sets without ranges; so do we, and 10,000 Services are one look-up. */
export function findElement(set: NftSet, parts: readonly string[]): Element | undefined {
  if (isInterval(set)) return scanElements(set, parts);
  return set.elements.get(parts.join(" . ")) ?? (set.type === "ifname" ? scanElements(set, parts) : undefined);
}
