/** The command line: arguments in, output and exit code out. Any simulated outcome is 0; bad input is said on stderr and is 1, as is drift. */
import type { ProxyMode } from "../model/config/types.ts";
import type { Exploration, Request } from "../model/trace/types.ts";
import { objectKey, type ObjectKey } from "../model/meta/types.ts";
import type { RefusedDocument } from "../model/trace/finding.ts";
import type { RaceChange } from "../model/trace/race.ts";
import type { World } from "../world/types.ts";
import { balancersText } from "./balancers.ts";
import { checkText } from "./check.ts";
import { load, type Loaded, oneOf, parse, type Parsed, type ReadFile, USAGE, wholeNumber } from "./cli-input.ts";
import { requestIn } from "./cli-request.ts";
import { runConsole } from "./console.ts";
import { driftText } from "./drift.ts";
import { matrixText } from "./matrix.ts";
import type { Output } from "./output.ts";
import { raceText } from "./race.ts";
import { Refused } from "./refused.ts";
import { traceJson, traceText } from "./trace.ts";
import { clusterJson, clusterText, whyJson, whyText } from "./why.ts";

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

/** Why a request does not arrive. */
function why(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const isAll = parsed.options["--from"] === undefined && parsed.options["--to"] === undefined;
  const loaded = load(parsed, read, "keep");
  const { world } = loaded;
  if (isAll) return whyOfAll(loaded, parsed.options["--json"] === "true");
  const diagnosis = world.why(requestIn(world, parsed));
  if ("message" in diagnosis) throw new Refused(diagnosis.message);
  const stdout = parsed.options["--json"] === "true" ? whyJson(diagnosis) : whyText(diagnosis);
  return { stdout, stderr: complaintsOf(loaded, diagnosis.refused), code: 0 };
}

function whyOfAll(loaded: Loaded, isJson: boolean): Output {
  const { world, warnings } = loaded;
  const diagnosis = world.whyAll();
  if ("message" in diagnosis) throw new Refused(warnings === "" ? diagnosis.message : warnings.trimEnd());
  const stdout = isJson ? clusterJson(diagnosis) : clusterText(diagnosis);
  return { stdout, stderr: complaintsOf(loaded, diagnosis.refused), code: 0 };
}

/** What was wrong with the text at first, and with what was left of it without that. */
function complaintsOf({ warnings, place }: Loaded, refused: readonly RefusedDocument[] = []): string {
  const more = refused.flatMap(({ messages, range }) =>
    messages.flatMap((message) =>
      warnings.includes(message) ? [] : [`${place(range.startLine)}: error: ${message}\n`],
    ),
  );
  return warnings + more.join("");
}

/** Whether requests end as the text expects. */
function check(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const { world, warnings, place } = load(parsed, read);
  const report = world.check();
  const isJson = parsed.options["--json"] === "true";
  const none = report.results.length === 0 ? "warning: there is no Expectation in the text\n" : "";
  const stdout = isJson ? `${JSON.stringify(report, null, 2)}\n` : checkText(report, place);
  return { stdout, stderr: warnings + none, code: report.failed === 0 ? 0 : 1 };
}

/** Who reaches what, in the mode of each node, in one mode on all of them, or in all modes one after the other. */
function matrix(argv: readonly string[], read: ReadFile): Output {
  const given = parse(argv);
  const { "--mode": mode, ...options } = given.options;
  const parsed = mode === "all" ? { ...given, options } : given;
  const { world, warnings } = load(parsed, read);
  const modes = mode === "all" ? { modes: ["iptables", "nftables", "ipvs"] as const } : {};
  const found = world.matrix({ findings: true, ...modes });
  if ("message" in found) throw new Refused(found.message);
  const stdout = options["--json"] === "true" ? `${JSON.stringify(found, null, 2)}\n` : matrixText(found);
  return { stdout, stderr: warnings, code: 0 };
}

/** `deploy/NS/NAME` as the key of an object. */
function deploymentKey(name: string, text: string): ObjectKey {
  const [kind = "", namespace = "", deployment = "", ...rest] = text.split("/");
  if (!/^deploy(ment)?$/.test(kind) || deployment === "" || rest.length > 0)
    throw new Refused(`${name} must be deploy/NAMESPACE/NAME, not ${JSON.stringify(text)}`);
  return objectKey("Deployment", namespace, deployment);
}

/** The one change that the options name. */
function changeOf({ options }: Parsed): RaceChange {
  const { "--rollout": rollout, "--drain": node, "--scale": scale } = options;
  if ([rollout, node, scale].filter((one) => one !== undefined).length !== 1)
    throw new Refused(`one of --rollout, --drain and --scale is needed\n\n${USAGE}`);
  if (rollout !== undefined) return { type: "rollout", deployment: deploymentKey("--rollout", rollout) };
  if (node !== undefined) return { type: "drain", node };
  const [target = "", replicas] = (scale ?? "").split("=");
  const number = wholeNumber("--scale deploy/NAMESPACE/NAME=N", replicas ?? "");
  return { type: "scale", deployment: deploymentKey("--scale", target), replicas: number ?? 0 };
}

/** What a change under load loses, over seeds, and what closes the race. */
function race(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const { options } = parsed;
  const change = changeOf(parsed);
  const [from, to, rate] = [options["--from"], options["--to"], wholeNumber("--rate", options["--rate"])];
  const seeds = wholeNumber("--seeds", options["--seeds"]) ?? 5;
  if (seeds < 1 || seeds > 1_000) throw new Refused("--seeds must be from 1 to 1000");
  const { world, warnings } = load(parsed, read);
  const given = {
    change,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(rate === undefined ? {} : { rate }),
  };
  const found = world.race({ ...given, seeds });
  if ("message" in found) throw new Refused(found.message);
  const stdout = options["--json"] === "true" ? `${JSON.stringify(found, null, 2)}\n` : raceText(found);
  return { stdout, stderr: warnings, code: 0 };
}

function trace(argv: readonly string[], read: ReadFile): Output {
  const parsed = parse(argv);
  const { options } = parsed;
  const { world, warnings } = load(parsed, read);
  const found = explorationOf(world, requestIn(world, parsed), options["--explore"] === "true");
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
  const own = rest.slice(0, rest.includes("--") ? rest.indexOf("--") : rest.length);
  if (own.includes("--help") || own.includes("-h")) return { stdout: USAGE, stderr: "", code: 0 };
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
      case "matrix":
        return matrix(rest, read);
      case "race":
        return race(rest, read);
      case "check":
        return check(rest, read);
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
