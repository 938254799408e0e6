import type { Micros } from "../base/time.ts";
import { iptablesRules } from "../kernel/iptables/evaluate.ts";
import { listRules, type ListOptions, type RuleList } from "../kernel/iptables/listing.ts";
import { NO_COUNTERS } from "../kernel/counters.ts";
import { inTurn, joined, type OtherRules, withOthers } from "../kernel/iptables/merge.ts";
import { printSave } from "../kernel/iptables/save.ts";
import { countRules, type Ruleset } from "../kernel/iptables/types.ts";
import type { Rules } from "../kernel/netfilter.ts";
import { nftablesRules } from "../kernel/nftables/evaluate.ts";
import { EMPTY_HOST, type HostState } from "../kernel/conntrack.ts";
import { listIpSet, saveIpSets } from "../kernel/ipvs/ipset.ts";
import { listServers, saveServers } from "../kernel/ipvs/text.ts";
import { standingServers } from "../kernel/virtual.ts";
import { listNft } from "../kernel/nftables/listing.ts";
import { printRuleset } from "../kernel/nftables/print.ts";
import { countRules as countNft } from "../kernel/nftables/types.ts";
import type { ProxyConfig, ProxyMode } from "../model/config/types.ts";
import { compileIptables } from "./iptables/compile.ts";
import { restoreInput } from "./iptables/restore.ts";
import { syncIptables } from "./iptables/sync.ts";
import { type CompiledIpvs, compileIpvs, virtualService } from "./ipvs/compile.ts";
import { listIpvs } from "./ipvs/listing.ts";
import { type LeftBehind, overLeftovers } from "./leftovers.ts";
import { compileNftables } from "./nftables/compile.ts";
import type { ProxyNode } from "./node.ts";
import { compileUserspace } from "./userspace/compile.ts";
import type { ProxyView } from "./view.ts";

/** What one kube-proxy has written on its node in one IP family, whatever the mode. */
export interface CompiledRules {
  readonly family: 4 | 6;
  readonly rules: Rules;
  readonly count: number;
  /** What precedes the listing of one family and is printed once for both; null: the tool prints a single family. */
  readonly heading: string | null;
  /** As the mode's own listing tool prints it (`iptables-save`, `nft list ruleset`, `ipvsadm -Ln`), with what runs through it now. */
  text(now?: KernelNow): string;
  /** As another tool prints its part of it; null when the mode has none. */
  form(form: RulesForm, now?: KernelNow): string | null;
  list(options: ListOptions): RuleList;
}

/**
 * `iptables-save`, with `-c`, what kube-proxy feeds to `iptables-restore` when it writes everything, `ipvsadm -Sn`, `ipset list`,
 * `ipset save`.
 */
export type RulesForm = "iptables" | "iptables-counters" | "iptables-restore" | "ipvsadm-save" | "ipset" | "ipset-save";

/** The node's kernel state at the moment of printing. */
export interface KernelNow {
  readonly state: HostState;
  readonly now: Micros;
}

/** The rules as `iptables-save` prints them, with counters when asked; null for another form. */
function iptablesForm(ruleset: Ruleset, form: RulesForm, now: KernelNow | undefined): string | null {
  if (form === "iptables") return printSave(ruleset, { form: "kernel" });
  if (form === "iptables-counters")
    return printSave(ruleset, { form: "kernel", counters: now?.state.counters ?? NO_COUNTERS });
  return null;
}

/** How many rules ask for each set. */
function referencesTo(ruleset: Ruleset): ReadonlyMap<string, number> {
  const references = new Map<string, number>();
  for (const table of Object.values(ruleset.tables))
    for (const { rules } of table.chains.values())
      for (const { matches } of rules)
        for (const m of matches) if (m.kind === "set") references.set(m.set, (references.get(m.set) ?? 0) + 1);
  return references;
}

/** `left`: what another mode wrote before and this one leaves in place. `others`: iptables rules that are not kube-proxy's. */
export type CompileMode = (
  view: ProxyView,
  node: ProxyNode,
  config: ProxyConfig,
  left?: LeftBehind | null,
  others?: OtherRules | null,
) => CompiledRules;

const iptables: CompileMode = (view, node, config, left = null, others = null) => {
  const fresh = compileIptables(view, node, config);
  const old = left?.config.mode === "ipvs" ? compileIpvs(left.view, node, left.config) : null;
  const ruleset = withOthers(old === null ? fresh : overLeftovers(old.ruleset, "ipvs", fresh), others);
  const virtual = old === null ? null : ofIpvs({ ...old, ruleset });
  return {
    family: view.family,
    rules: old === null ? iptablesRules(ruleset) : iptablesRules(ruleset, virtualService(old)),
    count: countRules(ruleset) + (virtual?.servers ?? 0),
    heading: null,
    text: () => printSave(ruleset, { form: "kernel" }),
    form: (form, now) =>
      form === "iptables-restore"
        ? restoreInput(syncIptables(null, view, node, config))
        : (iptablesForm(ruleset, form, now) ?? virtual?.form(form, now) ?? null),
    list: (options) => virtual?.list(options) ?? listRules(ruleset, options),
  };
};

const nftables: CompileMode = (view, node, config, _, others = null) => {
  const ruleset = compileNftables(view, node, config);
  const rules = nftablesRules(ruleset);
  return {
    family: view.family,
    rules: others === null ? rules : inTurn(rules, iptablesRules(others.first), iptablesRules(others.last)),
    count: countNft(ruleset),
    heading: "",
    text: () => printRuleset(ruleset),
    form: (form, now) => (others === null ? null : iptablesForm(joined([others.first, others.last]), form, now)),
    list: (options) => listNft(ruleset, options),
  };
};

/** What tools show of virtual servers, with the rules around them. */
function ofIpvs(compiled: CompiledIpvs): Pick<CompiledRules, "text" | "form" | "list"> & { readonly servers: number } {
  const { ruleset, servers } = compiled;
  return {
    servers: servers.reduce((sum, server) => sum + 1 + server.destinations.length, 0),
    text: (now) => {
      const standing = standingServers(servers, now?.state ?? EMPTY_HOST, now?.now ?? 0);
      return listServers(standing.servers, standing.loadsOf);
    },
    form(form, now) {
      const sets = [...(ruleset.sets?.values() ?? [])];
      switch (form) {
        case "iptables":
        case "iptables-counters":
          return iptablesForm(ruleset, form, now);
        case "iptables-restore":
          return null;
        case "ipvsadm-save":
          return saveServers(standingServers(servers, now?.state ?? EMPTY_HOST, now?.now ?? 0).servers);
        case "ipset": {
          const references = referencesTo(ruleset);
          return sets.map((set) => listIpSet(set, references.get(set.name) ?? 0)).join("\n");
        }
        case "ipset-save":
          return saveIpSets(sets);
      }
    },
    list: (options) => listIpvs(compiled, options),
  };
}

const ipvs: CompileMode = (view, node, config, left = null, others = null) => {
  const fresh = compileIpvs(view, node, config);
  const written =
    left?.config.mode === "iptables"
      ? overLeftovers(compileIptables(left.view, node, left.config), "iptables", fresh.ruleset)
      : fresh.ruleset;
  const compiled = { ...fresh, ruleset: withOthers(written, others) };
  const { servers, ...shown } = ofIpvs(compiled);
  return {
    ...shown,
    family: view.family,
    rules: iptablesRules(compiled.ruleset, virtualService(compiled)),
    count: countRules(compiled.ruleset) + servers,
    heading: listServers([]),
  };
};

const userspace: CompileMode = (view, node, config, _, others = null) => {
  const { ruleset: own, sockets } = compileUserspace(view, node, config);
  const ruleset = withOthers(own, others);
  return {
    family: view.family,
    rules: { ...iptablesRules(ruleset), sockets },
    count: countRules(ruleset),
    heading: null,
    text: () => printSave(ruleset, { form: "kernel" }),
    form: (form, now) => iptablesForm(ruleset, form, now),
    list: (options) => listRules(ruleset, options),
  };
};

/** The only place that knows which modes there are. */
const MODES: Readonly<Record<ProxyMode, CompileMode>> = {
  iptables,
  nftables,
  ipvs,
  userspace,
};

/** The compiler of a mode. */
export function compilerOf(mode: ProxyMode): CompileMode {
  return MODES[mode];
}

/** Is it a mode? A command may come from a link that somebody wrote by hand. */
export function isMode(text: string): text is ProxyMode {
  return Object.hasOwn(MODES, text);
}
