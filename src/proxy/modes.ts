import type { Result } from "../base/result.ts";
import { err, ok } from "../base/result.ts";
import { iptablesRules } from "../kernel/iptables/evaluate.ts";
import { listRules, type ListOptions, type RuleList } from "../kernel/iptables/listing.ts";
import { printSave } from "../kernel/iptables/save.ts";
import { countRules } from "../kernel/iptables/types.ts";
import type { Rules } from "../kernel/netfilter.ts";
import { nftablesRules } from "../kernel/nftables/evaluate.ts";
import { listServers } from "../kernel/ipvs/text.ts";
import { listNft } from "../kernel/nftables/listing.ts";
import { printRuleset } from "../kernel/nftables/print.ts";
import { countRules as countNft } from "../kernel/nftables/types.ts";
import type { ProxyConfig, ProxyMode } from "../model/config/types.ts";
import { compileIptables } from "./iptables/compile.ts";
import { compileIpvs, virtualService } from "./ipvs/compile.ts";
import { listIpvs } from "./ipvs/listing.ts";
import { compileNftables } from "./nftables/compile.ts";
import type { ProxyNode } from "./node.ts";
import type { ProxyView } from "./view.ts";

/** What one kube-proxy has written on its node in one IP family, whatever the mode. */
export interface CompiledRules {
  readonly rules: Rules;
  readonly count: number;
  /** As the mode's own listing tool prints it (`iptables-save`, `nft list ruleset`, `ipvsadm -Ln`). */
  text(): string;
  list(options: ListOptions): RuleList;
}

export type CompileMode = (view: ProxyView, node: ProxyNode, config: ProxyConfig) => CompiledRules;

const iptables: CompileMode = (view, node, config) => {
  const ruleset = compileIptables(view, node, config);
  return {
    rules: iptablesRules(ruleset),
    count: countRules(ruleset),
    text: () => printSave(ruleset, { form: "kernel" }),
    list: (options) => listRules(ruleset, options),
  };
};

const nftables: CompileMode = (view, node, config) => {
  const ruleset = compileNftables(view, node, config);
  return {
    rules: nftablesRules(ruleset),
    count: countNft(ruleset),
    text: () => printRuleset(ruleset),
    list: (options) => listNft(ruleset, options),
  };
};

const ipvs: CompileMode = (view, node, config) => {
  const compiled = compileIpvs(view, node, config);
  const { ruleset, servers } = compiled;
  return {
    rules: iptablesRules(ruleset, virtualService(compiled)),
    count: countRules(ruleset) + servers.reduce((sum, server) => sum + 1 + server.destinations.length, 0),
    text: () => listServers(servers),
    list: (options) => listIpvs(compiled, options),
  };
};

/** The only place that knows which modes there are. */
const MODES: Readonly<Record<ProxyMode, CompileMode | null>> = {
  iptables,
  nftables,
  ipvs,
  userspace: null,
};

/** The compiler of a mode, or a sentence that says it is not there yet. */
export function compilerOf(mode: ProxyMode): Result<CompileMode, string> {
  const compile = MODES[mode];
  return compile === null
    ? err(`kube-proxy mode ${mode} arrives with a later version; this one has iptables, nftables and ipvs.`)
    : ok(compile);
}
