/** `npm test`: type check, lint, unit tests, a build and the browser journeys; ends on one line `N passed, N failed`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBrowser } from "./browser.ts";

interface Tally {
  passed: number;
  failed: number;
}

const folder = mkdtempSync(join(tmpdir(), "kubehop-test-"));
const total: Tally = { passed: 0, failed: 0 };

function run(title: string, command: string, args: readonly string[], env: Record<string, string> = {}): boolean {
  console.log(`\n== ${title}`);
  const { status } = spawnSync(command, args, { stdio: "inherit", env: { ...process.env, ...env } });
  return status === 0;
}

/** A step that either holds or does not: it counts as one test. */
function step(title: string, command: string, args: readonly string[]): boolean {
  const good = run(title, command, args);
  total[good ? "passed" : "failed"] += 1;
  return good;
}

/** A runner that reports its own counts; one that dies without a report, or fails without naming a test, is itself a failure. */
function suite(
  title: string,
  args: readonly string[],
  env: Record<string, string>,
  file: string,
  count: (report: unknown) => Tally,
): void {
  const good = run(title, "npx", args, env);
  let tally: Tally = { passed: 0, failed: 0 };
  try {
    tally = count(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    console.error(`${title}: no report was written`);
    tally.failed += 1;
  }
  if (!good && tally.failed === 0) tally.failed += 1;
  if (tally.passed + tally.failed === 0) tally.failed += 1;
  total.passed += tally.passed;
  total.failed += tally.failed;
}

step("types", "npx", ["tsc", "-b"]);
step("lint", "npx", ["oxlint", "--type-aware", "src", "e2e", "scripts", "bench"]);

const unit = join(folder, "unit.json");
suite(
  "unit tests",
  ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${unit}`],
  {},
  unit,
  (report) => {
    const { numPassedTests, numFailedTests } = report as { numPassedTests: number; numFailedTests: number };
    return { passed: numPassedTests, failed: numFailedTests };
  },
);

if (step("build", "npx", ["vite", "build", "--logLevel", "warn"])) {
  step("size", "npx", ["size-limit"]);
  const browser = ensureBrowser();
  const journeys = join(folder, "journeys.json");
  suite(
    "browser journeys",
    ["playwright", "test", "--reporter=list,json"],
    { PW_CHROMIUM_PATH: browser, PLAYWRIGHT_JSON_OUTPUT_NAME: journeys },
    journeys,
    (report) => {
      const { stats } = report as { stats: { expected: number; unexpected: number; flaky: number } };
      return { passed: stats.expected, failed: stats.unexpected + stats.flaky };
    },
  );
}

rmSync(folder, { recursive: true, force: true });
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
