/** A line of the terminal: pipes, quotes, `watch`, `timeout`, `ssh NODE`, and the programs they lead to. */
import { SECOND } from "../../base/time.ts";
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
import { isNode, nodeOf, nodesOf, PROGRAMS } from "./programs.ts";
import { isScript, runScript } from "./script.ts";
import { passTime } from "./tools/reach.ts";
import { clientSeat, clientsOf, isClient, nodeSeat, type Seat, type Tool } from "./tools/seat.ts";
import { realTime, slept } from "./tools/sleep.ts";
import { ASKING, REQUESTING, TOOLS } from "./tools/table.ts";

type Follow = ConsoleLine["follow"] | null;

interface Surroundings {
  readonly world: World;
  readonly files: Files;
  readonly follow: Follow;
  readonly node: string | null;
  /** The machine outside the cluster that the command runs on. */
  readonly client: string | null;
  /** `KUBE_EDITOR="sed -i s/a/b/" kubectl edit ...`. */
  readonly env: Readonly<Record<string, string>>;
  /** What the pipe brings; null: there is none. */
  readonly stdin: string | null;
  readonly pipedInto: string | null;
  readonly patience: number | null;
  /** When `timeout` ends what uses the network, in virtual time. */
  readonly deadline: number | null;
  readonly text: string;
  readonly depth: number;
}

/** Runs one line as typed: `kubectl get svc | grep web`. Never throws on any input. */
export function runLine(world: World, line: string, files: Files = {}, follow: Follow = null): Output {
  return runText(line.replace(/^\s*\$ /, ""), {
    world,
    files,
    follow,
    node: null,
    client: null,
    env: {},
    stdin: null,
    pipedInto: null,
    patience: null,
    deadline: null,
    text: "",
    depth: 0,
  });
}

/** A whole line, or what `sh -c` and `ssh` are given as one word. */
function runText(line: string, around: Surroundings): Output {
  if (isScript(line)) {
    return runScript(line, {
      pipeline: (pipeline, stdin) => runPipeline({ ...around, stdin }, pipeline),
      variable: () => undefined,
      isOver: () => isOver(around),
      isTimed: around.deadline !== null,
    });
  }
  const parsed = parseLine(line);
  if (!parsed.ok) return { stdout: "", stderr: `${parsed.error}\n`, code: 2 };
  const outputs: Output[] = [];
  let code = 0;
  for (const pipeline of parsed.value) {
    if ((pipeline.after === "&&" && code !== 0) || (pipeline.after === "||" && code === 0)) continue;
    const output = runPipeline(around, pipeline);
    code = output.code;
    outputs.push(output);
  }
  return { ...joined(outputs), code };
}

const isOver = ({ world, deadline }: Surroundings): boolean => deadline !== null && world.now >= deadline;

function runPipeline(where: Surroundings, { stages, stderr }: Pipeline): Output {
  let { stdin } = where;
  let complaints = "";
  let last: Output = NOTHING;
  const outputs: Output[] = [];
  stages.forEach((stage, i) => {
    const next = stages[i + 1];
    const around: Surroundings = {
      ...where,
      stdin: stage.heredoc ?? stdin,
      pipedInto: next === undefined ? null : next.text,
      text: stage.text,
    };
    last = i === 0 && where.stdin === null ? runStage(stage.words, around) : runFilter(stage, around);
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
    if (/^(sudo|command|env)$/.test(word) && at + 1 < words.length) {
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
    const deadline = Math.min(world.now + patience, around.deadline ?? Infinity);
    return runStage(rest.slice(1), { ...around, patience, deadline });
  }
  if (program === "time") return timed(words, around);
  if (program === "watch") return watched(words, around);
  if (program === "ssh" || program === "node" || program === "client") return onMachine(program, words, around);
  if ((program === "sh" || program === "bash") && words[0] === "-c") return runText(words[1] ?? "", around);
  if (program === "sleep") return slept(words, seatOf(around, program) ?? elsewhere(around));
  const tool = own(TOOLS, program);
  if (tool !== undefined) return withTool(program, tool, words, around);
  const run = own(PROGRAMS, program);
  if (run !== undefined) return run(words, around);
  const filter = own(FILTERS, program);
  if (filter !== undefined) return filterFiles(program, words, around);
  const later = own(LATER, program);
  if (later !== undefined) return failure(`${program}: not supported here: ${later}`);
  return { stdout: "", stderr: `${program}: command not found\n`, code: 127 };
}

/** A program that looks at a network namespace or sends from it. */
function withTool(program: string, tool: Tool, words: readonly string[], around: Surroundings): Output {
  const seat = seatOf(around, program);
  if (seat === null) {
    return failure(
      `${program}: there is no machine here to run it on: kubectl exec POD -- ${program} ..., ssh NODE ${program} ...`,
    );
  }
  const output = tool(words, seat);
  if (around.node !== null || around.client !== null) return output;
  const where = seat.from.replace("/", " ");
  return {
    ...output,
    stderr: `(on ${where}; elsewhere: kubectl exec POD -- ..., ssh NODE ..., client NAME -- ...)\n${output.stderr}`,
  };
}

/** Where a program runs. The terminal is no machine of the picture: what it sends, it sends from outside, and what it looks at is a node. */
function seatOf({ world, node, client, deadline }: Surroundings, program: string): Seat | null {
  if (client !== null) return { ...clientSeat(world, client), deadline };
  if (node !== null) return { ...nodeSeat(world, node), deadline };
  const [outside] = clientsOf(world);
  const sends = REQUESTING.has(program) && !ASKING.has(program);
  if (outside !== undefined && sends) return { ...clientSeat(world, outside), deadline };
  const place = nodeOf({ world, node });
  return place === null ? null : { ...nodeSeat(world, place), deadline };
}

/** For `sleep`, which needs no machine. */
const elsewhere = ({ world, deadline }: Surroundings): Seat => ({ ...nodeSeat(world, ""), deadline });

/** bash's `time`. */
function timed(words: readonly string[], around: Surroundings): Output {
  const startedAt = around.world.now;
  const output = runStage(
    words.filter((word) => word !== "-p"),
    around,
  );
  return { ...output, stderr: `${output.stderr}${realTime(around.world.now - startedAt)}` };
}

/** Looks of a `watch` whose command sends requests. */
const LOOKS = 5;

/** One look where the screen would only be drawn over; several, with time between them, where each sends a request. */
function watched(words: readonly string[], around: Surroundings): Output {
  const flag = /^(?:-n|--interval=?)(.*)$/.exec(words[0] ?? "");
  const separate = flag !== null && flag[1] === "";
  const every = flag === null ? "2.0" : separate ? (words[1] ?? "") : (flag[1] ?? "");
  const rest = words.slice(flag === null ? 0 : separate ? 2 : 1);
  const command = (rest[0] ?? "").startsWith("-") ? rest.slice(1) : rest;
  const seconds = Number(every);
  const sends = command.flatMap((word) => word.split(/\s+/)).some((word) => REQUESTING.has(word));
  const outputs: Output[] = [];
  for (let look = 0; look < (sends && seconds > 0 ? LOOKS : 1); look++) {
    if (look > 0 && !passTime(elsewhere(around), Math.round(Math.min(seconds, 3600) * SECOND))) break;
    const output =
      command.length === 1
        ? runText(command[0] ?? "", { ...around, depth: around.depth + 1 })
        : runStage(command, around);
    outputs.push({ ...output, stdout: `Every ${seconds.toFixed(1)}s: ${command.join(" ")}\n\n${output.stdout}` });
  }
  const all = joined(outputs);
  return sends ? { ...all, stdout: outputs.map((o) => o.stdout).join("\n") } : all;
}

/** `ssh worker-1 iptables-save`, `ssh root@worker-1 "iptables-save | grep web"`, `node worker-1 -- conntrack -L`, `client internet -- curl ...`. */
function onMachine(program: string, words: readonly string[], around: Surroundings): Output {
  const rest = words.filter((word, i) => word !== "--" || i > 1);
  const [target = "", ...command] = rest;
  const name = target.replace(/^.*@/, "");
  const { world } = around;
  const where =
    program !== "client" && isNode(world, name)
      ? { node: name, client: null }
      : program !== "node" && isClient(world, name)
        ? { node: null, client: name }
        : null;
  if (where === null) {
    const known = (program === "client" ? clientsOf(world) : nodesOf(world)).join(", ") || "none";
    if (program === "client") return failure(`There is no client ${JSON.stringify(name)}. Clients: ${known}.`);
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
  const inside = { ...around, ...where };
  return command.length === 1 ? runText(command[0] ?? "", inside) : runStage(command, inside);
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
