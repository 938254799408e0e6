/** What the big panels are given: the mirror, a way to ask, and all outcomes of the request on show. */
import { useEffect, useMemo, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Exploration, Request } from "../../model/trace/types.ts";
import type { PanelProps, Query } from "../inspector/types.ts";
import { useUi } from "../state.ts";
import { useSession } from "./session.ts";

export function usePanelProps(): PanelProps {
  const session = useSession();
  const mirror = useMirror((state) => state);
  const query = useMemo<Query>(() => (name, params) => session.client.query(name, params), [session]);
  const exploration = useExploration();
  return { mirror, query, exploration };
}

/** Every branch of the request on show with its exact weight, asked anew when the request or the cluster changes. */
function useExploration(): Exploration | null {
  const session = useSession();
  const id = useUi((state) => state.walk);
  const request = useMirror((state) => state.walks.find((walk) => walk.id === id)?.request ?? null);
  const revision = useMirror((state) => state.revision);
  const ready = useMirror((state) => state.status === "ready");
  const [found, setFound] = useState<{ readonly request: Request; readonly exploration: Exploration } | null>(null);
  useEffect(() => {
    if (request === null || !ready) return;
    let current = true;
    session.client.query("explore", { request }).then(
      (answer) => current && setFound("walks" in answer ? { request, exploration: answer } : null),
      () => current && setFound(null),
    );
    return () => {
      current = false;
    };
  }, [session, request, revision, ready]);
  return found !== null && found.request === request ? found.exploration : null;
}
