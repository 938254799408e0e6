/** Completion of a terminal line: commands, kinds, names, flags, files, programs behind pipes. */
import { own } from "./own.ts";
import type { World } from "../world/types.ts";
import { KINDS, kindByName, type KindInfo } from "../model/kinds.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Files } from "./call.ts";
import { CREATABLE } from "./create/generators.ts";
import { COMMAND_NAMES, flagsOf, GLOBAL_FLAGS } from "./flags.ts";
import { COMMANDS } from "./kubectl.ts";
import { FILTERS } from "./shell/filters.ts";
import { PROGRAMS } from "./shell/programs.ts";
import { clientsOf } from "./shell/tools/seat.ts";
import { REQUESTING, TOOLS } from "./shell/tools/table.ts";

export interface Completion {
  /** Offset in the line at which the word that is being typed begins. */
  readonly from: number;
  /** Whole words that fit there, in order. */
  readonly options: readonly string[];
}

const FORMATS = ["wide", "yaml", "json", "name", "jsonpath=", "custom-columns="];
const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  rollout: ["history", "pause", "restart", "resume", "status", "undo"],
  set: ["env", "image", "resources", "selector"],
  create: CREATABLE,
  config: ["current-context", "get-contexts", "view"],
};
/** Commands whose first words are a kind and names. */
const ON_OBJECTS: ReadonlySet<string> = new Set(
  "get describe delete scale expose label annotate patch rollout set wait explain taint".split(" "),
);
const ON_NODES: ReadonlySet<string> = new Set(["cordon", "uncordon", "drain"]);

/** kubectl's own completion: pkg/util/completion/completion.go, cmd/logs, cmd/exec. A kind is completed to its plural, never to a short name. */

/** What could stand at the cursor. */
export function complete(world: World, line: string, cursor: number = line.length, files: Files = {}): Completion {
  const typed = line.slice(0, cursor);
  const from = /\S*$/.exec(typed)?.index ?? typed.length;
  const word = typed.slice(from);
  // Only the command behind the last pipe counts.
  const stage = typed.slice(0, from).split(/\|\||&&|[|;\n]/);
  const before = (stage.at(-1) ?? "")
    .trim()
    .split(/\s+/)
    .filter((w) => w !== "");
  const fits = (options: readonly string[]): Completion => ({
    from,
    options: [...new Set(options)].filter((option) => option.startsWith(word)).toSorted(),
  });
  const piped = stage.length > 1 && /\|\s*$|\|[^|&;]*$/.test(typed.slice(0, from));
  if (before.length === 0) {
    return fits(
      piped
        ? Object.keys(FILTERS)
        : ["kubectl", "ssh", "client", "watch", "timeout", "time", "sleep", ...PROGRAM_NAMES],
    );
  }
  const [program = "", ...words] = before;
  if (program === "kubectl" || program === "k") return fits(kubectlOptions(world, words, word, files));
  if (program === "ssh" || program === "node" || program === "client") {
    if (words.length > 0) return fits(inside(world, words.slice(words[1] === "--" ? 2 : 1), word));
    return fits([...(program === "client" ? [] : nodeNames(world)), ...(program === "node" ? [] : clientsOf(world))]);
  }
  if (program === "watch" || program === "timeout" || program === "time")
    return fits(["kubectl", "ssh", ...REQUESTING]);
  if (own(TOOLS, program) !== undefined) return fits(inside(world, before, word));
  if (program === "cat") return fits([...Object.keys(files), "/var/log/kube-proxy.log"]);
  return fits([]);
}

const PROGRAM_NAMES: readonly string[] = [...Object.keys(PROGRAMS), ...Object.keys(TOOLS)];

/** Flags that a tool is mostly given; its operands are names and addresses of Services. */
const TOOL_FLAGS: Readonly<Record<string, readonly string[]>> = {
  curl: [
    "-v",
    "-s",
    "-sS",
    "-o",
    "-w",
    "-m",
    "--connect-timeout",
    "-I",
    "-i",
    "-k",
    "-L",
    "-H",
    "--resolve",
    "-X",
    "-d",
    "--retry",
  ],
  wget: ["-qO-", "-O-", "-T", "-S", "--spider"],
  nc: ["-zv", "-w", "-u"],
  ncat: ["-v", "-w", "-u"],
  ping: ["-c", "-W", "-i", "-s", "-t", "-M"],
  traceroute: ["-n", "-T", "-I", "-p", "-m"],
  conntrack: ["-L", "-D", "-C", "-F", "-p", "-s", "-d", "--dport", "-o"],
  ss: ["-ltn", "-ltnp", "-tn", "-uln"],
  netstat: ["-ltnp", "-tn"],
  ip: ["addr", "route", "link", "neigh"],
  bridge: ["link"],
  tcpdump: ["-ni", "-c"],
  sysctl: ["-a", "-n"],
};

/** Behind `ssh NODE` or `kubectl exec POD --`: a program, then its flags and what it may be pointed at. */
function inside(
  world: World,
  [program, ...words]: readonly string[],
  word: string,
  namespace: string | null = null,
): readonly string[] {
  if (program === undefined) return PROGRAM_NAMES;
  const flags = (own(TOOL_FLAGS, program) ?? []).filter((flag) => flag.startsWith("-") === word.startsWith("-"));
  if (program === "tcpdump" && words.at(-1) === "-ni") return ["any", "eth0", "cni0"];
  if (!REQUESTING.has(program)) return flags;
  const services = world.objects.list<Service>("Service").flatMap(({ metadata, spec }) => {
    const long = `${metadata.name}.${metadata.namespace ?? "default"}`;
    const ip =
      spec.clusterIP === undefined || spec.clusterIP === "None" || spec.clusterIP === "" ? [] : [spec.clusterIP];
    // dig takes names as they are: without the search list only the whole one is there.
    const whole = `${long}.svc.${world.config.cluster.dnsDomain}`;
    const named = program === "dig" ? [whole] : metadata.namespace === namespace ? [metadata.name, long] : [long];
    return word.startsWith("http") ? [...named, ...ip].map((one) => `http://${one}`) : [...named, ...ip];
  });
  return word.startsWith("-") ? flags : [...flags, ...services];
}

const nodeNames = (world: World): readonly string[] => world.objects.list<Node>("Node").map((n) => n.metadata.name);

function kubectlOptions(world: World, words: readonly string[], word: string, files: Files): readonly string[] {
  const dashes = words.indexOf("--");
  const given = dashes < 0 ? words : words.slice(0, dashes);
  const namespace = valueOf(given, "-n", "--namespace") ?? "default";
  if (dashes >= 0) return inside(world, words.slice(dashes + 1), word, namespace);
  const [command = "", ...rest] = plainWords(words);
  const equals = /^(--[a-z-]+)=/.exec(word);
  const values = flagValues(world, equals?.[1] ?? words.at(-1) ?? "", { command, rest, namespace, files });
  if (values !== null) return equals === null ? values : values.map((value) => `${equals[1]}=${value}`);
  if (word.startsWith("-")) {
    const flags = command === "" ? GLOBAL_FLAGS : (flagsOf(command) ?? {});
    return Object.keys(flags).filter((flag) => flag.startsWith("--"));
  }
  if (command === "") return COMMAND_NAMES.filter((name) => COMMANDS[name] !== undefined);
  const sub = own(SUBCOMMANDS, command);
  if (sub !== undefined && rest.length === 0) return sub;
  const operands = sub === undefined ? rest : rest.slice(1);
  if (command === "create")
    return rest[0] === "service" && rest.length === 1 ? ["clusterip", "externalname", "loadbalancer", "nodeport"] : [];
  if (ON_NODES.has(command)) return nodeNames(world).filter((name) => !rest.includes(name));
  if (command === "exec" || command === "logs") {
    if (rest.length === 0) return [...names(world, "Pod", namespace), ...prefixed(world, word, namespace)];
    return command === "logs" && rest.length === 1 ? containers(world, namespace, rest[0] ?? "") : [];
  }
  if (!ON_OBJECTS.has(command)) return [];
  if (operands.length === 0) {
    if (word.includes("/")) return prefixed(world, word, namespace);
    // `pods,se`: the last of several kinds is the one being typed.
    const before = word.slice(0, word.lastIndexOf(",") + 1);
    return kindNames().map((kind) => before + kind);
  }
  if (word.includes("/") || operands[0]?.includes("/") === true)
    return prefixed(world, word, namespace).filter((name) => !operands.includes(name));
  const info = kindByName(operands[0] ?? "");
  if (info === undefined) return [];
  return names(world, info.kind, info.namespaced ? namespace : undefined).filter((name) => !operands.includes(name));
}

interface Around {
  readonly command: string;
  readonly rest: readonly string[];
  readonly namespace: string;
  readonly files: Files;
}

/** What a flag's value may be; null when it is no flag that takes one of a known set. */
function flagValues(world: World, flag: string, { command, rest, namespace, files }: Around): readonly string[] | null {
  switch (flag) {
    case "-n":
    case "--namespace":
      return world.objects.list("Namespace").map((o) => o.metadata.name);
    case "-o":
    case "--output":
      return FORMATS;
    case "-f":
    case "--filename":
      if (command !== "logs") return Object.keys(files);
      break;
    case "-l":
    case "--selector":
      return labelPairs(world, namespace);
    case "-c":
    case "--container":
      return containers(world, namespace, rest[0] ?? "");
  }
  return null;
}

/** The words that are neither flags nor their values. */
function plainWords(words: readonly string[]): readonly string[] {
  const plain: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (!word.startsWith("-")) plain.push(word);
    else if (!word.includes("=")) {
      const specs = flagsOf(plain[0] ?? "") ?? GLOBAL_FLAGS;
      if (own(specs, word)?.kind === "value") i++;
    }
  }
  return plain;
}

function valueOf(words: readonly string[], ...flags: readonly string[]): string | undefined {
  const at = words.findIndex((word) => flags.includes(word));
  return at >= 0
    ? words[at + 1]
    : words.find((w) => flags.some((flag) => w.startsWith(`${flag}=`)))?.replace(/^[^=]*=/, "");
}

const kindNames = (): readonly string[] => [
  "all",
  ...KINDS.filter((info: KindInfo) => info.support !== "config").map((info) => info.plural),
];

const names = (world: World, kind: string, namespace: string | undefined): readonly string[] =>
  world.objects.list(kind, namespace).map((o) => o.metadata.name);

/** `deploy/` → `deploy/web`. */
function prefixed(world: World, word: string, namespace: string): readonly string[] {
  const [type = ""] = word.split("/");
  const info = word.includes("/") ? kindByName(type) : undefined;
  if (info === undefined) return [];
  return names(world, info.kind, info.namespaced ? namespace : undefined).map((name) => `${type}/${name}`);
}

function labelPairs(world: World, namespace: string): readonly string[] {
  return ["Pod", "Service", "Deployment"].flatMap((kind) =>
    world.objects
      .list(kind, namespace)
      .flatMap((o) => Object.entries(o.metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`)),
  );
}

function containers(world: World, namespace: string, pod: string): readonly string[] {
  const found = world.objects.list<Pod>("Pod", namespace).find((p) => p.metadata.name === pod);
  return (found?.spec.containers ?? []).map(({ name }) => name);
}
