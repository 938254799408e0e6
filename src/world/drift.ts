/** A node's rules as somebody pasted them: compared with ours, and packets run on them. */
import type { Drift, UnderBoth } from "../model/trace/drift.ts";
import type { Request } from "../model/trace/types.ts";
import { dualStackRules, iptablesRules, NO_RULES } from "../kernel/iptables/evaluate.ts";
import type { VirtualServer } from "../kernel/ipvs/types.ts";
import type { Rules, VirtualService } from "../kernel/netfilter.ts";
import { nftablesRules } from "../kernel/nftables/evaluate.ts";
import { seededChooser } from "../base/draw.ts";
import { explore } from "../network/explore.ts";
import { driftOf, type DriftInputs, readDump, type ReadDump } from "../proxy/drift/drift.ts";
import type { Refusal } from "../wire/protocol.ts";
import type { Cluster } from "./simulation.ts";

export function compareDump(inputs: DriftInputs, dump: string): Drift | Refusal {
  const drift = driftOf(inputs, dump);
  return "message" in drift ? { message: drift.message, field: "dump" } : drift;
}

/** Every outcome of a request as things are, and with that node's rules replaced by the pasted ones. Leaves no trace. */
export function exploreBoth(cluster: Cluster, node: string, dump: string, request: Request): UnderBoth | Refusal {
  const read = readDump(dump);
  if ("message" in read) return { message: read.message, field: "dump" };
  const view = cluster.view();
  const rules = rulesOfDump(read, cluster.rulesOf(node).rules);
  if ("message" in rules) return rules;
  const { seed, network } = cluster.state;
  const options = { id: 0, chooser: seededChooser(seed) };
  const ours = explore(view, network, request, options);
  if (!ours.ok) return { message: ours.error.message, field: ours.error.field };
  const swapped = { ...view, rulesOf: (name: string) => (name === node ? rules : view.rulesOf(name)) };
  // What IPVS remembers of round robin belongs to the servers that stand.
  const pasted = explore(swapped, network, request, options);
  if (!pasted.ok) return { message: pasted.error.message, field: pasted.error.field };
  return { ours: ours.value, pasted: pasted.value };
}

/** The pasted rules as a host runs them. A family that is not in the paste keeps ours. */
function rulesOfDump(read: ReadDump, ours: Rules): Rules | Refusal {
  const sides: Partial<Record<4 | 6, Rules>> = {};
  const servers = read.ipvs;
  const virtual = servers === null ? undefined : virtualOf(servers);
  for (const { family, ruleset } of read.iptables) sides[family] = iptablesRules(ruleset, virtual);
  if (read.nft.length > 0) {
    const nft = nftablesRules({ tables: read.nft });
    if (read.iptables.length > 0) {
      return {
        message: "The paste has rules of iptables and of nftables; packets run on one of them. Paste one.",
        field: "dump",
      };
    }
    return nft;
  }
  const [v4, v6] = [sides[4], sides[6]];
  if (v4 === undefined && v6 === undefined) {
    return virtual === undefined
      ? { message: "The paste has no rules that packets could run on: paste iptables-save too.", field: "dump" }
      : iptablesRules({ family: 4, tables: {} }, virtual);
  }
  return dualStackRules(v4 ?? ours, v6 ?? (ours === NO_RULES ? NO_RULES : ours));
}

function virtualOf(servers: readonly VirtualServer[]): VirtualService {
  const byKey = new Map(servers.map((server) => [`${server.protocol} ${server.ip} ${server.port}`, server]));
  return {
    addresses: [...new Set(servers.map(({ ip }) => ip))],
    servers,
    find: ({ dst, dport, protocol }) => byKey.get(`${protocol} ${dst} ${dport}`) ?? null,
  };
}
