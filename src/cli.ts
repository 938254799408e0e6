/** `npm run -s kubehop -- ...`: the core in Node, without a browser. */
import { readFileSync } from "node:fs";
import { runCli } from "./kubectl/cli.ts";

const STDIN = 0;

function read(path: string): string | null {
  try {
    return readFileSync(path === "-" ? STDIN : path, "utf8");
  } catch {
    return null;
  }
}

const { stdout, stderr, code } = runCli(process.argv.slice(2), read);
process.stdout.write(stdout);
process.stderr.write(stderr);
process.exitCode = code;
