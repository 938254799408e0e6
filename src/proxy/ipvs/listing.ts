import type { ListOptions, RuleList } from "../../kernel/iptables/listing.ts";
import { listRules } from "../../kernel/iptables/listing.ts";
import { virtualRef } from "../../kernel/virtual.ts";
import type { RuleRef } from "../../model/trace/types.ts";
import type { CompiledIpvs } from "./compile.ts";

function contains(ref: RuleRef, search: string): boolean {
  const { origin, text } = ref;
  return [
    text,
    origin?.object ?? "",
    origin?.why ?? "",
    ...(origin?.because ?? []).map((link) => link.object as string),
  ].some((part) => part.toLowerCase().includes(search));
}

function virtualRows(compiled: CompiledIpvs, search: string): readonly RuleRef[] {
  const rows = compiled.servers.flatMap((server) => [
    virtualRef(server, null),
    ...server.destinations.map((destination) => virtualRef(server, destination)),
  ]);
  return search === "" ? rows : rows.filter((ref) => contains(ref, search));
}

/**
 * A window of everything that ipvs mode sets up: the virtual servers with their destinations, which pass for a chain IPVS of the
 * nat table, then the iptables rules.
 */
export function listIpvs(compiled: CompiledIpvs, options: ListOptions): RuleList {
  const wanted = !options.table || options.table === "nat";
  const virtual = wanted ? virtualRows(compiled, options.search?.trim().toLowerCase() ?? "") : [];
  const rows = virtual.slice(options.offset, options.offset + options.limit);
  const rules = listRules(compiled.ruleset, {
    ...options,
    offset: Math.max(0, options.offset - virtual.length),
    limit: options.limit - rows.length,
  });
  const found = virtual.findIndex((ref) => ref.id === options.focus);
  return {
    total: virtual.length + rules.total,
    rows: [...rows, ...rules.rows],
    focus: found >= 0 ? found : rules.focus === null ? null : virtual.length + rules.focus,
  };
}
