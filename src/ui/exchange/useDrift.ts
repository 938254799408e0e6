import { useEffect, useState } from "react";
import type { Drift } from "../../model/trace/drift.ts";
import type { Query } from "../inspector/types.ts";

interface Compared {
  readonly drift: Drift | null;
  readonly refusal: string | null;
  readonly busy: boolean;
}

const NOTHING: Compared = { drift: null, refusal: null, busy: false };

/** Compares again whenever text, node or cluster change; what was there stays until the new answer is. */
export function useDrift(query: Query, node: string, text: string | null, version: string): Compared {
  const [answer, setAnswer] = useState<Compared>(NOTHING);
  useEffect(() => {
    if (text === null || node === "") {
      setAnswer(NOTHING);
      return undefined;
    }
    let current = true;
    setAnswer((was) => ({ ...was, busy: true }));
    query("drift", { node, dump: text }).then(
      (found) => {
        if (!current) return;
        setAnswer(
          "message" in found
            ? { drift: null, refusal: found.message, busy: false }
            : { drift: found, refusal: null, busy: false },
        );
      },
      () => {
        if (current)
          setAnswer({
            drift: null,
            refusal: "The simulator stopped answering. Restart it above the map: the pasted text stays here.",
            busy: false,
          });
      },
    );
    return () => {
      current = false;
    };
  }, [query, node, text, version]);
  return answer;
}
