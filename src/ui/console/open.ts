/** Opening the console from elsewhere. Small, for it is part of the page's first code; the terminal itself comes when it is asked for. */
import { create } from "zustand";
import { useUi } from "../state.ts";

interface Wanted {
  /** The console is to take the focus as soon as it is there. */
  readonly focus: boolean;
  /** Lines to type and run there. */
  readonly lines: readonly string[];
}

export const useWanted = create<Wanted>()(() => ({ focus: false, lines: [] }));

let cameFrom: HTMLElement | null = null;

const inConsole = (element: Element | null): boolean => element !== null && element.closest(".xterm") !== null;

/** Brings the console into sight and puts the focus into it; `line` is typed and run there. */
export function openConsole(line?: string): void {
  const { activeElement } = document;
  if (activeElement instanceof HTMLElement && !inConsole(activeElement)) cameFrom = activeElement;
  const { center, set } = useUi.getState();
  // The comparison covers the dock.
  set({ dock: "console", phone: "details", ...(center === "compare" && { center: "map" }) });
  useWanted.setState(({ lines }) => ({ focus: true, lines: line === undefined ? lines : [...lines, line] }));
}

/** Ctrl-`: into the console, or out of it and back to where the focus was. */
export function toggleConsole(): void {
  if (!inConsole(document.activeElement)) {
    openConsole();
    return;
  }
  const back =
    cameFrom?.isConnected === true && cameFrom !== document.body ? cameFrom : document.getElementById("kh-main");
  if (back?.id === "kh-main") back.tabIndex = -1;
  back?.focus();
}
