/** `npm run -s kubehop -- ...`: the same core in Node. Any simulated outcome exits 0; bad input goes to stderr and exits 1. */
import { readFileSync } from "node:fs";
import type { ProxyMode } from "./model/config/types.ts";
import type { Diagnostic } from "./model/trace/diagnostic.ts";
import type { Hop, Protocol, Request, Walk } from "./model/trace/types.ts";
import { runConsole } from "./kubectl/console.ts";
import { createWorld } from "./world/world.ts";
import type { World } from "./world/types.ts";

const USAGE = `usage:
  kubehop kubectl -f FILE... -- get svc -A -o wide
  kubehop rules FILE... --node NAME [--mode iptables|nftables|ipvs|userspace] [--format save|nft|ipvsadm|json]
  kubehop trace FILE... --from F --to T [--protocol tcp|udp|icmp] [--family 4|6] [--mode M] [--seed N] [--explore] [--json]

F is pod/NS/NAME, deploy/NS/NAME, node/NAME or client/NAME.
T is IP:PORT, service/NS/NAME:PORT, lb/NS/NAME:PORT, node/NAME:PORT or pod/NS/NAME:PORT.
FILE may repeat; - is standard input.
`;

/** Bad input: said on stderr, exit 1. */
class Refused extends Error {}

interface Parsed {
  readonly files: readonly string[];
  readonly options: Readonly<Record<string, string>>;
}

const SWITCHES = new Set(["--explore", "--json"]);
const OPTIONS = new Set(["--from", "--to", "--protocol", "--family", "--mode", "--seed", "--node", "--format"]);

function parse(argv: readonly string[]): Parsed {
  const files: string[] = [];
  const options: Record<string, string> = {};
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] as string;
    if (arg === "-f" || arg === "--filename") {
      const file = argv[++i];
      if (file === undefined) throw new Refused(`${arg} needs a file`);
      files.push(file);
    } else if (!arg.startsWith("--")) {
      files.push(arg);
    } else {
      const equals = arg.indexOf("=");
      const name = equals < 0 ? arg : arg.slice(0, equals);
      if (SWITCHES.has(name)) options[name] = "true";
      else if (OPTIONS.has(name)) {
        const value = equals < 0 ? argv[++i] : arg.slice(equals + 1);
        if (value === undefined) throw new Refused(`${name} needs a value`);
        options[name] = value;
      } else throw new Refused(`unknown option ${name}\n\n${USAGE}`);
    }
  }
  return { files, options };
}

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  const found = allowed.find((a) => a === value);
  if (found === undefined) throw new Refused(`${name} must be one of ${allowed.join(", ")}, not ${JSON.stringify(value)}`);
  return found;
}

function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new Refused(`${name} must be a whole number, not ${JSON.stringify(value)}`);
  return Number(value);
}

/** All files as one multi-document text, with the line at which each begins: messages name the file the user knows. */
function readFiles(files: readonly string[]): { text: string; place: (line: number) => string } {
  if (files.length === 0) throw new Refused(`no FILE was given\n\n${USAGE}`);
  const parts: { file: string; from: number }[] = [];
  const texts: string[] = [];
  let line = 1;
  for (const file of files) {
    let text: string;
    try {
      text = readFileSync(file === "-" ? 0 : file, "utf8");
    } catch {
      throw new Refused(`error: the path "${file}" does not exist`);
    }
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

function complain(diagnostics: readonly Diagnostic[], place: (line: number) => string): void {
  for (const d of diagnostics) {
    if (d.severity !== "info") console.error(`${place(d.range.startLine)}: ${d.severity}: ${d.message}`);
  }
}

function load(files: readonly string[], options: Readonly<Record<string, string>>): World {
  const { text, place } = readFiles(files);
  const world = createWorld({ seed: wholeNumber("--seed", options["--seed"]) ?? null });
  world.dispatch({ type: "text", text });
  complain(world.report.diagnostics, place);
  if (!world.report.accepted) throw new Refused("");
  const mode = options["--mode"];
  if (mode !== undefined) {
    const wanted = oneOf<ProxyMode>("--mode", mode, ["iptables", "nftables", "ipvs", "userspace"], "iptables");
    if (wanted !== world.mode) {
      const { refusal } = world.dispatch({ type: "mode", mode: wanted });
      if (refusal !== null) throw new Refused(refusal.message);
    }
  }
  return world;
}

function kubectl(argv: readonly string[]): void {
  const split = argv.indexOf("--");
  const { files, options } = parse(split < 0 ? argv : argv.slice(0, split));
  const command = split < 0 ? [] : argv.slice(split + 1);
  if (command.length === 0) throw new Refused(`nothing after --: say what kubectl should do, as in -- get svc\n\n${USAGE}`);
  const { stdout, stderr, code } = runConsole(load(files, options), ["kubectl", ...command]);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
}

const FORMATS: Readonly<Record<ProxyMode, string>> = { iptables: "save", nftables: "nft", ipvs: "ipvsadm", userspace: "save" };

function rules(argv: readonly string[]): void {
  const { files, options } = parse(argv);
  const node = options["--node"];
  if (node === undefined) throw new Refused("--node NAME is needed: rules are a node's own");
  const world = load(files, options);
  const format = oneOf("--format", options["--format"], ["save", "nft", "ipvsadm", "json"], FORMATS[world.mode] as "save");
  if (format === "json") {
    const probe = world.rulesText(node);
    if ("message" in probe) throw new Refused(probe.message);
    const { rows } = world.ruleRows({ node, table: null, search: "", offset: 0, limit: Number.MAX_SAFE_INTEGER });
    console.log(JSON.stringify(rows, null, 2));
    return;
  }
  if (format !== FORMATS[world.mode]) {
    throw new Refused(`--format ${format} does not go with mode ${world.mode}, whose rules print as ${FORMATS[world.mode]}`);
  }
  const printed = world.rulesText(node);
  if ("message" in printed) throw new Refused(printed.message);
  process.stdout.write(printed.text);
}

const hopJson = (hop: Hop): unknown => ({
  place: hop.place,
  iface: hop.iface,
  stage: hop.stage,
  rule: hop.rule?.text ?? null,
  considered: hop.considered,
  before: hop.before,
  after: hop.after,
  verdict: hop.verdict,
  note: hop.note,
});

const walkJson = (walk: Walk): unknown => ({ hops: walk.hops.map(hopJson), reply: walk.reply.map(hopJson) });

const outcomeJson = (walk: Walk): unknown => ({
  probability: walk.probability,
  outcome: walk.outcome,
  symptom: walk.symptom,
  backend: walk.backend,
  sourceSeen: walk.sourceSeen,
});

function walkLines(walk: Walk): readonly string[] {
  const line = (arrow: string, hop: Hop): string[] => {
    const { before, after } = hop;
    const name = (h: typeof before): string => `${h.src}:${h.sport} > ${h.dst}:${h.dport}`;
    const changed = name(before) === name(after) ? "" : `  =>  ${name(after)}`;
    const rule = hop.rule === null ? [] : [`       ${hop.rule.text}`];
    return [`  ${arrow} ${hop.place}  ${hop.stage}  ${name(before)}${changed}`, ...rule, `       ${hop.note}`];
  };
  return [
    `${(walk.probability * 100).toFixed(2)} %  ${walk.outcome}  ${walk.backend === null ? "" : `${walk.backend.pod ?? walk.backend.ip} saw ${walk.sourceSeen ?? "nobody"}`}`.trimEnd(),
    `  ${walk.symptom}`,
    ...walk.hops.flatMap((hop) => line("->", hop)),
    ...walk.reply.flatMap((hop) => line("<-", hop)),
  ];
}

function trace(argv: readonly string[]): void {
  const { files, options } = parse(argv);
  const from = options["--from"];
  const to = options["--to"];
  if (from === undefined || to === undefined) throw new Refused(`--from and --to are needed\n\n${USAGE}`);
  const protocol = oneOf<Protocol>("--protocol", options["--protocol"], ["tcp", "udp", "icmp", "sctp"], "tcp");
  const family = options["--family"] === undefined ? undefined : oneOf("--family", options["--family"], ["4", "6"], "4");
  const request: Request = { from, to, protocol, ...(family === undefined ? {} : { family: family === "4" ? 4 : 6 }) };
  const world = load(files, options);
  let walks: readonly Walk[];
  if (options["--explore"] === "true") {
    const explored = world.explore(request);
    if ("message" in explored) throw new Refused(explored.message);
    walks = explored.walks;
  } else {
    const walk = world.probe(request);
    if ("message" in walk) throw new Refused(walk.message);
    walks = [walk];
  }
  if (options["--json"] === "true") {
    console.log(JSON.stringify({ outcomes: walks.map(outcomeJson), walks: walks.map(walkJson) }, null, 2));
  } else {
    console.log(walks.map((walk) => walkLines(walk).join("\n")).join("\n\n"));
  }
}

function main(argv: readonly string[]): void {
  const [command, ...rest] = argv;
  switch (command) {
    case "kubectl":
      return kubectl(rest);
    case "rules":
      return rules(rest);
    case "trace":
      return trace(rest);
    case undefined:
    case "help":
    case "--help":
      console.log(USAGE);
      return;
    default:
      throw new Refused(`unknown command ${JSON.stringify(command)}\n\n${USAGE}`);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  if (error.message !== "") console.error(error.message);
  process.exitCode = 1;
}
