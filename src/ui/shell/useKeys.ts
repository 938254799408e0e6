import { useEffect } from "react";
import { actionOf } from "../actions/registry.ts";
import type { Session } from "./session.ts";
import type { Layout } from "./useMedia.ts";

/** Where keys are letters, not commands. */
const TYPING = "input, textarea, select, [contenteditable=true], [contenteditable=''], .monaco-editor, [role=dialog]";
/** Elements that have their own meaning for Space and Enter, and for arrows. */
const PRESSABLE = "button, a[href], summary, [role=button], [role=tab], [role=radio], [role=option], [role=menuitem]";
const ARROWED =
  "[role=tab], [role=radio], [role=slider], [role=separator], [role=listbox], [role=grid], [role=treegrid], [role=tree], [role=row], .react-flow__node, [data-arrows]";
/** Open menus have every key to themselves: letters there look for an entry. */
const MENU = "[role=menu]";

/** Ids of the regions that keys move to. Each can take focus by script. */
export const REGIONS = {
  main: "kh-main",
  editor: "kh-editor",
  map: "kh-map",
  inspector: "kh-inspector",
  dock: "kh-dock",
} as const;

/** Puts focus into a region, once it is there. */
export function focusRegion(id: string): void {
  requestAnimationFrame(() => {
    const region = document.getElementById(id);
    (region?.querySelector<HTMLElement>("[data-autofocus]") ?? region)?.focus();
  });
}

/**
 * The page's keys: those of the registered actions. They never act while something is typed, nor over a control that has its own use
 * for the key.
 */
export function useKeys(session: Session, layout: Layout): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      const action = actionOf(event);
      if (action === undefined) return;
      const target = event.target instanceof Element ? event.target : null;
      const within = (selector: string): boolean => target !== null && target.closest(selector) !== null;
      if (within(MENU) || (within(TYPING) && action.anywhere !== true)) return;
      if (action.yields !== undefined && within(action.yields === "pressable" ? PRESSABLE : ARROWED)) return;
      const context = { session, layout };
      if (action.enabled?.(context) === false) return;
      if (action.run(context, event) !== false) event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [session, layout]);

  // For what is given the focus by script: whether a key or a pointer was behind it.
  useEffect(() => {
    const { dataset } = document.documentElement;
    const onPointer = (): void => void (dataset["pointer"] = "");
    const onAnyKey = (): void => void delete dataset["pointer"];
    addEventListener("pointerdown", onPointer, true);
    addEventListener("keydown", onAnyKey, true);
    return () => {
      removeEventListener("pointerdown", onPointer, true);
      removeEventListener("keydown", onAnyKey, true);
    };
  }, []);
}
