/** Completion of a terminal line: commands, kinds, names, flags, files, programs behind pipes. */
import { own } from "./own.ts";
import type { World } from "../world/types.ts";
import { KINDS, kindByName, type KindInfo } from "../model/kinds.ts";
import type { Node } from "../model/node/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { Service } from "../model/service/types.ts";
import type { Files } from "./call.ts";
import { CREATABLE } from "./create/generators.ts";
import { COMMAND_NAMES, flagsOf } from "./flags.ts";
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
const ON_PODS: ReadonlySet<string> = new Set(["logs", "exec"]);

/** What could stand at the cursor. */
export function complete(world: World, line: string, cursor: number = line.length, files: Files = {}): Completion {
  const typed = line.slice(0, cursor);
  const from = /\S*$/.exec(typed)?.index ?? typed.length;
  const word = typed.slice(from);
  // Only the command behind the last pipe counts.
  const stage = typed.slice(0, from).split(/\|\||&&|[|;]/);
  const before = (stage.at(-1) ?? "")
    .trim()
    .split(/\s+/)
    .filter((w) => w !== "");
  const fits = (options: readonly string[]): Completion => ({
    from,
    options: [...new Set(options)].filter((option) => option.startsWith(word) && option !== word).toSorted(),
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
    if (words.length > 0) return fits(inside(world, words.slice(words[1] === "--" ? 2 : 1)));
    return fits([...(program === "client" ? [] : nodeNames(world)), ...(program === "node" ? [] : clientsOf(world))]);
  }
  if (program === "watch" || program === "timeout" || program === "time")
    return fits(["kubectl", "ssh", ...REQUESTING]);
  if (own(TOOLS, program) !== undefined) return fits(inside(world, before));
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
function inside(world: World, [program, ...words]: readonly string[]): readonly string[] {
  if (program === undefined) return PROGRAM_NAMES;
  const flags = own(TOOL_FLAGS, program) ?? [];
  if (program === "tcpdump" && words.at(-1) === "-ni") return ["any", "eth0", "cni0"];
  if (!REQUESTING.has(program)) return flags;
  const services = world.objects.list<Service>("Service").flatMap(({ metadata, spec }) => {
    const name = `${metadata.name}.${metadata.namespace ?? "default"}`;
    const ip =
      spec.clusterIP === undefined || spec.clusterIP === "None" || spec.clusterIP === "" ? [] : [spec.clusterIP];
    return program === "curl" || program === "wget"
      ? [`http://${name}`, ...ip.map((one) => `http://${one}`)]
      : [name, ...ip];
  });
  return [...flags, ...services];
}

const nodeNames = (world: World): readonly string[] => world.objects.list<Node>("Node").map((n) => n.metadata.name);

function kubectlOptions(world: World, words: readonly string[], word: string, files: Files): readonly string[] {
  const dashes = words.indexOf("--");
  if (dashes >= 0) return inside(world, words.slice(dashes + 1));
  const plain = words.filter((w, i) => !w.startsWith("-") && !takesValue(words, i - 1));
  const [command = "", ...rest] = plain;
  if (command === "") return COMMAND_NAMES.filter((name) => COMMANDS[name] !== undefined);
  const namespace = valueOf(words, "-n", "--namespace") ?? "default";
  const last = words.at(-1) ?? "";
  switch (last) {
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
  if (word.startsWith("-")) return Object.keys(flagsOf(command) ?? {}).filter((flag) => flag.startsWith("--"));
  const sub = own(SUBCOMMANDS, command);
  if (sub !== undefined && rest.length === 0) return sub;
  const operands = sub === undefined ? rest : rest.slice(1);
  if (command === "create")
    return rest[0] === "service" && rest.length === 1 ? ["clusterip", "externalname", "loadbalancer", "nodeport"] : [];
  if (ON_NODES.has(command)) return nodeNames(world);
  if (ON_PODS.has(command)) return [...names(world, "Pod", namespace), ...prefixed(world, word, namespace)];
  if (!ON_OBJECTS.has(command)) return [];
  if (operands.length === 0) return word.includes("/") ? prefixed(world, word, namespace) : kindNames();
  const info = kindByName(operands[0] ?? "");
  if (info === undefined) return [];
  return names(world, info.kind, info.namespaced ? namespace : undefined);
}

/** Does the flag at this place take the word behind it? */
function takesValue(words: readonly string[], index: number): boolean {
  const flag = words[index];
  if (flag === undefined || !flag.startsWith("-") || flag.includes("=")) return false;
  const command = words.find((w) => !w.startsWith("-")) ?? "";
  return own(flagsOf(command) ?? {}, flag)?.kind === "value";
}

function valueOf(words: readonly string[], ...flags: readonly string[]): string | undefined {
  const at = words.findIndex((word) => flags.includes(word));
  return at >= 0
    ? words[at + 1]
    : words.find((w) => flags.some((flag) => w.startsWith(`${flag}=`)))?.replace(/^[^=]*=/, "");
}

const kindNames = (): readonly string[] => [
  "all",
  ...KINDS.filter((info: KindInfo) => info.support !== "config").flatMap((info) => [info.plural, ...info.shortNames]),
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
