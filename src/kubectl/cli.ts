/** The command line: arguments in, output and exit code out. Any simulated outcome is 0; bad input is said on stderr and is 1, as is drift. */
import type { ProxyMode } from "../model/config/types.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import type { Exploration, Protocol, Request } from "../model/trace/types.ts";
import type { World } from "../world/types.ts";
import { createWorld } from "../world/world.ts";
import { balancersText } from "./balancers.ts";
import { runConsole } from "./console.ts";
import { driftText } from "./drift.ts";
import type { Output } from "./output.ts";
import { traceJson, traceText } from "./trace.ts";
import { whyJson, whyText } from "./why.ts";

const USAGE = `usage:
  kubehop kubectl -f FILE... -- get svc -A -o wide
  kubehop sh -f FILE... -- ssh worker-1 curl -s http://10.96.0.10:9153/
  kubehop rules FILE... --node NAME [--mode iptables|nftables|ipvs|userspace] [--family 4|6] [--format save|restore|nft|ipvsadm|json]
  kubehop drift FILE... --node NAME --dump DUMP [--json]
  kubehop balancers FILE... [--json]
  kubehop trace FILE... --from F --to T [--protocol tcp|udp|icmp] [--family 4|6] [--mode M] [--seed N] [--explore] [--json]
  kubehop why FILE... --from F --to T [--protocol tcp|udp|icmp] [--family 4|6] [--mode M] [--json]

drift holds what iptables-save, nft list ruleset, or ipvsadm-save -n and ipset save printed on a node (DUMP) against what kube-proxy would
write there: - is in the dump, + is what would be written. Its exit code is 1 when they differ.

sh runs a line of the terminal: kubectl exec POD -- TOOL ..., ssh NODE TOOL ..., client NAME -- TOOL ..., and loops, quoted as one word:
  'for i in $(seq 10); do kubectl exec client -- curl -s web; done'. TOOL is curl, wget, nc, ncat, telnet, ping, traceroute, tracepath,
  dig, nslookup, host, getent, conntrack, ss, netstat, ip, bridge, arp, sysctl, tcpdump, iptables, nft, ipset, ipvsadm.

F is pod/NS/NAME, deploy/NS/NAME, node/NAME or client/NAME.
T is IP:PORT, service/NS/NAME:PORT, lb/NS/NAME:PORT, node/NAME:PORT or pod/NS/NAME:PORT, or a name that the sender looks up:
web.shop:80, http://web.shop/path.
FILE may repeat; - is standard input.
`;

/** Bad input: said on stderr, exit 1. */
class Refused extends Error {}

interface Parsed {
  readonly files: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

const FILENAME = new Set(["-f", "--filename"]);
const SWITCHES = new Set(["--explore", "--json"]);
const OPTIONS = new Set([
  "--from",
  "--to",
  "--protocol",
  "--family",
  "--mode",
  "--seed",
  "--node",
  "--format",
  "--dump",
]);

function parse(argv: readonly string[]): Parsed {
  const files: string[] = [];
  const options: Record<string, string> = {};
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    const equals = arg.indexOf("=");
    const name = equals < 0 || !arg.startsWith("--") ? arg : arg.slice(0, equals);
    const next = (): string => {
      const value = name === arg ? argv[++i] : arg.slice(equals + 1);
      if (value === undefined) throw new Refused(`${name} needs a ${FILENAME.has(name) ? "file" : "value"}`);
      return value;
    };
    if (FILENAME.has(name)) files.push(next());
    else if (arg === "-" || !arg.startsWith("-")) files.push(arg);
    else if (arg.startsWith("-f")) files.push(arg.slice(2).replace(/^=/, ""));
    else if (SWITCHES.has(name)) options[name] = name === arg ? "true" : next();
    else if (OPTIONS.has(name)) options[name] = next();
    else throw new Refused(`unknown option ${name}\n\n${USAGE}`);
  }
  return { files, options };
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  const found = allowed.find((a) => a === value);
  if (found === undefined)
    throw new Refused(`${name} must be one of ${allowed.join(", ")}, not ${JSON.stringify(value)}`);
  return found;
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new Refused(`${name} must be a whole number, not ${JSON.stringify(value)}`);
  return Number(value);
}

/** Text of a file, of standard input for `-`; null when there is no such file. */
export type ReadFile = (path: string) => string | null;

type Place = (line: number) => string;

/** All files as one multi-document text, with the line at which each begins: messages name the file the user knows. */
function readFiles(files: readonly string[], read: ReadFile): { readonly text: string; readonly place: Place } {
  if (files.length === 0) throw new Refused(`no FILE was given\n\n${USAGE}`);
  const parts: { file: string; from: number }[] = [];
  const texts: string[] = [];
  let line = 1;
  for (const file of files) {
    const text = read(file);
    if (text === null) throw new Refused(`error: the path "${file}" does not exist`);
    if (texts.length > 0) {
      texts.push("---\n");
      line += 1;
    }
    parts.push({ file: file === "-" ? "STDIN" : file, from: line });
    texts.push(text.endsWith("\n") ? text : `${text}\n`);
    line += (texts.at(-1)?.match(/\n/g) ?? []).length;
  }
  const place = (at: number): string => {
    const part = parts.findLast((p) => p.from <= at) ?? parts[0];
    return part === undefined ? String(at) : `${part.file}:${at - part.from + 1}`;
  };
  return { text: texts.join(""), place };
}

/** What is wrong with the text, a line each: `shop.yaml:5: error: ...`. Remarks of our own stay silent here. */
function complaints(diagnostics: readonly Diagnostic[], place: Place): string {
  return diagnostics
    .filter((d) => d.severity !== "info")
    .map((d) => `${place(d.range.startLine)}: ${d.severity}: ${d.message}\n`)
    .join("");
}

interface Loaded {
  readonly world: World;
  /** Warnings about the text, for standard error. */
  readonly warnings: string;
}

function load({ files, options }: Parsed, read: ReadFile): Loaded {
  const { text, place } = readFiles(files, read);
  const world = createWorld({ seed: wholeNumber("--seed", options["--seed"]) ?? null });
  const mode = options["--mode"];
  if (mode !== undefined) {
    // Before there is a node: kube-proxies start in this mode, and nothing of another one is left anywhere.
    const wanted = oneOf<ProxyMode>("--mode", mode, ["iptables", "nftables", "ipvs", "userspace"], "iptables");
    const { refusal } = world.dispatch({ type: "mode", mode: wanted });
    if (refusal !== null) throw new Refused(refusal.message);
  }
  world.dispatch({ type: "text", text });
  const warnings = complaints(world.report.diagnostics, place);
  if (!world.report.accepted) throw new Refused(warnings.trimEnd());
  return { world, warnings };
}

/** The files that a command line names with -f, --patch-file and their kin. */
function filesNamed(command: readonly string[], read: ReadFile): Readonly<Record<string, string>> {
  const names = command.flatMap((word, i) => {
    const inline = /^(?:--[a-z-]*file(?:name)?=|-f=?)(.+)$/.exec(word)?.[1];
    if (inline !== undefined) return [inline];
    return /^(-f|--[a-z-]*file(name)?)$/.test(word) ? [command[i + 1] ?? ""] : [];
  });
  return Object.fromEntries(
    names
      .flatMap((name) => name.split(","))
      .flatMap((name) => {
        const text = name === "" ? null : read(name);
        return text === null ? [] : [[name, text]];
      }),
  );
}

/** `program`: kubectl, or none for a line of the terminal. */
function terminal(program: readonly string[], argv: readonly string[], read: ReadFile): Output {
  const split = argv.indexOf("--");
  const command = split < 0 ? [] : argv.slice(split + 1);
  const what =
    program.length === 0
      ? "say what to run, as in -- ssh worker-1 ip route"
      : "say what kubectl should do, as in -- get svc";
  if (command.length === 0) throw new Refused(`nothing after --: ${what}\n\n${USAGE}`);
  const { world, warnings } = load(parse(split < 0 ? argv : argv.slice(0, split)), read);
  const output = runConsole(world, [...program, ...command], filesNamed(command, read));
  // A terminal opens a tab; here the text is all there is.
  return { ...output, stdout: output.stdout + (output.tab?.text ?? ""), stderr: warnings + output.stderr };
}

/** `restore`: what kube-proxy feeds to `iptables-restore` when it writes everything, in its own words. */
type Format = "save" | "restore" | "nft" | "ipvsadm" | "json";

/** What each mode's rules print as. */
const FORMATS: Readonly<Record<ProxyMode, Format>> = {
  iptables: "save",
  nftables: "nft",
  ipvs: "ipvsadm",
  userspace: "save",
};

function rules(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const node = parsed.options["--node"];
  if (node === undefined) throw new Refused("--node NAME is needed: rules are a node's own");
  const { world, warnings } = load(parsed, read);
  const asked = parsed.options["--family"];
  const family = asked === undefined ? undefined : oneOf("--family", asked, ["4", "6"], "4") === "6" ? 6 : 4;
  const mode = world.modeOf(node);
  const own = FORMATS[mode];
  const format = oneOf<Format>(
    "--format",
    parsed.options["--format"],
    ["save", "restore", "nft", "ipvsadm", "json"],
    own,
  );
  // ipvs mode has iptables rules beside its virtual servers.
  const beside = mode === "ipvs" && format === "save";
  const form = beside ? "iptables" : format === "restore" ? "iptables-restore" : undefined;
  const printed = world.rulesText(node, form, family);
  if ("message" in printed) throw new Refused(printed.message);
  if (format === "json") {
    const { rows } = world.ruleRows({
      node,
      table: null,
      search: "",
      offset: 0,
      limit: Number.MAX_SAFE_INTEGER,
      ...(family === undefined ? {} : { family }),
    });
    return { stdout: `${JSON.stringify(rows, null, 2)}\n`, stderr: warnings, code: 0 };
  }
  if (format !== own && form === undefined) {
    throw new Refused(`--format ${format} does not go with mode ${mode}, whose rules print as ${own}`);
  }
  return { stdout: printed.text, stderr: warnings, code: 0 };
}

function explorationOf(world: World, request: Request, everyBranch: boolean): Exploration {
  const found = everyBranch ? world.explore(request) : world.probe(request);
  if ("message" in found) throw new Refused(found.message);
  return "walks" in found ? found : { walks: [found] };
}

/** The request that --from, --to, --protocol and --family name. */
function requestOf({ options }: Parsed): Request {
  const from = options["--from"];
  const to = options["--to"];
  if (from === undefined || to === undefined) throw new Refused(`--from and --to are needed\n\n${USAGE}`);
  const protocol = oneOf<Protocol>("--protocol", options["--protocol"], ["tcp", "udp", "icmp", "sctp"], "tcp");
  const family = options["--family"] === undefined ? null : oneOf("--family", options["--family"], ["4", "6"], "4");
  return { from, to, protocol, ...(family !== null && { family: family === "4" ? 4 : 6 }) };
}

/** Why a request does not arrive. */
function why(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const request = requestOf(parsed);
  const { world, warnings } = load(parsed, read);
  const diagnosis = world.why(request);
  if ("message" in diagnosis) throw new Refused(diagnosis.message);
  const stdout = parsed.options["--json"] === "true" ? whyJson(diagnosis) : whyText(diagnosis);
  return { stdout, stderr: warnings, code: 0 };
}

function trace(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const { options } = parsed;
  const request = requestOf(parsed);
  const { world, warnings } = load(parsed, read);
  const found = explorationOf(world, request, options["--explore"] === "true");
  return { stdout: options["--json"] === "true" ? traceJson(found) : traceText(found), stderr: warnings, code: 0 };
}

/** A node's dumped rules against what its kube-proxy would write. */
function drift(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const node = parsed.options["--node"];
  const path = parsed.options["--dump"];
  if (node === undefined) throw new Refused("--node NAME is needed: rules are a node's own");
  if (path === undefined) throw new Refused("--dump DUMP is needed: what iptables-save printed on the node");
  const dump = read(path);
  if (dump === null) throw new Refused(`error: the path "${path}" does not exist`);
  const { world, warnings } = load(parsed, read);
  const found = world.drift({ node, dump });
  if ("message" in found) throw new Refused(found.message);
  const { dump: stale, expected, differs } = found.counts;
  const stdout = parsed.options["--json"] === "true" ? `${JSON.stringify(found, null, 2)}\n` : driftText(found);
  return { stdout, stderr: warnings, code: stale + expected + differs === 0 ? 0 : 1 };
}

/** The load balancers that stand: listeners, targets and their health. */
function balancers(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const { world, warnings } = load(parsed, read);
  const reports = world.balancers();
  const isJson = parsed.options["--json"] === "true";
  const stdout = isJson ? `${JSON.stringify(reports, null, 2)}\n` : balancersText(reports, world.now);
  return { stdout, stderr: warnings, code: 0 };
}

/** Runs one command line (without the program's name). Throws only on our own bugs. */
export function runCli(argv: readonly string[], read: ReadFile): Output {
  const [command, ...rest] = argv;
  try {
    switch (command) {
      case "kubectl":
        return terminal(["kubectl"], rest, read);
      case "sh":
        return terminal([], rest, read);
      case "rules":
        return rules(rest, read);
      case "drift":
        return drift(rest, read);
      case "balancers":
        return balancers(rest, read);
      case "trace":
        return trace(rest, read);
      case "why":
        return why(rest, read);
      case undefined:
      case "help":
      case "--help":
        return { stdout: USAGE, stderr: "", code: 0 };
      default:
        throw new Refused(`unknown command ${JSON.stringify(command)}\n\n${USAGE}`);
    }
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { stdout: "", stderr: `${error.message}\n`, code: 1 };
  }
}
