import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "scripts/**/*.test.ts"],
    setupFiles: ["src/testing/setup.ts"],
    environment: "node",
    // Generous: a slow machine is no failure. What never ends is.
    testTimeout: 600_000,
  },
});
