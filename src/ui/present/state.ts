/** Whether the page is shown to a room. Small: all the rest of it comes when it is asked for. */
import { create } from "zustand";

const PARAMETER = "present";

/** `?present=1` opens the page so. */
export const usePresent = create<{ readonly open: boolean; readonly from: Element | null }>()(() => ({
  open: new URLSearchParams(globalThis.location?.search).get(PARAMETER) === "1",
  // What had the focus, for the way back.
  from: null,
}));

/** Opens it, over the whole screen where the browser lets us: it does so only right after a key or a click. */
export function openPresent(): void {
  void document.documentElement.requestFullscreen?.().catch(() => undefined);
  usePresent.setState({ open: true, from: document.activeElement });
}

export function closePresent(): void {
  usePresent.setState({ open: false });
  if (document.fullscreenElement !== null) void document.exitFullscreen().catch(() => undefined);
  const url = new URL(location.href);
  // A reload comes back to the page as it is now.
  if (url.searchParams.has(PARAMETER)) {
    url.searchParams.delete(PARAMETER);
    history.replaceState(null, "", url);
  }
}
