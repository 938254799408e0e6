/** A line of the terminal: pipes, quotes, `watch`, `timeout`, `ssh NODE`, and the programs they lead to. */
import { own } from "../own.ts";
import type { World } from "../../world/types.ts";
import type { ConsoleLine } from "../../wire/protocol.ts";
import type { Files } from "../call.ts";
import { runKubectl } from "../kubectl.ts";
import { failure, joined, kept, NOTHING, type Output } from "../output.ts";
import { parseDuration } from "../patience.ts";
import { FILTERS } from "./filters.ts";
import { type Pipeline, type Stage, parseLine } from "./lex.ts";
import { LATER } from "./later.ts";
import { isNode, nodesOf, PROGRAMS } from "./programs.ts";

type Follow = ConsoleLine["follow"] | null;

interface Surroundings {
  readonly world: World;
  readonly files: Files;
  readonly follow: Follow;
  readonly node: string | null;
  /** `KUBE_EDITOR="sed -i s/a/b/" kubectl edit ...`. */
  readonly env: Readonly<Record<string, string>>;
  /** What the pipe brings; null: there is none. */
  readonly stdin: string | null;
  readonly pipedInto: string | null;
  readonly patience: number | null;
  readonly text: string;
  readonly depth: number;
}

/** Runs one line as typed: `kubectl get svc | grep web`. Never throws on any input. */
export function runLine(world: World, line: string, files: Files = {}, follow: Follow = null): Output {
  const parsed = parseLine(line.replace(/^\s*\$ /, ""));
  if (!parsed.ok) return { stdout: "", stderr: `${parsed.error}\n`, code: 2 };
  const outputs: Output[] = [];
  let code = 0;
  for (const pipeline of parsed.value) {
    if ((pipeline.after === "&&" && code !== 0) || (pipeline.after === "||" && code === 0)) continue;
    const output = runPipeline({ world, files, follow }, pipeline);
    code = output.code;
    outputs.push(output);
  }
  return { ...joined(outputs), code };
}

function runPipeline(where: Pick<Surroundings, "world" | "files" | "follow">, { stages, stderr }: Pipeline): Output {
  let stdin: string | null = null;
  let complaints = "";
  let last: Output = NOTHING;
  const outputs: Output[] = [];
  stages.forEach((stage, i) => {
    const next = stages[i + 1];
    const around: Surroundings = {
      ...where,
      node: null,
      env: {},
      stdin: stage.heredoc ?? stdin,
      pipedInto: next === undefined ? null : next.text,
      patience: null,
      text: stage.text,
      depth: 0,
    };
    last = i === 0 ? runStage(stage.words, around) : runFilter(stage, around);
    outputs.push(last);
    stdin = stderr === "joined" ? last.stdout + last.stderr : last.stdout;
    if (stderr === "shown") complaints += last.stderr;
  });
  return {
    stdout: stderr === "joined" ? (stdin ?? "") : last.stdout,
    stderr: complaints,
    code: last.code,
    ...kept(outputs),
  };
}

/** What stands before the program itself: `sudo -E`, `time`, `KEY=value`. */
function withoutPrefixes(words: readonly string[]): {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  const env: Record<string, string> = {};
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] as string;
    if (/^(sudo|command|time|env)$/.test(word) && at + 1 < words.length) {
      while (words[at + 1]?.startsWith("-") === true) at += 1;
      continue;
    }
    const assigned = /^([A-Za-z_]\w*)=([^]*)$/.exec(word);
    if (assigned === null) break;
    env[assigned[1] ?? ""] = assigned[2] ?? "";
  }
  return { words: words.slice(at), env };
}

/** Behind a pipe: a filter with its files, or any command that reads standard input. */
function runFilter({ words }: Stage, around: Surroundings): Output {
  const [program = "", ...rest] = words;
  if (program === "xargs") {
    const more = (around.stdin ?? "").split(/\s+/).filter((word) => word !== "");
    return runStage([...rest, ...more], { ...around, stdin: null });
  }
  const filter = own(FILTERS, program);
  return filter === undefined ? runStage(words, around) : filter(rest, around.stdin ?? "");
}

/** Commands within commands, as `timeout 5s watch kubectl ...`: nobody means more, and each is a call within a call. */
const MAX_DEPTH = 20;

function runStage(given: readonly string[], outside: Surroundings): Output {
  if (outside.depth > MAX_DEPTH) return failure("sh: too many commands within commands");
  const bare = withoutPrefixes(given);
  const around = { ...outside, depth: outside.depth + 1, env: { ...outside.env, ...bare.env } };
  const [program = "", ...words] = bare.words;
  const { world } = around;
  if (program === "" && given.length > 0) return NOTHING;
  if (program === "kubectl" || program === "k") {
    return runKubectl(world, words, { ...around, line: around.text.replace(/^k(?= )/, "kubectl") });
  }
  if (program === "timeout") {
    const rest = words.filter((word, i) => !(word.startsWith("-") && i === 0));
    const patience = parseDuration(rest[0] ?? "");
    if (patience === null) return failure(`timeout: invalid time interval ‘${rest[0] ?? ""}’`);
    return runStage(rest.slice(1), { ...around, patience });
  }
  if (program === "watch") {
    // One look: the screen would be drawn over anyway, and time stands still between commands.
    const [flag, value, ...rest] = words;
    const command = flag === "-n" ? rest : (flag ?? "").startsWith("-") ? words.slice(1) : words;
    const every = flag === "-n" ? value : "2.0";
    const output = runStage(command, around);
    return { ...output, stdout: `Every ${Number(every).toFixed(1)}s: ${command.join(" ")}\n\n${output.stdout}` };
  }
  if (program === "ssh" || program === "node") return onNode(program, words, around);
  const run = own(PROGRAMS, program);
  if (run !== undefined) return run(words, around);
  const filter = own(FILTERS, program);
  if (filter !== undefined) return filterFiles(program, words, around);
  const later = own(LATER, program);
  if (later !== undefined) return failure(`${program}: not supported here: ${later}`);
  return { stdout: "", stderr: `${program}: command not found\n`, code: 127 };
}

/** `ssh worker-1 iptables-save`, `ssh root@worker-1 "iptables-save | grep web"`, `node worker-1 -- conntrack -L`. */
function onNode(program: string, words: readonly string[], around: Surroundings): Output {
  const rest = words.filter((word, i) => word !== "--" || i > 1);
  const [target = "", ...command] = rest;
  const name = target.replace(/^.*@/, "");
  if (!isNode(around.world, name)) {
    const known = nodesOf(around.world).join(", ") || "none";
    return program === "ssh"
      ? {
          stdout: "",
          stderr: `ssh: Could not resolve hostname ${name}: Name or service not known (nodes: ${known})\n`,
          code: 255,
        }
      : failure(`There is no node ${JSON.stringify(name)}. Nodes: ${known}.`);
  }
  if (command.length === 0)
    return failure(`${program}: give the command to run on ${name}: an interactive login is not supported here`);
  if (command.length === 1) {
    const inner = parseLine(command[0] ?? "");
    if (!inner.ok) return failure(inner.error);
    return joined(
      inner.value.map(({ stages }) => {
        let stdin: string | null = null;
        let last: Output = NOTHING;
        stages.forEach((stage, i) => {
          const inside = {
            ...around,
            node: name,
            stdin: stage.heredoc ?? stdin,
            pipedInto: stages[i + 1]?.text ?? null,
            text: stage.text,
          };
          last = i === 0 ? runStage(stage.words, inside) : runFilter(stage, inside);
          stdin = last.stdout;
        });
        return last;
      }),
    );
  }
  return runStage(command, { ...around, node: name });
}

/** `grep x FILE`, `head FILE`: the words that are files are what is read. */
function filterFiles(program: string, words: readonly string[], around: Surroundings): Output {
  const filter = own(FILTERS, program);
  const name = words.at(-1) ?? "";
  const read = PROGRAMS["cat"]?.([name], around);
  if (filter === undefined || words.length === 0 || read === undefined || name.startsWith("-")) {
    return failure(`${program}: give it a file, or a pipe to read from`);
  }
  if (read.code !== 0) return failure(read.stderr.replace(/^cat:/, `${program}:`).trimEnd());
  return filter(words.slice(0, -1), read.stdout);
}

/** Words as a line that {@link runLine} takes apart into the same words; pipes that stand alone stay pipes. */
export function quoted(words: readonly string[]): string {
  return words
    .map((word) =>
      /^[\w@%+=:,./-]+$/.test(word) || /^(\||\|\||&&|;)$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`,
    )
    .join(" ");
}
