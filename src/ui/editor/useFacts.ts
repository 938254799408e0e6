import { useEffect, useRef } from "react";
import { useMirror } from "../../mirror/store.ts";
import { useSession } from "../shell/session.ts";
import { factsOf, type Fact } from "./facts.ts";
import type { LineFact, MountedEditor } from "./mount.ts";
import { spotter } from "./places.ts";
import { useTabs } from "./tabs.ts";

/** How long the cluster and the text rest before facts are looked up. */
const REST_MS = 250;
/** Facts looked up at a time: beyond it a text is too long to be read for them. */
const MOST = 200;

/** Puts what the cluster made of them beside the lines of the files. */
export function useFacts(editor: MountedEditor | null, shape: string): void {
  const session = useSession();
  const objects = useMirror((state) => state.objects);
  const text = useMirror((state) => state.text);
  const ready = useMirror((state) => state.status === "ready");
  const shown = useRef("");
  useEffect(() => {
    shown.current = "";
  }, [editor, shape]);
  useEffect(() => {
    if (editor === null || !ready) return;
    let current = true;
    const place = async (fact: Fact): Promise<Omit<LineFact, "tab"> | null> => {
      const { object, path, words, wanting } = fact;
      const found = await session.client.query("locate", { object, path }).catch(() => null);
      if (found === null || !writtenAt(text, found.range.startLine, path)) return null;
      return { line: found.range.startLine, words, wanting };
    };
    const timer = setTimeout(() => {
      const named = objects.size > MOST ? [] : factsOf(objects).slice(0, MOST);
      void Promise.all(named.map(place)).then((lines) => {
        if (!current) return;
        // The text in force may be older than what stands in the editor: half typed lines move the others.
        const spot = spotter(useTabs.getState().tabs, text);
        const facts = lines.flatMap((fact): readonly LineFact[] => {
          const at = fact === null ? null : spot(fact.line);
          return fact === null || at === null ? [] : [{ ...fact, ...at }];
        });
        // The same facts on the same lines: nothing to draw anew.
        const id = JSON.stringify(facts);
        if (id === shown.current) return;
        shown.current = id;
        editor.setFacts(facts);
      });
    }, REST_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [editor, session, objects, text, ready, shape]);
}

/**
 * Whether the field itself stands on this line, or on the one before when it is a map. A field that is not written is located at
 * what it belongs to, which is no place for its fact.
 */
function writtenAt(text: string, line: number, path: string): boolean {
  const key = path.slice(path.lastIndexOf(".") + 1);
  const lines = text.split("\n", line).slice(-(key === "selector" ? 2 : 1));
  return lines.some((one) => new RegExp(`(^|[^\\w-])${key}"?\\s*:`).test(one));
}
