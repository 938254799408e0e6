import { useEffect } from "react";
import { mirror } from "../../mirror/store.ts";
import { currentHop, usePlayback } from "../playback.ts";
import { useUi } from "../state.ts";
import { say, usePage } from "./page.ts";
import type { Session } from "./session.ts";
import type { Layout } from "./useMedia.ts";

/** Where keys are letters, not commands. */
const TYPING = "input, textarea, select, [contenteditable=true], [contenteditable=''], .monaco-editor, [role=dialog]";
/** Elements that have their own meaning for Space and Enter, and for arrows. */
const PRESSABLE = "button, a[href], summary, [role=button], [role=tab], [role=radio], [role=option], [role=menuitem]";
const ARROWED =
  "[role=tab], [role=radio], [role=slider], [role=separator], [role=listbox], [role=grid], [role=treegrid], [role=tree], [role=row], .react-flow__node, [data-arrows]";

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

/** The next walk in order, or the one before, put on stage at its start. */
function stepWalk(by: 1 | -1): void {
  const { walks } = mirror.getState();
  const at = walks.findIndex(({ id }) => id === useUi.getState().walk);
  const next = walks[Math.min(walks.length - 1, Math.max(0, at + by))];
  if (next === undefined) return;
  useUi.getState().set({ walk: next.id });
  usePlayback.getState().show(next, { paused: true });
  say(`Walk ${String(next.id)}, ${next.outcome}: ${next.summary}`);
}

/** Follows the rule of the hop on show back to the line that made it. */
async function because(session: Session): Promise<void> {
  const { walk } = usePlayback.getState();
  const at = currentHop(usePlayback.getState());
  const hop = walk === null || at === null ? undefined : (at.leg === "request" ? walk.hops : walk.reply)[at.index];
  const origin =
    hop?.rule?.origin ?? hop?.steps.findLast(({ matched, rule }) => matched && rule.origin !== null)?.rule.origin;
  if (origin === undefined || origin === null || origin.object === null) {
    say("No line of the text made this hop.");
    return;
  }
  const found = await session.client.query("locate", { object: origin.object, path: origin.path }).catch(() => null);
  if (found === null) {
    say(`${origin.object} is not in the text.`);
    return;
  }
  useUi.getState().set({ revealLine: found.range.startLine });
  say(`Line ${String(found.range.startLine)}: ${origin.why}`);
}

/** The page's keys. They never act while something is typed, nor over a control that has its own use for the key. */
export function useKeys(session: Session, layout: Layout): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target instanceof Element ? event.target : null;
      const within = (selector: string): boolean => target !== null && target.closest(selector) !== null;
      if (within(TYPING)) return;
      const ui = useUi.getState();
      const playback = usePlayback.getState();
      const pressable = within(PRESSABLE);
      const arrowed = within(ARROWED);

      const act = (): boolean => {
        switch (event.key) {
          case " ":
            if (pressable) return false;
            if (playback.playing) playback.pause();
            else playback.play();
            return true;
          case "ArrowLeft":
          case "ArrowRight": {
            if (arrowed) return false;
            const by = event.key === "ArrowRight" ? 1 : -1;
            if (event.shiftKey) stepWalk(by);
            else playback.step(by);
            return true;
          }
          case "j":
          case "k":
            playback.step(event.key === "j" ? 1 : -1);
            return true;
          case "e":
            if (layout === "phone") ui.set({ phone: "yaml" });
            else if (layout !== "wide") ui.set({ drawer: "editor" });
            focusRegion(REGIONS.editor);
            return true;
          case "m":
            if (layout === "phone") ui.set({ phone: "map" });
            else ui.set({ drawer: null, center: "map" });
            focusRegion(REGIONS.map);
            return true;
          case "i":
            if (layout === "phone") ui.set({ phone: "walk" });
            else if (layout === "narrow") ui.set({ drawer: "inspector" });
            focusRegion(REGIONS.inspector);
            return true;
          case "t":
            ui.set({ dock: "timeline", phone: "details" });
            focusRegion(REGIONS.dock);
            return true;
          case "s":
            document.querySelector<HTMLElement>("form[aria-label='Send a request'] input")?.focus();
            return true;
          case "f":
            ui.set({ intentFolded: !ui.intentFolded });
            say(ui.intentFolded ? "Intent band unfolded." : "Intent band folded.");
            return true;
          case "+":
          case "-":
          case "=":
            // The map has these keys when focus is in it; from elsewhere they are passed on.
            if (!event.isTrusted) return false;
            return (
              document
                .querySelector(`#${REGIONS.map} [data-lod]`)
                ?.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, bubbles: true, cancelable: true })) ===
              false
            );
          case "b":
            void because(session);
            return true;
          case "?":
            usePage.setState({ helpOpen: true });
            return true;
          case "Escape":
            if (ui.drawer !== null) ui.set({ drawer: null });
            else if (ui.center === "netfilter") ui.set({ center: "map" });
            else if (ui.object !== null) ui.set({ object: null });
            else return false;
            return true;
          default: {
            const { walk } = playback;
            if (!/^[0-9]$/.test(event.key) || walk === null) return false;
            playback.pause();
            playback.seek(walk.startedAt + ((walk.endedAt - walk.startedAt) * Number(event.key)) / 9);
            return true;
          }
        }
      };
      if (act()) event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [session, layout]);
}
