import type { BaseHook, NftHook } from "./types.ts";

interface NamedPriority {
  readonly name: string;
  readonly value: number;
  /** null: at every hook. */
  readonly hooks: readonly NftHook[] | null;
}

/** Standard priorities of the ip, ip6 and inet families (`man nft`, "Standard priority names"). */
const NAMED: readonly NamedPriority[] = [
  { name: "raw", value: -300, hooks: null },
  { name: "mangle", value: -150, hooks: null },
  // nft 1.1 lists it at output too, where older versions show -100.
  { name: "dstnat", value: -100, hooks: ["prerouting", "output"] },
  { name: "filter", value: 0, hooks: null },
  { name: "security", value: 50, hooks: null },
  { name: "srcnat", value: 100, hooks: ["postrouting", "input"] },
];

/** `dstnat - 10`, `filter`, `12`: names stand for what is within 10 of them. */
export function priorityText(value: number, hook: NftHook): string {
  const near = NAMED.find((p) => Math.abs(value - p.value) <= 10 && (p.hooks === null || p.hooks.includes(hook)));
  if (near === undefined) return String(value);
  const offset = value - near.value;
  return offset === 0 ? near.name : `${near.name} ${offset < 0 ? "-" : "+"} ${Math.abs(offset)}`;
}

/** Reads what {@link priorityText} writes; null when it is neither name nor number. */
export function parsePriority(text: string): number | null {
  if (/^-?\d+$/.test(text)) return Number(text);
  const match = /^([a-z]+)(?:\s*([+-])\s*(\d+))?$/.exec(text);
  const base = NAMED.find((p) => p.name === match?.[1]);
  if (match === null || base === undefined) return null;
  return base.value + (match[3] === undefined ? 0 : (match[2] === "-" ? -1 : 1) * Number(match[3]));
}

/** `type filter hook forward priority filter; policy accept;`. */
export function hookText({ type, hook, priority, policy, written }: BaseHook): string {
  return written ?? `type ${type} hook ${hook} priority ${priorityText(priority, hook)}; policy ${policy};`;
}
