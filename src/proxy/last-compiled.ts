import { deepEqual } from "../base/json.ts";
import type { ProxyConfig } from "../model/config/types.ts";
import type { ProxyNode } from "./node.ts";
import type { ProxyView } from "./view.ts";

/** Nodes whose last result is kept; each holds lists as long as there are Service ports. */
const MOST_NODES = 64;

/** What was compiled last for each node and IP family: where the next compile begins. */
export class LastCompiled<C> {
  private readonly kept = new Map<string, C>();

  /** The next result for the node, made from the last one if there is one. */
  next(view: ProxyView, node: ProxyNode, make: (previous: C | null) => C): C {
    const key = `${view.family} ${node.name}`;
    const compiled = make(this.kept.get(key) ?? null);
    this.kept.delete(key);
    this.kept.set(key, compiled);
    const [oldest] = this.kept.keys();
    if (this.kept.size > MOST_NODES && oldest !== undefined) this.kept.delete(oldest);
    return compiled;
  }
}

/** Is it the same node, with the same configuration? A change of either is a change of everything. */
export function sameSetup(
  previous: { readonly node: ProxyNode; readonly config: ProxyConfig },
  node: ProxyNode,
  config: ProxyConfig,
): boolean {
  return deepEqual(previous.node, node) && deepEqual(previous.config, config);
}
