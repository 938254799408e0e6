import { defineConfig } from "@playwright/test";
import { browserArgs, findBrowser } from "./scripts/browser.ts";

const PORT = 4173;

/** Journeys run against the built app, served with the headers of the documented hosts. No retries: a flake is a defect. */
export default defineConfig({
  testDir: "e2e",
  testMatch: "**/*.spec.ts",
  outputDir: "test-results",
  timeout: 60_000,
  expect: { timeout: 15_000 },
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: process.env["CI"] !== undefined,
  use: {
    baseURL: `http://localhost:${PORT}`,
    viewport: { width: 1440, height: 900 },
    launchOptions: { executablePath: findBrowser() ?? "chromium-not-found", args: browserArgs() },
    trace: "retain-on-failure",
  },
  webServer: {
    command: `npx vite preview --port ${PORT} --strictPort`,
    port: PORT,
    reuseExistingServer: false,
  },
});
