import type { Commit } from "../apiserver/types.ts";
import type { HostState } from "../kernel/conntrack.ts";
import { withoutChains } from "../kernel/counters.ts";
import { objectKey } from "../model/meta/types.ts";
import { servicesTouched } from "../proxy/changes.ts";

/** Chains of their own that a partial sync leaves alone while their Service is the same; all other chains of kube-proxy's it rewrites. */
const OF_A_SERVICE = /^KUBE-(SVC|SVL|EXT|FW|SEP)-/;

/**
 * A node's kernel state after a sync of its kube-proxy: what it feeds to `iptables-restore` holds no counters, so those of all chains
 * that it rewrites start again: the top-level ones, and those of Services that `commits` touched. Null: it wrote everything anew.
 */
export function afterRewrite(host: HostState, commits: readonly Commit[] | null): HostState {
  if (host.counters === undefined) return host;
  const touched = commits === null ? null : new Set([...servicesTouched(commits)].map(serviceKey));
  const counters = withoutChains(host.counters, (_, chain, object) => {
    if (!chain.startsWith("KUBE-")) return false;
    if (!OF_A_SERVICE.test(chain)) return true;
    return touched === null || object === null || touched.has(object);
  });
  return counters === host.counters ? host : { ...host, counters };
}

function serviceKey(name: string): ReturnType<typeof objectKey> {
  const slash = name.indexOf("/");
  return objectKey("Service", name.slice(0, slash), name.slice(slash + 1));
}
