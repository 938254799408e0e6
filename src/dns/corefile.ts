/** CoreDNS' configuration: server blocks with their plugins. Source: coredns/caddy caddyfile/parse.go and the plugins' setup.go. */
import { type Result, err, ok } from "../base/result.ts";
import { absolute, isWithin } from "./names.ts";

/** One line of a server block, with the lines of its own block. */
interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  readonly lines: readonly (readonly string[])[];
}

/** What the kubernetes plugin is told. */
export interface KubernetesPlugin {
  /** Absolute and in lower case, the first one for names that it makes up. */
  readonly zones: readonly string[];
  readonly pods: "disabled" | "insecure" | "verified";
  /** Seconds. */
  readonly ttl: number;
  /** Zones whose names go on to the next plugin when there is no such record. */
  readonly fallthrough: readonly string[];
  readonly endpointPodNames: boolean;
  /** Only these; empty: all. */
  readonly namespaces: readonly string[];
  /** `ignore empty_service`: a Service without ready endpoints has no name. */
  readonly ignoreEmpty: boolean;
}

/** How long answers are kept, in seconds, and of which zones. */
export interface CachePlugin {
  readonly success: number;
  readonly denial: number;
  readonly zones: readonly string[];
  readonly uncached: { readonly success: readonly string[]; readonly denial: readonly string[] };
}

export interface ForwardPlugin {
  readonly from: string;
  /** Addresses or a file with nameserver lines. */
  readonly to: readonly string[];
}

export interface ServerBlock {
  readonly zones: readonly string[];
  readonly port: number;
  readonly kubernetes: KubernetesPlugin | null;
  readonly forward: readonly ForwardPlugin[];
  readonly cache: CachePlugin | null;
  readonly loadbalance: boolean;
  /** Plugins that CoreDNS knows and that have no effect here. */
  readonly idle: readonly string[];
}

export interface Corefile {
  readonly servers: readonly ServerBlock[];
}

/** Change nothing that a packet would show. */
const QUIET = ["errors", "health", "ready", "prometheus", "loop", "reload", "log", "bind", "debug", "pprof", "bufsize"];
const WITHOUT_EFFECT =
  "acl any auto autopath azure cancel chaos clouddns dns64 dnssec dnstap erratic etcd file geoip grpc grpc_server header hosts https import k8s_external local metadata minimal multisocket nomad nsid quic rewrite root route53 secondary sign template timeouts tls trace transfer tsig view whoami".split(
    " ",
  );

/** A token and the line that it stands on, from 1. */
interface Token {
  readonly text: string;
  readonly line: number;
}

function tokensOf(text: string): readonly Token[] {
  return text.split("\n").flatMap((line, i) =>
    [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(#.*)|(\S+)/g)].flatMap((match): Token[] => {
      if (match[2] !== undefined) return [];
      return [{ text: match[1] ?? match[3] ?? "", line: i + 1 }];
    }),
  );
}

const complain = (line: number, words: string): Result<never, string> =>
  err(`/etc/coredns/Corefile:${line} - Error during parsing: ${words}`);

/** What stands in braces: lines of words; a directive may have a block of its own. */
function readBlock(tokens: readonly Token[], start: number): Result<{ lines: Directive[]; next: number }, string> {
  const lines: Directive[] = [];
  let at = start;
  while (at < tokens.length) {
    const first = tokens[at] as Token;
    if (first.text === "}") return ok({ lines, next: at + 1 });
    const words: string[] = [];
    let block: readonly (readonly string[])[] = [];
    const { line } = first;
    while (at < tokens.length && tokens[at]?.line === line && tokens[at]?.text !== "}") {
      const { text } = tokens[at] as Token;
      at += 1;
      if (text !== "{") {
        words.push(text);
        continue;
      }
      const inner = readBlock(tokens, at);
      if (!inner.ok) return inner;
      block = inner.value.lines.map(({ name, args }) => [name, ...args]);
      at = inner.value.next;
      break;
    }
    const [name = "", ...args] = words;
    lines.push({ name, args, lines: block });
  }
  return complain(tokens.at(-1)?.line ?? 1, "Unexpected end of file");
}

/** The file's server blocks, or the line with which CoreDNS gives up. */
export function parseCorefile(text: string): Result<Corefile, string> {
  const tokens = tokensOf(text);
  const servers: ServerBlock[] = [];
  let at = 0;
  while (at < tokens.length) {
    const keys: string[] = [];
    while (at < tokens.length && tokens[at]?.text !== "{") keys.push(...(tokens[at++]?.text ?? "").split(/,/));
    const opening = tokens[at];
    if (opening === undefined) return complain(tokens.at(-1)?.line ?? 1, "Unexpected end of file");
    const block = readBlock(tokens, at + 1);
    if (!block.ok) return block;
    at = block.value.next;
    const strange = block.value.lines.find(({ name }) => !isKnown(name));
    if (strange !== undefined) {
      const line = tokens.find((t) => t.text === strange.name)?.line ?? opening.line;
      return complain(line, `Unknown directive '${strange.name}'`);
    }
    const server = serverOf(
      keys.filter((key) => key !== ""),
      block.value.lines,
    );
    if (!server.ok) return complain(opening.line, server.error);
    servers.push(server.value);
  }
  return ok({ servers });
}

function isKnown(name: string): boolean {
  return ["kubernetes", "forward", "cache", "loadbalance", ...QUIET].includes(name) || WITHOUT_EFFECT.includes(name);
}

/** `cluster.local:53`, `dns://.:53`, `10.0.0.0/24`. */
function keyOf(key: string): { readonly zone: string; readonly port: number } {
  const bare = key.replace(/^dns:\/\//, "");
  const match = /^(.*?)(?::(\d+))?$/.exec(bare);
  return { zone: absolute((match?.[1] ?? bare).toLowerCase()), port: Number(match?.[2] ?? 53) };
}

function serverOf(keys: readonly string[], plugins: readonly Directive[]): Result<ServerBlock, string> {
  const read = keys.map(keyOf);
  const zones = read.map(({ zone }) => zone);
  const named = (name: string): readonly Directive[] => plugins.filter((plugin) => plugin.name === name);
  const [kubernetes] = named("kubernetes");
  const [cache] = named("cache");
  const inner = kubernetes === undefined ? null : kubernetesOf(kubernetes, zones);
  if (inner !== null && !inner.ok) return inner;
  const kept = cache === undefined ? null : cacheOf(cache, zones);
  if (kept !== null && !kept.ok) return kept;
  return ok({
    zones,
    port: read[0]?.port ?? 53,
    kubernetes: inner?.value ?? null,
    forward: named("forward").map(({ args: [from = ".", ...to] }) => ({ from: absolute(from.toLowerCase()), to })),
    cache: kept?.value ?? null,
    loadbalance: named("loadbalance").length > 0,
    idle: plugins.map(({ name }) => name).filter((name) => WITHOUT_EFFECT.includes(name)),
  });
}

const normal = (zones: readonly string[]): readonly string[] => zones.map((zone) => absolute(zone.toLowerCase()));

function kubernetesOf({ args, lines }: Directive, zones: readonly string[]): Result<KubernetesPlugin, string> {
  const option = (name: string): readonly string[] | undefined => lines.find(([first]) => first === name)?.slice(1);
  const pods = option("pods")?.[0] ?? "disabled";
  if (pods !== "disabled" && pods !== "insecure" && pods !== "verified") {
    return err(`wrong value for pods: ${pods},  must be one of: disabled, verified, insecure`);
  }
  const ttl = Number(option("ttl")?.[0] ?? 5);
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > 3600) {
    return err(`ttl must be in range [0, 3600]: ${option("ttl")?.[0] ?? ""}`);
  }
  const own = args.length === 0 ? zones : normal(args.flatMap(networkZone));
  const through = option("fallthrough");
  return ok({
    zones: own,
    pods,
    ttl,
    fallthrough: through === undefined ? [] : through.length === 0 ? ["."] : normal(through.flatMap(networkZone)),
    endpointPodNames: option("endpoint_pod_names") !== undefined,
    namespaces: option("namespaces") ?? [],
    ignoreEmpty: option("ignore")?.[0] === "empty_service",
  });
}

/** `10.96.0.0/16` is the zone 96.10.in-addr.arpa; anything else is itself. */
function networkZone(text: string): readonly string[] {
  const match = /^(\d+)\.(\d+)\.(\d+)\.\d+\/(8|16|24)$/.exec(text);
  if (match === null) return [text];
  const parts = match.slice(1, 1 + Number(match[4]) / 8);
  return [`${parts.toReversed().join(".")}.in-addr.arpa.`];
}

/** Without a number an answer is kept as long as it says, at most an hour; a denial half an hour. */
function cacheOf({ args, lines }: Directive, zones: readonly string[]): Result<CachePlugin, string> {
  const [first] = args;
  const ttl = first !== undefined && /^\d+$/.test(first) ? Number(first) : null;
  if (ttl !== null && ttl <= 0) return err(`cache TTL can not be zero or negative: ${first ?? ""}`);
  const own = normal(args.slice(ttl === null ? 0 : 1));
  const limit = (name: "success" | "denial", usual: number): number => {
    const line = lines.find(([word]) => word === name);
    return Number(line?.[2] ?? ttl ?? usual);
  };
  const disabled = (name: string): readonly string[] =>
    lines
      .filter(([word, what]) => word === "disable" && what === name)
      .flatMap(([, , ...of]) => (of.length === 0 ? ["."] : normal(of)));
  return ok({
    success: limit("success", 3_600),
    denial: limit("denial", 1_800),
    zones: own.length === 0 ? zones : own,
    uncached: { success: disabled("success"), denial: disabled("denial") },
  });
}

/** The block that answers for a name: the one with the closest zone. */
export function serverFor({ servers }: Corefile, name: string, port: number): ServerBlock | null {
  let best: { readonly server: ServerBlock; readonly length: number } | null = null;
  for (const server of servers) {
    if (server.port !== port) continue;
    for (const zone of server.zones) {
      const length = zone === "." ? 0 : zone.length;
      if (isWithin(name, zone) && (best === null || length > best.length)) best = { server, length };
    }
  }
  return best?.server ?? null;
}
