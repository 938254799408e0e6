/** What a command line is given: its files and options read, and the world that they make. */
import type { ProxyMode } from "../model/config/types.ts";
import type { Diagnostic } from "../model/trace/diagnostic.ts";
import { happen } from "./cli-after.ts";
import type { World } from "../world/types.ts";
import { createWorld } from "../world/world.ts";
import { Refused } from "./refused.ts";

export const USAGE = `usage:
  kubehop kubectl -f FILE... -- get svc -A -o wide
  kubehop sh -f FILE... -- ssh worker-1 curl -s http://10.96.0.10:9153/
  kubehop rules FILE... --node NAME [--mode iptables|nftables|ipvs|userspace] [--family 4|6] [--format save|restore|nft|ipvsadm|json]
  kubehop drift FILE... --node NAME --dump DUMP [--json]
  kubehop balancers FILE... [--json]
  kubehop trace FILE... --from F --to T [--protocol tcp|udp|icmp] [--family 4|6] [--mode M] [--seed N] [--explore] [--json]
  kubehop why FILE... [--mode M] [--after LINE]... [--json]
  kubehop why FILE... --from F --to T [--protocol tcp|udp|icmp|sctp] [--family 4|6] [--mode M] [--after LINE]... [--json]
  kubehop matrix FILE... [--mode M|all] [--json]
  kubehop race FILE... --rollout deploy/NS/NAME | --drain NODE | --scale deploy/NS/NAME=N [--from F --to T] [--rate R] [--seeds N] [--json]
  kubehop check FILE... [--mode M] [--json]

why without --from and --to looks at the whole cluster: each Service by each way to it, and what the text itself asks for.
Documents that the API server refuses are left out of it, as kubectl apply would leave them out: they are named first, on standard error
and as "refused" with --json. Its exit code is 0 whatever it finds, 1 only when there is nothing to look at.
check tells whether requests end as the text's Expectations say. Its exit code is 1 when one does not.
race changes something under load, once for each seed, and tells how many requests are lost, when, and what closes it.
drift holds what iptables-save, nft list ruleset, or ipvsadm-save -n and ipset save printed on a node (DUMP) against what kube-proxy would
write there: - is in the dump, + is what would be written. Its exit code is 1 when they differ.

sh runs a line of the terminal: kubectl exec POD -- TOOL ..., ssh NODE TOOL ..., client NAME -- TOOL ..., and loops, quoted as one word:
  'for i in $(seq 10); do kubectl exec client -- curl -s web; done'. TOOL is curl, wget, nc, ncat, telnet, ping, traceroute, tracepath,
  dig, nslookup, host, getent, conntrack, ss, netstat, ip, bridge, arp, sysctl, tcpdump, iptables, nft, ipset, ipvsadm.

F is pod/NS/NAME, deploy/NS/NAME (or sts, ds), node/NAME or client/NAME. A namespace may be left out, and a bare word will do where it is
clear: a pod's name, a node's, app=web, or outside for whoever is not in the cluster.
T is IP:PORT, service/NS/NAME:PORT, lb/NS/NAME:PORT, node/NAME:PORT or pod/NS/NAME:PORT, or a name that the sender looks up:
web.shop:80, http://web.shop/path. Without a port the Service's own is meant; without --protocol that of the Service's port. A host that only
an Ingress has is dialled at its controller, as curl --resolve does.
LINE is what happens once the cluster stands, in turn; so are the lines of a Lab's spec.after. Time passes only by wait. It is one of
  kubectl ...; wait 5s; connect F T [udp]; stop kube-proxy NODE; start kube-proxy NODE; delay kube-proxy NODE 3s; stop node NODE; start node NODE.
FILE may repeat; - is standard input.
`;

export interface Parsed {
  readonly files: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** What is to happen after the text, each --after in turn. */
  readonly after?: readonly string[];
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
  "--rollout",
  "--drain",
  "--scale",
  "--rate",
  "--seeds",
]);

export function parse(argv: readonly string[]): Parsed {
  const files: string[] = [];
  const options: Record<string, string> = {};
  const after: string[] = [];
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
    else if (name === "--after") after.push(next());
    else if (SWITCHES.has(name)) options[name] = name === arg ? "true" : next();
    else if (OPTIONS.has(name)) options[name] = next();
    else throw new Refused(`unknown option ${name}\n\n${USAGE}`);
  }
  return { files, options, after };
}

export function oneOf<T extends string>(
  name: string,
  value: string | undefined,
  allowed: readonly T[],
  fallback: T,
): T {
  if (value === undefined) return fallback;
  const found = allowed.find((a) => a === value);
  if (found === undefined)
    throw new Refused(`${name} must be one of ${allowed.join(", ")}, not ${JSON.stringify(value)}`);
  return found;
}

export function wholeNumber(name: string, value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new Refused(`${name} must be a whole number, not ${JSON.stringify(value)}`);
  return Number(value);
}

/** Text of a file, of standard input for `-`; null when there is no such file. */
export type ReadFile = (path: string) => string | null;

export type Place = (line: number) => string;

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

export interface Loaded {
  readonly world: World;
  /** Warnings about the text, for standard error. */
  readonly warnings: string;
  /** Where a line of the text stands: `shop.yaml:5`. */
  readonly place: Place;
}

export function load(
  { files, options, after = [] }: Parsed,
  read: ReadFile,
  refused: "refuse" | "keep" = "refuse",
): Loaded {
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
  if (!world.report.accepted && refused === "refuse") throw new Refused(warnings.trimEnd());
  if (world.report.accepted) happen(world, after);
  return { world, warnings, place };
}
