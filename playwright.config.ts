import { defineConfig } from "@playwright/test";
import { browserArgs, findBrowser } from "./scripts/browser.ts";

/** Another build than dist/, and another port than 4173: for trying journeys out beside a running server. */
const OUT_DIR = process.env["KUBEHOP_DIST"] ?? "dist";
const PORT = Number(process.env["KUBEHOP_PORT"] ?? 4173);

/** Journeys run against the built app, served with the headers of the documented hosts. No retries: a flake is a defect. */
export default defineConfig({
  testDir: "e2e",
  testMatch: "**/*.spec.ts",
  outputDir: "test-results",
  timeout: 240_000,
  expect: { timeout: 20_000 },
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: process.env["CI"] !== undefined,
  use: {
    baseURL: `http://localhost:${PORT}`,
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: findBrowser() ?? "chromium-not-found", args: browserArgs() },
    // What is kept for offline use would be fetched anew in every journey; the one that is about it allows it.
    serviceWorkers: "block",
    // A trace of every step takes as long as the step. KUBEHOP_TRACE=1 keeps those of the journeys that fail.
    trace: process.env["KUBEHOP_TRACE"] === undefined ? "off" : "retain-on-failure",
    screenshot: "only-on-failure",
  },
  webServer: {
    command: `npx vite preview --outDir "${OUT_DIR}" --port ${PORT} --strictPort`,
    port: PORT,
    reuseExistingServer: false,
  },
});
