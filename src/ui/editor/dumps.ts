/** What a dropped text is, seen at its first lines: manifests, or the rules of a node. */

export type TextKind = "manifests" | "iptables-save" | "nft" | "ipvsadm" | "binary" | "other";

/** Lines that are looked at. */
const MOST_LINES = 400;

export function kindOfText(text: string): TextKind {
  if (text.slice(0, 4_000).includes("\u0000")) return "binary";
  const lines = text.split("\n", MOST_LINES).map((line) => line.trimEnd());
  const some = (pattern: RegExp): boolean => lines.some((line) => pattern.test(line));
  if (some(/^\*(?:filter|nat|mangle|raw|security)$/) && some(/^(?::\S+ |-[AN] |COMMIT$)/)) return "iptables-save";
  if (some(/^table (?:ip|ip6|inet|arp|bridge|netdev) \S+ \{/) || some(/^add table (?:ip|ip6|inet) \S+/)) return "nft";
  if (some(/^IP Virtual Server version /) || some(/^-A -[tuf] \S+ -s \w+/)) return "ipvsadm";
  if (some(/^(?:[ -] )?"?(?:apiVersion|kind)"?\s*:/) || some(/^\s+"(?:apiVersion|kind)":/)) return "manifests";
  return /^\s*\{.*"(?:apiVersion|kind)"\s*:/s.test(text.slice(0, 4_000)) ? "manifests" : "other";
}
