/** The page as a user speaks of it: small helpers that the journeys share. */
import { type Page } from "@playwright/test";

/** Messages that must never appear: uncaught errors and CSP violations. */
export interface Watched {
  readonly problems: string[];
}

/** Collects page errors, console errors and CSP violations from now on. */
export async function watch(page: Page): Promise<Watched> {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`console: ${message.text()}`);
  });
  await page.exposeFunction("reportViolation", (text: string) => problems.push(`csp: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      (window as unknown as { reportViolation: (text: string) => void }).reportViolation(
        `${event.violatedDirective} blocked ${event.blockedURI}`,
      );
    });
  });
  return { problems };
}
