import { useEffect, useState } from "react";
import { useMirror } from "../../mirror/store.ts";
import type { Queries } from "../../wire/protocol.ts";
import { useSession } from "../shell/session.ts";

export type Provenance = Queries["provenance"]["answer"];

/** The object and field under the caret, and the rules that it made. */
export function useProvenance(line: number, column: number): Provenance {
  const session = useSession();
  const revision = useMirror((state) => state.revision);
  const text = useMirror((state) => state.text);
  const ready = useMirror((state) => state.status === "ready");
  const [found, setFound] = useState<Provenance>(null);
  useEffect(() => {
    if (!ready) return;
    let current = true;
    session.client.query("provenance", { line, column }).then(
      (answer) => current && setFound(answer),
      () => current && setFound(null),
    );
    return () => {
      current = false;
    };
  }, [session, line, column, revision, text, ready]);
  return found;
}
