/** Finds the Chromium that the browser tests use; `ensureBrowser` installs one when the machine has none. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "@playwright/test";

const SYSTEM = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Path of a Chromium to launch, or null. PW_CHROMIUM_PATH wins and must exist when set. */
export function findBrowser(): string | null {
  const named = process.env["PW_CHROMIUM_PATH"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new Error(`PW_CHROMIUM_PATH names ${named}, which does not exist`);
    return named;
  }
  const managed = chromium.executablePath();
  if (existsSync(managed)) return managed;
  return SYSTEM.find((path) => existsSync(path)) ?? null;
}

const run = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: "inherit" }).status === 0;

/** The browser's path, installing one first where that is possible. Throws with the mend in words where it is not. */
export function ensureBrowser(): string {
  const found = findBrowser();
  if (found !== null) return found;
  console.log("No Chromium found: installing one for the browser tests.");
  if (!run("npx", ["playwright", "install", "--with-deps", "chromium"]) && existsSync("/etc/debian_version")) {
    run("apt-get", ["update"]);
    run("apt-get", ["install", "-y", "chromium"]);
  }
  const installed = findBrowser();
  if (installed !== null) return installed;
  throw new Error("No Chromium and none could be installed. Install one and set PW_CHROMIUM_PATH to its path.");
}

/** Launch flags: no network of its own, and no sandbox only where there can be none (root). */
export function browserArgs(): string[] {
  return [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ];
}
