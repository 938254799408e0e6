import { isIPv6 } from "../base/ip.ts";
import { dualStackRules, NO_RULES } from "../kernel/iptables/evaluate.ts";
import type { ListOptions, RuleList } from "../kernel/iptables/listing.ts";
import type { OtherRules } from "../kernel/iptables/merge.ts";
import type { Rules } from "../kernel/netfilter.ts";
import type { ProxyConfig } from "../model/config/types.ts";
import type { Node } from "../model/node/types.ts";
import type { RuleRef } from "../model/trace/types.ts";
import { bridgeAddress, podCidrs } from "../network/addresses.ts";
import { type CompiledRules, compilerOf, type KernelNow, type RulesForm } from "../proxy/modes.ts";
import { type ProxyNode, proxyNode } from "../proxy/node.ts";
import type { ProxyView } from "../proxy/view.ts";

export type Family = 4 | 6;

/** What the kube-proxies see of the cluster in one IP family. */
export type ViewOf = (family: Family) => ProxyView;

/** What a kube-proxy saw when it wrote its rules, and the configuration by which it wrote them. */
export interface Written {
  readonly viewOf: ViewOf;
  readonly config: ProxyConfig;
}

/** All that a node's kernel holds for Services, in both IP families. */
export interface NodeRules {
  readonly rules: Rules;
  /** Families for which this node has rules, the primary one first. */
  readonly families: readonly Family[];
  /** As the mode's own tool prints it; `family` null: as that tool does without being asked for one. */
  text(family?: Family | null, now?: KernelNow): string;
  /** As another tool prints its part of it; null when there is none. */
  form(form: RulesForm, family?: Family | null, now?: KernelNow): string | null;
  /** `family` null: those of all families, one after the other. */
  list(options: ListOptions, family: Family | null): Omit<RuleList, "rows"> & { readonly rows: readonly RuleRow[] };
}

interface RuleRow extends RuleRef {
  readonly family: Family;
}

/** Before kube-proxy's first sync a node has no rules at all: not even the static chains. */
export const NOTHING: NodeRules = {
  rules: NO_RULES,
  families: [4],
  text: () => "",
  form: () => "",
  list: () => ({ total: 0, rows: [], focus: null }),
};

/** Addresses of cni0, which kube-proxy finds on the machine and not in its Node. */
function bridgeAddresses(node: Node): readonly string[] {
  const families = new Set(proxyNode(node).ips.map(isIPv6));
  return podCidrs(node)
    .map(bridgeAddress)
    .filter((ip) => families.has(isIPv6(ip)));
}

/** The node as its own kube-proxy finds it. */
export function selfOf(node: Node): ProxyNode {
  return proxyNode(node, bridgeAddresses(node));
}

/** Rules of a node that are not kube-proxy's, per family. */
export type OthersOf = (family: Family) => OtherRules | null;

function ofFamily(
  family: Family,
  written: Written,
  left: Written | null,
  self: ProxyNode,
  othersOf: OthersOf,
): CompiledRules {
  return compilerOf(written.config.mode)(
    written.viewOf(family),
    self,
    written.config,
    left === null ? null : { view: left.viewOf(family), config: left.config },
    othersOf(family),
  );
}

/** What a node's kernel holds once its kube-proxy has written its rules over what another mode had `left`. */
export function compileFor(
  node: Node | undefined,
  written: Written,
  left: Written | null,
  othersOf: OthersOf = () => null,
): NodeRules {
  if (node === undefined) return NOTHING;
  const self = selfOf(node);
  // A node without an address of a family has no proxier for it, but for IPv4, which every node has.
  const v4 = ofFamily(4, written, left, self, othersOf);
  if (!self.ips.some(isIPv6)) return nodeRules([v4], v4.rules);
  const v6 = ofFamily(6, written, left, self, othersOf);
  // Where Services have IPv6 addresses only, that side is the one to look at first.
  const ranges = written.config.serviceCIDRs ?? [];
  const isIPv6Only = self.ips.every(isIPv6) || (ranges.length > 0 && ranges.every(isIPv6));
  return nodeRules(isIPv6Only ? [v6, v4] : [v4, v6], dualStackRules(v4.rules, v6.rules));
}

function nodeRules(sides: readonly [CompiledRules, ...CompiledRules[]], rules: Rules): NodeRules {
  const [primary] = sides;
  const side = (family: Family): CompiledRules | null => sides.find((one) => one.family === family) ?? null;
  /** `iptables-save` prints one family, its own; the other tools print all there is. */
  const printed = (family: Family | null, alone: boolean, print: (one: CompiledRules) => string | null) => {
    if (family !== null) return side(family) === null ? "" : print(side(family) as CompiledRules);
    if (alone) return print(primary);
    const texts = [...sides].sort((a, b) => a.family - b.family).map(print);
    return texts.includes(null) ? null : (texts as readonly string[]);
  };
  return {
    rules,
    families: sides.map((one) => one.family),
    text(family = null, now) {
      const { heading } = primary;
      const text = printed(family, heading === null, (one) => one.text(now));
      if (text === null || typeof text === "string") return text ?? "";
      return text.map((one, i) => (i > 0 && heading !== null ? one.slice(heading.length) : one)).join("");
    },
    form(form, family = null, now) {
      const text = printed(family, form.startsWith("iptables"), (one) => one.form(form, now));
      if (text === null || typeof text === "string") return text;
      return text.filter((one) => one !== "").join(form === "ipset" ? "\n" : "");
    },
    list(options, family) {
      const chosen = family === null ? sides : sides.filter((one) => one.family === family);
      const rows: RuleRow[] = [];
      let total = 0;
      let focus: number | null = null;
      for (const one of chosen) {
        const list = one.list({
          ...options,
          offset: Math.max(0, options.offset - total),
          limit: options.limit - rows.length,
        });
        for (const row of list.rows) rows.push({ ...row, family: one.family });
        focus ??= list.focus === null ? null : total + list.focus;
        total += list.total;
      }
      return { total, rows, focus };
    },
  };
}
