/**
 * Runs captures of the real kube-proxy against our compiler and evaluator: `npm run -s conformance -- DIR [--mode M] [--kernel]`. DIR holds a
 * folder per case; --kernel also compares with the connections that were sent through a real kernel. Prints what differs and ends on `N passed, N failed`; exit code 1 on any failure.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import type { ProxyMode } from "../src/model/config/types.ts";
import { loadCase, type CaseFiles } from "../src/proxy/conformance/case.ts";
import { checkCase, type Differences } from "../src/proxy/conformance/check.ts";

const MODES: readonly ProxyMode[] = ["iptables", "nftables", "ipvs", "userspace"];

function usage(message: string): never {
  process.stderr.write(`${message}\nusage: npm run -s conformance -- DIR [--mode ${MODES.join("|")}] [--kernel]\n`);
  process.exit(2);
}

function readFolder(folder: string): CaseFiles {
  const files: Record<string, string> = {};
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    if (statSync(path).isFile()) files[file] = readFileSync(path, "utf8");
  }
  return files;
}

/** DIR itself when it is a case, else every folder in it that is one. */
function caseFolders(dir: string): string[] {
  if (existsSync(join(dir, "config.json"))) return [dir];
  return readdirSync(dir)
    .sort()
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isDirectory() && existsSync(join(path, "config.json")));
}

function run(folder: string, mode: ProxyMode, kernel: boolean): Differences {
  try {
    return checkCase(loadCase(basename(folder), readFolder(folder)), mode, { kernel });
  } catch (error) {
    return [error instanceof Error ? `${error.name}: ${error.message}` : String(error)];
  }
}

function main(argv: readonly string[]): void {
  let dir: string | undefined;
  let mode: ProxyMode = "iptables";
  let kernel = false;
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === "--mode" || arg.startsWith("--mode=")) {
      const name = arg === "--mode" ? argv[++i] : arg.slice("--mode=".length);
      mode = MODES.find((known) => known === name) ?? usage(`unknown mode ${name ?? ""}`);
    } else if (arg === "--kernel") kernel = true;
    else if (arg.startsWith("-")) usage(`unknown option ${arg}`);
    else if (dir === undefined) dir = arg;
    else usage(`one DIR only, and ${arg} is a second`);
  }
  if (dir === undefined) usage("which folder?");
  if (!existsSync(dir) || !statSync(dir).isDirectory()) usage(`no folder ${dir}`);
  const folders = caseFolders(dir);
  if (folders.length === 0) usage(`no case (a folder with config.json) in ${dir}`);
  let passed = 0;
  let failed = 0;
  for (const folder of folders) {
    const differences = run(folder, mode, kernel);
    if (differences.length === 0) {
      passed += 1;
      process.stdout.write(`ok   ${basename(folder)}\n`);
    } else {
      failed += 1;
      process.stdout.write(`FAIL ${basename(folder)}\n`);
      for (const difference of differences) process.stdout.write(`     ${difference.replaceAll("\n", "\n     ")}\n`);
    }
  }
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed > 0 ? 1 : 0;
}

main(process.argv.slice(2));
