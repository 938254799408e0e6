import { useEffect } from "react";
import { sigilDots } from "../../graph/sigil.ts";
import { useMirror } from "../../mirror/store.ts";
import { useSession } from "../shell/session.ts";
import type { GutterMark, MountedEditor } from "./mount.ts";
import { spotter } from "./places.ts";
import { useTabs } from "./tabs.ts";

/** Sigils in the margin beside the Services that they belong to: the same sixteen dots as on stamp, imprint and chain. */
export function useGutter(editor: MountedEditor | null, shape: string): void {
  const session = useSession();
  const sigils = useMirror((state) => state.sigils);
  const text = useMirror((state) => state.text);
  useEffect(() => {
    if (editor === null) return;
    let current = true;
    // One per Service, as in the text; a Service's other ports have sigils of their own on the map.
    const services = [...new Map(sigils.map((sigil) => [sigil.service, sigil])).values()];
    const mark = (wanted: typeof services): Promise<void> =>
      Promise.all(
        wanted.map(async ({ service, hash }): Promise<Omit<GutterMark, "tab"> | null> => {
          const place = await session.client.query("locate", { object: service, path: "kind" }).catch(() => null);
          if (place === null) return null;
          return {
            line: place.range.startLine,
            className: `kh-sigil ${sigilClass(hash)}`,
            words: `Chains of this Service end in ${hash}.`,
          };
        }),
      ).then((marks) => {
        if (!current) return;
        const spot = spotter(useTabs.getState().tabs, text);
        editor.setMarks(
          marks.flatMap((mark): readonly GutterMark[] => {
            const at = mark === null ? null : spot(mark.line);
            return mark === null || at === null ? [] : [{ ...mark, ...at }];
          }),
        );
      });
    // Not with every key: a long text has many Services.
    const timer = setTimeout(() => void mark(services), 200);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [editor, session, sigils, text, shape]);
}

const known = new Set<string>();
let sheet: CSSStyleSheet | null = null;

/** A class whose mask is the sigil: Monaco's margin takes class names only. */
function sigilClass(hash: string): string {
  const name = `kh-sigil-${hash.replace(/[^A-Z2-7]/g, "")}`;
  if (known.has(name)) return name;
  known.add(name);
  const dots = sigilDots(hash)
    .map(
      (radius, at) =>
        `<circle cx="${String(2 + (at % 4) * 4)}" cy="${String(2 + Math.floor(at / 4) * 4)}" r="${(0.5 + radius * 1.4).toFixed(2)}"/>`,
    )
    .join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">${dots}</svg>`;
  if (sheet === null) {
    sheet = new CSSStyleSheet();
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  }
  const url = `url("data:image/svg+xml,${encodeURIComponent(svg)}")`;
  sheet.insertRule(`.${name} { mask: ${url} center / 14px no-repeat; }`);
  return name;
}
