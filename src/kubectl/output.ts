import type { ConsoleAnswer } from "../wire/protocol.ts";

/** What a command leaves on the terminal; `code` is 0, or what the program exits with. */
export type Output = ConsoleAnswer;

export const success = (stdout: string, stderr = ""): Output => ({ stdout, stderr, code: 0 });

/** A complaint on standard error, exit 1; the newline is added. */
export const failure = (message: string): Output => ({ stdout: "", stderr: `${message}\n`, code: 1 });

export const NOTHING: Output = { stdout: "", stderr: "", code: 0 };

/** Several outputs as one: texts in order, the first code that is not 0. */
export function joined(outputs: readonly Output[]): Output {
  return {
    stdout: outputs.map((o) => o.stdout).join(""),
    stderr: outputs.map((o) => o.stderr).join(""),
    code: outputs.find((o) => o.code !== 0)?.code ?? 0,
    ...kept(outputs),
  };
}

/** What goes past pipes and other commands of the line: the last tab, and how far a watch has come. */
export function kept(outputs: readonly Output[]): Pick<Output, "tab" | "followed"> {
  const tab = outputs.findLast((o) => o.tab !== undefined)?.tab;
  const followed = outputs.findLast((o) => o.followed !== undefined)?.followed;
  return { ...(tab !== undefined && { tab }), ...(followed !== undefined && { followed }) };
}

/** `Warning: ...` lines, each once, as kubectl prints the server's warning headers. */
export function warningLines(warnings: readonly string[]): string {
  return [...new Set(warnings)].map((warning) => `Warning: ${warning}\n`).join("");
}
