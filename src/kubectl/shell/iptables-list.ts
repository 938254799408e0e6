/** `iptables -L` as iptables 1.8.9 (nf_tables) prints it, from the text of `iptables-save`. */
import { cidrOf, formatCidr, formatIP } from "../../base/ip.ts";
import { parseSave } from "../../kernel/iptables/parse.ts";
import { listedChains } from "../../kernel/iptables/save.ts";
import { kernelProbabilityText, targetName } from "../../kernel/iptables/text.ts";
import type { Match, Rule, Table, Target } from "../../kernel/iptables/types.ts";
import { isBuiltin } from "../../kernel/iptables/types.ts";
import type { TableName } from "../../model/trace/types.ts";

export interface ListOptions {
  readonly table: TableName;
  /** One chain, or null for all. */
  readonly chain: string | null;
  /** `-n`: addresses and ports as numbers. */
  readonly numeric: boolean;
  /** `-v`: counters and interfaces. */
  readonly verbose: boolean;
  /** `-x`: counters in full. */
  readonly exact: boolean;
  /** `--line-numbers`. */
  readonly numbered: boolean;
}

/** /etc/services, as far as Services tend to use it. */
const SERVICES: Readonly<Record<number, string>> = {
  21: "ftp",
  22: "ssh",
  25: "smtp",
  53: "domain",
  80: "http",
  110: "pop3",
  123: "ntp",
  143: "imap2",
  389: "ldap",
  443: "https",
  3306: "mysql",
  5432: "postgresql",
  5672: "amqp",
  6379: "redis",
  8080: "http-alt",
  11211: "memcache",
};

const PROTOCOL_NUMBERS: Readonly<Record<string, string>> = { tcp: "6", udp: "17", icmp: "1", sctp: "132" };

const find = <K extends Match["kind"]>(rule: Rule, kind: K): Extract<Match, { kind: K }> | undefined =>
  rule.matches.find((m): m is Extract<Match, { kind: K }> => m.kind === kind);

function address(match: { readonly cidr: string; readonly invert?: true } | undefined, numeric: boolean): string {
  const any = numeric ? "0.0.0.0/0" : "anywhere";
  if (match === undefined) return ` ${any}`;
  const cidr = cidrOf(match.cidr);
  const whole = cidr === null || cidr.prefix === (cidr.family === 4 ? 32 : 128);
  const text =
    cidr === null ? match.cidr : whole ? formatIP({ family: cidr.family, value: cidr.base }) : formatCidr(cidr);
  if (cidr?.prefix === 0 && match.invert !== true) return ` ${any}`;
  return `${match.invert === true ? "!" : " "}${text}`;
}

function ports(
  match: { readonly from: number; readonly to: number; readonly invert?: true },
  word: string,
  numeric: boolean,
): string {
  const name = (port: number): string => (numeric ? String(port) : (SERVICES[port] ?? String(port)));
  const not = match.invert === true ? "!" : "";
  return match.from === match.to
    ? `${word}:${not}${name(match.from)}`
    : `${word}s:${not}${name(match.from)}:${name(match.to)}`;
}

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

function matchText(match: Match, rule: Rule, numeric: boolean): string {
  switch (match.kind) {
    case "comment":
      return `/* ${match.text} */`;
    case "module": {
      const sport = find(rule, "sport");
      const dport = find(rule, "dport");
      return [
        match.protocol,
        ...(sport === undefined ? [] : [ports(sport, "spt", numeric)]),
        ...(dport === undefined ? [] : [ports(dport, "dpt", numeric)]),
      ].join(" ");
    }
    case "addrtype":
      return `ADDRTYPE match ${match.side}-type ${match.invert === true ? "!" : ""}${match.type}`;
    case "mark":
      return `mark match ${match.invert === true ? "! " : ""}${hex(match.value)}${match.mask === 0xffffffff ? "" : `/${hex(match.mask)}`}`;
    case "conntrack":
      return `${match.invert === true ? "! " : ""}ctstate ${match.states.join(",")}`;
    case "statistic":
      return `statistic mode random probability ${kernelProbabilityText(match.probability)}`;
    case "nfacct":
      return `nfacct-name  ${match.name}`;
    case "recent-check":
      return `recent: CHECK seconds: ${match.seconds} ${match.reap ? "reap " : ""}name: ${match.list} side: source mask: 255.255.255.255`;
    case "recent-set":
      return `recent: SET name: ${match.list} side: source mask: 255.255.255.255`;
    case "opaque":
      return match.text;
    default:
      return "";
  }
}

function targetText(target: Target): string {
  const end = (ip: string, port: number | null): string => (port === null ? ip : `${ip}:${port}`);
  switch (target.kind) {
    case "dnat":
      return `to:${end(target.ip, target.port)}`;
    case "snat":
      return `to:${end(target.ip, target.port)}`;
    case "masquerade":
      return target.randomFully ? "random-fully" : "";
    case "reject":
      return `reject-with ${target.with}`;
    case "redirect":
      return target.port === null ? "" : `redir ports ${target.port}`;
    case "mark":
      if (target.mask === target.value) return `MARK or ${hex(target.value)}`;
      if (target.mask === 0) return `MARK xor ${hex(target.value)}`;
      // Clearing bits that are known to be set is what kube-proxy asks for as an xor.
      return target.value === 0
        ? `MARK and ${hex(~target.mask)}`
        : `MARK xset ${hex(target.value)}/${hex(target.mask)}`;
    default:
      return "";
  }
}

/** A counter in a column of five: in thousands, millions and so on when it is longer, unless `-x` asks for all digits. */
function countText(count: number, exact: boolean): string {
  let number = count;
  if (exact || number <= 99_999) return String(number);
  for (const unit of ["K", "M", "G", "T"]) {
    number = Math.floor((number + 500) / 1000);
    if (number <= 9_999 || unit === "T") return `${number}${unit}`;
  }
  return String(number);
}

function ruleLine(rule: Rule, options: ListOptions, position: number): string {
  const { numeric, verbose } = options;
  const number = options.numbered ? `${String(position + 1).padEnd(4)} ` : "";
  const protocol = find(rule, "protocol");
  const named = protocol === undefined ? "all" : `${protocol.invert === true ? "!" : ""}${protocol.protocol}`;
  const shown = numeric ? (protocol === undefined ? "0" : (PROTOCOL_NUMBERS[protocol.protocol] ?? named)) : named;
  const target = targetName(rule.target);
  const source = address(find(rule, "src"), numeric);
  const destination = address(find(rule, "dst"), numeric);
  const details = [
    rule.target.kind === "goto" ? "[goto] " : "",
    ...rule.matches
      .filter((m) => !["src", "dst", "in", "out", "protocol", "sport", "dport"].includes(m.kind))
      .map((m) => matchText(m, rule, numeric)),
    targetText(rule.target),
  ]
    .filter((text) => text !== "")
    .join(" ");
  // Negated addresses put their mark where the blank between the columns stands.
  const addresses = `${source[0]}${source.slice(1).padEnd(20)}${destination[0] === "!" ? "!" : " "}${destination.slice(1).padEnd(20)}`;
  const tail = details === "" ? "" : ` ${details}`;
  const action = `${target.padEnd(9)}  ${shown.padEnd(4)} -- `;
  if (!verbose) return `${number}${action}${addresses}${tail}`;
  const iface = (match: { readonly iface: string; readonly invert?: true } | undefined): string =>
    match === undefined ? (numeric ? "*" : "any") : `${match.invert === true ? "!" : ""}${match.iface}`;
  const interfaces = `${iface(find(rule, "in")).padEnd(6)} ${iface(find(rule, "out")).padEnd(6)}`;
  const [packets, bytes] = (rule.counters ?? [0, 0]).map((n) => countText(n, options.exact).padStart(5));
  return `${number}${packets} ${bytes} ${action} ${interfaces} ${addresses}${tail}`;
}

/** Rules that jump to a chain. */
function references(table: Table, chain: string): number {
  let sum = 0;
  for (const { rules } of table.chains.values()) {
    for (const { target } of rules)
      if ((target.kind === "jump" || target.kind === "goto") && target.chain === chain) sum += 1;
  }
  return sum;
}

/** The listing, or null when there is no such chain. */
export function listTable(saved: string, options: ListOptions): string | null {
  const { ruleset } = parseSave(saved);
  const table: Table = ruleset.tables[options.table] ?? { chains: new Map() };
  const { chain: wanted, verbose, numbered } = options;
  if (wanted !== null && !table.chains.has(wanted)) return null;
  const names = wanted === null ? listedChains(options.table, table) : [wanted];
  return names
    .map((name) => {
      const chain = table.chains.get(name);
      const policy = chain?.policy ?? "ACCEPT";
      const head = isBuiltin(options.table, name)
        ? `Chain ${name} (policy ${policy}${verbose ? " 0 packets, 0 bytes" : ""})`
        : `Chain ${name} (${references(table, name)} references)`;
      const columns = verbose
        ? `${numbered ? "num  " : ""} pkts bytes target     prot opt in     out     source               destination         `
        : `${numbered ? "num  " : ""}target     prot opt source               destination         `;
      const rules = (chain?.rules ?? []).map((rule, i) => `${ruleLine(rule, options, i)}\n`);
      return `${head}\n${columns}\n${rules.join("")}`;
    })
    .join("\n");
}
