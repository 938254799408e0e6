import { useEffect, type RefObject } from "react";
import type { Session } from "../shell/session.ts";
import { toggleTheme } from "../theme/theme.ts";
import { backward, otherWalk, toEdge, toggleAsking } from "./control.ts";
import { goForward, goOn } from "./lesson.ts";
import { toggleFullScreen } from "./fullscreen.ts";
import { mend } from "./mend.ts";
import { LETTERS } from "./QuestionPanel.tsx";
import { count, standing, useShow } from "./show.ts";

/** Keys of a clicker are those of slides. */
const ON: ReadonlySet<string> = new Set(["ArrowRight", "PageDown"]);
const BACK: ReadonlySet<string> = new Set(["ArrowLeft", "PageUp"]);

const flip = (name: "spotlight" | "laser" | "notes" | "breaking"): void =>
  useShow.setState((state) => ({ [name]: !state[name] }));

/** Which choice a key means: by its letter or its number, wherever the digits are on the keyboard. */
function choiceOf(event: KeyboardEvent): number {
  const question = standing(useShow.getState());
  if (question === null) return -1;
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  const at =
    digit === undefined ? LETTERS.findIndex((letter) => letter === event.key.toUpperCase()) : Number(digit) - 1;
  return at < question.choices.length ? at : -1;
}

/** What a key does; false: nothing, it is the browser's. */
function press(event: KeyboardEvent, root: HTMLElement | null, session: Session, leave: () => void): boolean {
  const choice = choiceOf(event);
  if (choice >= 0) {
    count(choice, event.shiftKey ? -1 : 1);
    return true;
  }
  const state = useShow.getState();
  if (state.breaking && /^[1-9]$/.test(event.key)) {
    root?.querySelector<HTMLElement>(`[data-break="${event.key}"]`)?.click();
    return true;
  }
  const { key, shiftKey } = event;
  if (ON.has(key)) return (shiftKey ? otherWalk(1) : goForward(), true);
  if (BACK.has(key)) return (shiftKey ? otherWalk(-1) : backward(), true);
  const deeds: Readonly<Record<string, () => void>> = {
    " ": () => goOn(session),
    s: () => flip("spotlight"),
    l: () => flip("laser"),
    n: () => flip("notes"),
    x: () => flip("breaking"),
    q: toggleAsking,
    t: () => void toggleTheme(),
    f: toggleFullScreen,
    m: () => void mend(session),
    p: leave,
    Home: () => toEdge("start"),
    End: () => toEdge("end"),
    Escape: () => (state.breaking ? flip("breaking") : leave()),
  };
  const deed = deeds[key.length === 1 ? key.toLowerCase() : key];
  deed?.();
  return deed !== undefined;
}

/** The keys of a presentation. Behind it the page hears none of them. */
export function useKeysOfShow(session: Session, root: RefObject<HTMLElement | null>, leave: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target instanceof Element ? event.target : null;
      const inside = target !== null && root.current?.contains(target) === true;
      const within = (selector: string): boolean => inside && target.closest(selector) !== null;
      if (event.key === "Tab") return;
      if (event.ctrlKey || event.metaKey || event.altKey) {
        // The palette would open behind.
        if (event.key.toLowerCase() === "k") event.preventDefault();
        return;
      }
      if (within("input, textarea")) {
        if (event.key !== "Escape" && !(event.key === "Enter" && within("input"))) return;
        root.current?.focus({ preventScroll: true });
        event.preventDefault();
        return;
      }
      // A button keeps its own keys, and so does a card of the map.
      if ((event.key === " " || event.key === "Enter") && within("button")) return;
      if (within("[data-card]") && /^(Arrow|Escape|[+=-]$)/.test(event.key)) return;
      if (press(event, root.current, session, leave)) event.preventDefault();
      else if (!inside) event.stopPropagation();
    };
    addEventListener("keydown", onKey, true);
    return () => removeEventListener("keydown", onKey, true);
  }, [session, root, leave]);
}
