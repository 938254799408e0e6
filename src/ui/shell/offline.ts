/** The page without a network, and newer versions of it. Loaded when the first picture is there. */
import { registerSW } from "virtual:pwa-register";
import { say, usePage } from "./page.ts";
import type { Session } from "./session.ts";

/** How often a page that stays open asks whether there is a newer version: once an hour. */
const ASK_MS = 3_600_000;

/**
 * Keeps the page for when there is no network. A newer version is never taken by itself: the reader is told, and when they take it
 * all that the page holds is put into its address first, so that the reload opens just that.
 */
export function keepOffline(session: Session): void {
  const update = registerSW({
    onOfflineReady: () => say("kubehop now works without a network."),
    onNeedRefresh: () => usePage.setState({ notice: { kind: "newer-page", take: () => void take() } }),
    onRegisteredSW: (_url, registration) => {
      if (registration === undefined) return;
      setInterval(() => {
        // Without a network there is nothing to ask.
        if (navigator.onLine) registration.update().catch(() => undefined);
      }, ASK_MS);
    },
  });
  const take = async (): Promise<void> => {
    const hash = await session.hash();
    if (hash === null) {
      const message = "What was done here is more than an address can hold. Save it as a file with Share, then reload.";
      usePage.setState({ notice: { kind: "refused", message } });
      return;
    }
    history.replaceState(null, "", hash);
    await update(true);
  };
}
