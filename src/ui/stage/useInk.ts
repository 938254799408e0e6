import { useEffect, useState } from "react";
import type { ProxyStatus } from "../../wire/protocol.ts";

export interface Ink {
  /** Counts the runs: each is drawn anew. */
  readonly run: number;
  /** Nodes whose kube-proxy has just written other rules. */
  readonly nodes: ReadonlySet<string>;
}

/** Revision of the rules that was last shown per node: a map that comes back has nothing new to tell. */
const shown = new Map<string, number>();

/** Ink runs down the thread to every node whose rules have changed since they were last shown. */
export function useInk(proxies: readonly ProxyStatus[]): Ink {
  const [ink, setInk] = useState<Ink>({ run: 0, nodes: new Set() });
  useEffect(() => {
    // With the next frame: the cards of the new state stand, then the ink comes.
    const frame = requestAnimationFrame(() => {
      const fresh = proxies.filter(({ node, rulesRevision }) => shown.get(node) !== rulesRevision);
      if (fresh.length === 0) return;
      for (const { node, rulesRevision } of fresh) shown.set(node, rulesRevision);
      setInk(({ run }) => ({ run: run + 1, nodes: new Set(fresh.map(({ node }) => node)) }));
    });
    return () => cancelAnimationFrame(frame);
  }, [proxies]);
  return ink;
}
