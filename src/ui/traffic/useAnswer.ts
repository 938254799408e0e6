import { useEffect, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Queries, QueryName } from "../../wire/protocol.ts";
import { useSession } from "../shell/session.ts";

/**
 * The answer to a query, asked anew whenever something has happened or time has passed. The last answer stays until the next is
 * there; null before the first, and while `params` is null.
 */
export function useAnswer<N extends QueryName>(
  name: N,
  params: Queries[N]["params"] | null,
): Queries[N]["answer"] | null {
  const session = useSession();
  const ready = useMirror((state) => state.status === "ready");
  const moment = useMirror(
    (state) => `${String(state.now)} ${String(state.revision)} ${String(state.commands.length)}`,
  );
  const [answer, setAnswer] = useState<{ readonly asked: string; readonly is: Queries[N]["answer"] } | null>(null);
  const asked = params === null ? null : JSON.stringify(params);
  useEffect(() => {
    if (!ready || asked === null) return;
    let current = true;
    session.client.query(name, JSON.parse(asked) as Queries[N]["params"]).then(
      (is) => current && setAnswer({ asked, is }),
      () => {},
    );
    return () => {
      current = false;
    };
  }, [session, name, asked, ready, moment]);
  return answer !== null && answer.asked === asked ? answer.is : null;
}
