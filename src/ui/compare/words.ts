import type { ComparedMode, LookedAt, Share } from "../../model/trace/comparison.ts";
import type { ProxyMode } from "../../model/config/types.ts";
import type { Walk } from "../../model/trace/types.ts";
import { fraction } from "../inspector/fraction.ts";
import { OUTCOMES } from "../inspector/wording.ts";

export const MODE_NAMES: Readonly<Record<ProxyMode, string>> = {
  iptables: "iptables",
  nftables: "nftables",
  ipvs: "IPVS",
  userspace: "userspace",
};

/** Where each stands in the life of kube-proxy. */
export const MODE_AGE: Readonly<Record<ProxyMode, string>> = {
  iptables: "default",
  nftables: "opt-in, GA 1.33",
  ipvs: "deprecated 1.35",
  userspace: "removed 1.26",
};

const plural = (n: number, one: string, many = `${one}s`): string => `${String(n)} ${n === 1 ? one : many}`;

/** What stands beside the number of rules looked at. */
export function lookedText({ rules, matched, lookups, virtual }: LookedAt): string {
  const parts = [`${rules === 1 ? "rule" : "rules"} looked at, ${String(matched)} matched`];
  if (lookups > 0) parts.push(`${String(lookups)} ${lookups === 1 ? "asks a set or map" : "ask a set or map"}`);
  if (virtual > 0) parts.push(`and ${plural(virtual, "virtual server", "virtual servers")} in IPVS`);
  return parts.join("; ");
}

function lookedShort({ rules, lookups, virtual }: LookedAt): string {
  const extra = [
    ...(lookups > 0 ? [`${plural(lookups, "set or map lookup")} among them`] : []),
    ...(virtual > 0 ? [`${plural(virtual, "virtual server")}`] : []),
  ];
  return `${plural(rules, "rule")}${extra.length === 0 ? "" : ` (${extra.join(", ")})`}`;
}

/** "Same backend, same source seen; iptables looked at 15 rules, nftables at 4 rules (2 set or map lookups among them)." */
export function summaryOf(columns: readonly ComparedMode[]): string {
  const one = (values: readonly (string | null | undefined)[]): boolean => new Set(values).size === 1;
  const outcomes = columns.map(({ walk }) => walk.outcome);
  const names = (wanted: (walk: Walk) => boolean): string =>
    columns
      .filter(({ walk }) => wanted(walk))
      .map(({ mode }) => MODE_NAMES[mode])
      .join(", ");
  const parts: string[] = [];
  if (!one(outcomes)) {
    const ends = [...new Set(outcomes)].map((end) => `${OUTCOMES[end]} in ${names((walk) => walk.outcome === end)}`);
    parts.push(capital(ends.join("; ")));
  } else if (outcomes[0] === "delivered") {
    const backend = one(columns.map(({ walk }) => walk.backend?.ip)) ? "Same backend" : "Another backend each";
    const sources = columns.map(({ walk }) => walk.sourceSeen);
    parts.push(
      one(sources)
        ? `${backend}, same source seen`
        : `${backend}; the server sees ${[...new Set(sources)]
            .map((seen) => `${seen ?? "nothing"} in ${names((walk) => walk.sourceSeen === seen)}`)
            .join(", ")}`,
    );
  } else parts.push(`${capital(OUTCOMES[outcomes[0] ?? "timeout"])} in every mode`);
  const looked = columns.map(
    ({ mode, looked: at }, i) => `${MODE_NAMES[mode]} ${i === 0 ? "looked at" : "at"} ${lookedShort(at)}`,
  );
  return `${parts.join("; ")}. ${looked.join(", ")}.`;
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** Weights per endpoint: by which node a balancer's packet came to it does not matter here. */
function byBackend(shares: readonly Share[]): readonly number[] {
  const weights = new Map<string, number>();
  for (const { backend, weight } of shares) {
    const key = backend === null ? "" : `${backend.ip} ${String(backend.port)}`;
    weights.set(key, (weights.get(key) ?? 0) + weight);
  }
  return [...weights.values()];
}

/** How a mode chooses among endpoints, as its deciding rule says it. */
export function picksText({ mode, walk, shares }: ComparedMode): string {
  const weights = byBackend(shares.filter(({ outcome }) => outcome === "delivered")).map(fraction);
  const decided = walk.hops.find((hop) => hop.steps.length > 0 && hop.verdict === "dnat");
  const exact = weights.length > 1 ? `: ${[...new Set(weights)].join(", ")} each` : "";
  switch (mode) {
    case "iptables":
      return (decided?.draw ?? null) === null ? "one endpoint, no draw" : `random, rule by rule${exact}`;
    case "nftables": {
      const numgen = /numgen random mod \d+/.exec(decided?.rule?.text ?? "")?.[0];
      return numgen === undefined ? "one endpoint, no draw" : `${numgen}${exact}`;
    }
    case "ipvs":
      return /\((\w+): /.exec(decided?.note ?? "")?.[1] ?? "by the virtual server's scheduler";
    case "userspace":
      return `round robin, in kube-proxy${exact}`;
  }
}

/** The exact ends of the request: "3 pods, 1/3 each". */
export function sharesText({ shares, unexplored }: ComparedMode): string {
  const parts = [...new Set(shares.map(({ outcome }) => outcome))].map((end) => {
    const name = OUTCOMES[end];
    const weights = byBackend(shares.filter(({ outcome }) => outcome === end));
    const each = new Set(weights.map(fraction));
    return each.size === 1 && weights.length > 1
      ? `${name}: ${String(weights.length)} × ${fraction(weights[0] ?? 0)}`
      : `${name}: ${fraction(weights.reduce((sum, weight) => sum + weight, 0))}`;
  });
  return parts.join(", ") + (unexplored > 0 ? `, ${fraction(unexplored)} not followed` : "");
}

export function writtenText({ written, mode }: ComparedMode): string {
  if (written === null) return "no node's rules are asked";
  const { own, total, node, service } = written;
  const what = mode === "nftables" ? "rules and elements" : mode === "ipvs" ? "rules, entries and servers" : "rules";
  return service === null
    ? `${String(total)} ${what} on ${node}`
    : `${String(own)} of ${String(total)} ${what} on ${node}`;
}
