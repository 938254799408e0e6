import { cidrOf, formatCidr, joinHostPort } from "../../base/ip.ts";
import { probabilityValue, type Probability } from "../../base/choose.ts";
import type { CtStateName, Match, Rule, Target } from "./types.ts";

/**
 * The two wordings of one rule. `proxy` is what kube-proxy feeds to iptables-restore; `kernel` is what iptables-save (1.8,
 * nf_tables) reads back: addresses first, masks spelled out, options in the modules' own order.
 */

const BARE_WORD = /^[A-Za-z0-9_-]+$/;

/** A string option as libxtables prints it (`xtables_save_string`): quoted unless it is all letters, digits, `_` and `-`. */
function quoteWord(text: string): string {
  return BARE_WORD.test(text) ? text : `"${text.replace(/["\\']/g, "\\$&")}"`;
}

function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** kube-proxy writes its mark with eight digits. */
function hex8(value: number): string {
  return `0x${(value >>> 0).toString(16).padStart(8, "0")}`;
}

/** The text of a probability as kube-proxy writes it: ten decimals (`computeProbability` in pkg/proxy/iptables). */
export function probabilityText(p: Probability): string {
  return probabilityValue(p).toFixed(10);
}

/** The kernel keeps a probability as k/2^31 and prints it with eleven decimals. */
export function kernelProbabilityText(p: Probability): string {
  const written = "of" in p ? Number(probabilityText(p)) : p.value;
  return (Math.round(written * 0x80000000) / 0x80000000).toFixed(11);
}

/** `1/3` for a probability that was meant so, else a decimal: how a learner reads it. */
export function probabilityWords(p: Probability): string {
  return "of" in p ? `1/${p.of}` : String(Number(p.value.toFixed(4)));
}

/** The order in which the conntrack match prints states. */
const CT_ORDER: readonly CtStateName[] = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"];

/** An IPv4 address as it stands in most rules; it only needs its mask. */
const PLAIN_V4 = /^\d+\.\d+\.\d+\.\d+$/;

function kernelCidr(text: string): string {
  if (PLAIN_V4.test(text)) return `${text}/32`;
  const cidr = cidrOf(text);
  return cidr === null ? text : formatCidr(cidr);
}

function isWholeSpace(cidr: string): boolean {
  return cidr.endsWith("/0") && cidrOf(cidr)?.prefix === 0;
}

const not = (m: { readonly invert?: true }): string => (m.invert ? "! " : "");

/** Words of the part that iptables keeps in the entry itself and prints before all modules, or null for module matches. */
function entryText(m: Match): string | null {
  switch (m.kind) {
    case "src":
    case "dst":
      // An address part that matches everything is not kept at all.
      if (isWholeSpace(m.cidr) && !m.invert) return "";
      return `${not(m)}${m.kind === "src" ? "-s" : "-d"} ${kernelCidr(m.cidr)}`;
    case "in":
      return `${not(m)}-i ${m.iface}`;
    case "out":
      return `${not(m)}-o ${m.iface}`;
    case "protocol":
      return `${not(m)}-p ${m.protocol}`;
    default:
      return null;
  }
}

const ENTRY_ORDER: Readonly<Record<string, number>> = { src: 0, dst: 1, in: 2, out: 3, protocol: 4 };

function portText(option: string, m: { readonly from: number; readonly to: number; readonly invert?: true }): string {
  return `${not(m)}--${option} ${m.from === m.to ? m.from : `${m.from}:${m.to}`}`;
}

function ctOption(m: Match & { kind: "conntrack" }): string {
  return m.as === "state" ? `-m state ${not(m)}--state` : `-m conntrack ${not(m)}--ctstate`;
}

function moduleText(m: Match, family: 4 | 6): string {
  switch (m.kind) {
    case "comment":
      return `-m comment --comment ${quoteWord(m.text)}`;
    case "module":
      return `-m ${m.protocol}`;
    case "sport":
      return portText("sport", m);
    case "dport":
      return portText("dport", m);
    case "addrtype":
      return `-m addrtype ${not(m)}--${m.side}-type ${m.type}`;
    case "mark":
      return `-m mark ${not(m)}--mark ${hex(m.value)}${m.mask === 0xffffffff ? "" : `/${hex(m.mask)}`}`;
    case "conntrack":
      return `${ctOption(m)} ${CT_ORDER.filter((s) => m.states.includes(s)).join(",")}`;
    case "statistic":
      return `-m statistic --mode random --probability ${kernelProbabilityText(m.probability)}`;
    case "nfacct":
      // Two blanks: the module's save function prints one more than it needs.
      return `-m nfacct --nfacct-name  ${m.name}`;
    case "recent-check":
      return `-m recent --rcheck --seconds ${m.seconds}${m.reap ? " --reap" : ""} --name ${m.list} ${recentMask(family)}`;
    case "recent-set":
      return `-m recent --set --name ${m.list} ${recentMask(family)}`;
    case "set":
      return `-m set ${not(m)}--match-set ${m.set} ${m.sides.join(",")}`;
    case "ipvs":
      return `-m ipvs --vproto ${VPROTO[m.protocol]} --vaddr ${m.ip} --vport ${m.port}`;
    case "physdev-is-in":
      return `-m physdev ${not(m)}--physdev-is-in`;
    case "opaque":
      return m.text;
    case "src":
    case "dst":
    case "in":
    case "out":
    case "protocol":
      return entryText(m) ?? "";
  }
}

/** The ipvs match prints protocols as numbers, and before the address. */
const VPROTO = { tcp: 6, udp: 17, sctp: 132 } as const;

function recentMask(family: 4 | 6): string {
  return `--mask ${family === 4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} --rsource`;
}

function targetText(t: Target, family: 4 | 6): string {
  switch (t.kind) {
    case "jump":
      return `-j ${t.chain}`;
    case "goto":
      return `-g ${t.chain}`;
    case "accept":
      return "-j ACCEPT";
    case "drop":
      return "-j DROP";
    case "return":
      return "-j RETURN";
    case "reject":
      return `-j REJECT --reject-with ${rejectName(t.with, family)}`;
    case "dnat":
      return `-j DNAT --to-destination ${natText(t)}${t.flags ? ` ${t.flags}` : ""}`;
    case "snat":
      return `-j SNAT --to-source ${natText(t)}${t.flags ? ` ${t.flags}` : ""}`;
    case "masquerade":
      return `-j MASQUERADE${t.randomFully ? " --random-fully" : ""}`;
    case "redirect":
      return `-j REDIRECT${t.port === null ? "" : ` --to-ports ${t.port}`}`;
    case "mark":
      return `-j MARK --set-xmark ${hex(t.value)}/${hex(t.mask)}`;
    case "none":
      return "";
    case "opaque":
      return t.text;
  }
}

function natText(t: { readonly ip: string; readonly port: number | null }): string {
  return t.port === null ? t.ip : joinHostPort(t.ip, t.port);
}

const REJECT_V6: Readonly<Record<string, string>> = {
  "icmp-port-unreachable": "icmp6-port-unreachable",
  "icmp-net-unreachable": "icmp6-no-route",
  "icmp-host-unreachable": "icmp6-addr-unreachable",
  "icmp-admin-prohibited": "icmp6-adm-prohibited",
};

function rejectName(name: string, family: 4 | 6): string {
  return family === 6 ? (REJECT_V6[name] ?? name) : name;
}

function joinWords(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}

/** The conditions as the kernel looks at them and lists them: the entry's own (src, dst, interfaces, protocol), then the modules. */
export function inKernelOrder(matches: readonly Match[]): readonly Match[] {
  const entries = matches.filter((m) => m.kind in ENTRY_ORDER);
  entries.sort((a, b) => (ENTRY_ORDER[a.kind] ?? 0) - (ENTRY_ORDER[b.kind] ?? 0));
  return [...entries, ...matches.filter((m) => !(m.kind in ENTRY_ORDER))];
}

/** The rule as `iptables-save` prints it, with `-A CHAIN` in front. */
export function kernelRuleText(chain: string, rule: Rule, family: 4 | 6): string {
  const matches = inKernelOrder(rule.matches).map((m) => moduleText(m, family));
  return joinWords(["-A", chain, ...matches, targetText(rule.target, family)]);
}

function proxyComment(text: string, quoted: boolean): string {
  return `-m comment --comment ${quoted && text.includes(" ") ? `"${text}"` : text}`;
}

function proxyMatchText(m: Match, family: 4 | 6, quoted: boolean): string {
  switch (m.kind) {
    case "comment":
      return proxyComment(m.text, quoted);
    case "src":
      return `${not(m)}-s ${m.cidr}`;
    case "dst":
      return `${not(m)}-d ${m.cidr}`;
    case "mark":
      return `-m mark ${not(m)}--mark ${hex8(m.value)}/${hex8(m.mask)}`;
    case "conntrack":
      return `${ctOption(m)} ${m.states.join(",")}`;
    case "statistic":
      return `-m statistic --mode random --probability ${probabilityText(m.probability)}`;
    case "nfacct":
      return `-m nfacct --nfacct-name ${m.name}`;
    case "recent-check":
      return `-m recent --name ${m.list} --rcheck --seconds ${m.seconds}${m.reap ? " --reap" : ""}`;
    case "recent-set":
      return `-m recent --name ${m.list} --set`;
    case "ipvs":
      return `-m ipvs --vaddr ${m.ip} --vproto ${m.protocol} --vport ${m.port}`;
    default:
      return moduleText(m, family);
  }
}

function proxyTargetText(t: Target, family: 4 | 6): string {
  switch (t.kind) {
    case "reject":
      return "-j REJECT";
    case "mark":
      if (t.mask === 0) return `-j MARK --xor-mark ${hex8(t.value)}`;
      if (t.mask === t.value) return `-j MARK --or-mark ${hex8(t.value)}`;
      return `-j MARK --set-xmark ${hex8(t.value)}/${hex8(t.mask)}`;
    default:
      return targetText(t, family);
  }
}

/**
 * The rule in kube-proxy's own words. Jumps from built-in chains go through `iptables -I` as separate arguments, so their
 * comments carry no quotes; restore input quotes what has blanks.
 */
export function proxyRuleText(chain: string, rule: Rule, family: 4 | 6, builtin: boolean): string {
  const matches = rule.matches.map((m) => proxyMatchText(m, family, !builtin));
  return joinWords(["-A", chain, ...matches, proxyTargetText(rule.target, family)]);
}

/** What a listing shows in its target column. */
export function targetName(t: Target): string {
  switch (t.kind) {
    case "jump":
    case "goto":
      return t.chain;
    case "none":
      return "";
    case "opaque":
      return t.text.split(" ")[1] ?? t.text;
    default:
      return t.kind.toUpperCase();
  }
}
