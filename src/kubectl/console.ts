/** The console: `kubectl ...`, its friends and pipes between them, as a terminal would show them. */
import type { World } from "../world/types.ts";
import type { Files } from "./call.ts";
import type { ConsoleLine } from "../wire/protocol.ts";
import type { Output } from "./output.ts";
import { quoted, runLine } from "./shell/shell.ts";

/**
 * Runs a command given as words; a single word with blanks is a whole line, pipes included. FILEs are looked up by name in
 * `files`. A command that changes the cluster goes through `world.dispatch` like any other. `follow`: as in {@link ConsoleLine}.
 */
export function runConsole(
  world: World,
  argv: readonly string[],
  files: Files = {},
  follow: ConsoleLine["follow"] | null = null,
): Output {
  const [only] = argv;
  return runLine(world, argv.length === 1 && only !== undefined ? only : quoted(argv), files, follow);
}

/** A line that was only to look has come to change something. */
class Changes extends Error {}

/** The same for a line that must change nothing: the first command that it would give ends it, with `changes` for an answer. */
export function lookConsole(
  world: World,
  argv: readonly string[],
  files: Files = {},
  follow: ConsoleLine["follow"] | null = null,
): Output {
  const looked = Object.create(world, {
    dispatch: {
      value: () => {
        throw new Changes("the line would change the cluster");
      },
    },
  }) as World;
  try {
    return runConsole(looked, argv, files, follow);
  } catch (error) {
    if (!(error instanceof Changes)) throw error;
    return { stdout: "", stderr: "", code: 0, changes: true };
  }
}
