import { useEffect, useState } from "react";
import type { Drift } from "../../model/trace/drift.ts";
import type { Query } from "../inspector/types.ts";

interface Answer {
  /** What was asked. */
  readonly text: string;
  readonly node: string;
  readonly version: string;
  readonly drift: Drift | null;
  readonly refusal: string | null;
}

/** Compares again whenever text, node or cluster change; of the same text and node the old answer stays until the new one is there. */
export function useDrift(
  query: Query,
  node: string,
  text: string | null,
  version: string,
): { readonly drift: Drift | null; readonly refusal: string | null; readonly busy: boolean } {
  const [answer, setAnswer] = useState<Answer | null>(null);
  useEffect(() => {
    if (text === null || node === "") return undefined;
    let current = true;
    const take = (drift: Drift | null, refusal: string | null): void => {
      if (current) setAnswer({ text, node, version, drift, refusal });
    };
    query("drift", { node, dump: text }).then(
      (found) => ("message" in found ? take(null, found.message) : take(found, null)),
      () => take(null, "The simulator stopped answering. Restart it above the map: the pasted text stays here."),
    );
    return () => {
      current = false;
    };
  }, [query, node, text, version]);
  const own = answer?.text === text && answer.node === node ? answer : null;
  return { drift: own?.drift ?? null, refusal: own?.refusal ?? null, busy: text !== null && own?.version !== version };
}
