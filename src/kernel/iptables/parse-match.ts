import type { Probability } from "../../base/choose.ts";
import { kernelProbabilityText, probabilityText } from "./text.ts";
import type { IpSet } from "../ipvs/ipset.ts";
import type { CtStateName, Match } from "./types.ts";

/** Options of one `-m` module, or the bare options that follow it: each with its `!` and its values. */
export interface Option {
  readonly name: string;
  readonly values: readonly string[];
  readonly invert: boolean;
}

const CT_STATES: readonly CtStateName[] = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"];

const bang = (invert: boolean): { readonly invert?: true } => (invert ? { invert: true } : {});

/** A number as iptables takes it: decimal, or hex with 0x. Null when it is not one. */
export function parseNumber(text: string | undefined): number | null {
  if (text === undefined || !/^(0x[0-9a-fA-F]+|\d+)$/.test(text)) return null;
  return Number(text) >>> 0;
}

/** `value/mask`; without a mask all bits count. */
export function parseMasked(text: string | undefined): { readonly value: number; readonly mask: number } | null {
  if (text === undefined) return null;
  const [left, right] = text.split("/");
  const value = parseNumber(left);
  const mask = right === undefined ? 0xffffffff : parseNumber(right);
  return value === null || mask === null ? null : { value, mask };
}

/** Reads a probability back as the 1/n that it was meant to be, when its digits are those of some 1/n. */
export function parseProbability(text: string): Probability | null {
  const value = Number(text);
  if (!/^[\d.]+$/.test(text) || !(value >= 0 && value <= 1)) return null;
  const of = Math.round(1 / value);
  if (Number.isFinite(of) && of >= 1) {
    const meant = { of };
    if (kernelProbabilityText(meant) === text || probabilityText(meant) === text) return meant;
  }
  return { value };
}

/** `80` or `80:90`, as `--dport` takes it. */
export function parsePort(kind: "sport" | "dport", option: Option): Match | null {
  const range = /^(\d*)(?::(\d*))?$/.exec(option.values[0] ?? "");
  if (range === null || option.values.length !== 1 || option.values[0] === "") return null;
  const from = range[1] === "" ? 0 : Number(range[1]);
  const to = range[2] === undefined ? from : range[2] === "" ? 65_535 : Number(range[2]);
  return { kind, from, to, ...bang(option.invert) };
}

/** The only option of this name, or undefined; null when the module also has options that are not expected. */
function optionsByName(options: readonly Option[], known: readonly string[]): Map<string, Option> | null {
  const map = new Map<string, Option>();
  for (const option of options) {
    if (!known.includes(option.name) || map.has(option.name)) return null;
    map.set(option.name, option);
  }
  return map;
}

function portModule(protocol: "tcp" | "udp" | "sctp", options: readonly Option[]): readonly Match[] | null {
  const matches: Match[] = [{ kind: "module", protocol }];
  for (const option of options) {
    const side = PORT_OPTIONS[option.name];
    const match = side === undefined ? null : parsePort(side, option);
    if (match === null) return null;
    matches.push(match);
  }
  return matches;
}

/** Options that name a port. */
export const PORT_OPTIONS: Readonly<Record<string, "sport" | "dport">> = {
  "--sport": "sport",
  "--source-port": "sport",
  "--dport": "dport",
  "--destination-port": "dport",
};

function addrtype(options: readonly Option[]): readonly Match[] | null {
  const matches: Match[] = [];
  for (const { name, values, invert } of options) {
    const side = name === "--src-type" ? "src" : name === "--dst-type" ? "dst" : null;
    if (side === null || values.length !== 1 || values[0] !== "LOCAL") return null;
    matches.push({ kind: "addrtype", side, type: "LOCAL", ...bang(invert) });
  }
  // Two sides of one `-m addrtype` would be printed as two modules.
  return matches.length === 1 ? matches : null;
}

const PLAIN_STATES: ReadonlySet<string> = new Set(["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED"]);

/** `-m conntrack --ctstate`, or the same under its older name, which knows no NAT bits. */
function conntrack(options: readonly Option[], as?: "state"): readonly Match[] | null {
  const name = as === "state" ? "--state" : "--ctstate";
  const option = optionsByName(options, [name])?.get(name);
  const states = option?.values[0]?.split(",") ?? [];
  if (option === undefined || option.values.length !== 1) return null;
  if (!states.every((s): s is CtStateName => (CT_STATES as readonly string[]).includes(s))) return null;
  if (as === "state" && !states.every((s) => PLAIN_STATES.has(s))) return null;
  return [{ kind: "conntrack", states, ...(as === undefined ? {} : { as }), ...bang(option.invert) }];
}

function recent(options: readonly Option[], family: 4 | 6): readonly Match[] | null {
  const map = optionsByName(options, ["--rcheck", "--set", "--seconds", "--reap", "--name", "--mask", "--rsource"]);
  const list = map?.get("--name")?.values[0];
  if (!map || list === undefined || [...map.values()].some((o) => o.invert)) return null;
  const mask = map.get("--mask")?.values[0];
  const whole = family === 4 ? "255.255.255.255" : "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  if (mask !== undefined && mask !== whole) return null;
  if (map.has("--set"))
    return map.has("--rcheck") || map.has("--seconds") || map.has("--reap") ? null : [{ kind: "recent-set", list }];
  const seconds = parseNumber(map.get("--seconds")?.values[0]);
  if (!map.has("--rcheck") || seconds === null) return null;
  return [{ kind: "recent-check", list, seconds, reap: map.has("--reap") }];
}

function statistic(options: readonly Option[]): readonly Match[] | null {
  const map = optionsByName(options, ["--mode", "--probability"]);
  const text = map?.get("--probability");
  if (!map || map.get("--mode")?.values[0] !== "random" || text === undefined || text.invert) return null;
  const probability = parseProbability(text.values[0] ?? "");
  return probability === null ? null : [{ kind: "statistic", probability }];
}

function mark(options: readonly Option[]): readonly Match[] | null {
  const option = optionsByName(options, ["--mark"])?.get("--mark");
  const masked = parseMasked(option?.values[0]);
  return option === undefined || masked === null ? null : [{ kind: "mark", ...masked, ...bang(option.invert) }];
}

/** A set that is known; of one that is not, nobody can say what is in it. */
function matchSet(options: readonly Option[], sets: ReadonlyMap<string, IpSet> | undefined): readonly Match[] | null {
  const option = optionsByName(options, ["--match-set"])?.get("--match-set");
  const [set, flags] = option?.values ?? [];
  if (option === undefined || option.values.length !== 2 || set === undefined || !sets?.has(set)) return null;
  const sides = (flags ?? "").split(",");
  if (!sides.every((side): side is "src" | "dst" => side === "src" || side === "dst")) return null;
  return [{ kind: "set", set, sides, ...bang(option.invert) }];
}

const PROTOCOLS: Readonly<Record<string, "tcp" | "udp" | "sctp">> = { "6": "tcp", "17": "udp", "132": "sctp" };

function ipvs(options: readonly Option[]): readonly Match[] | null {
  const map = optionsByName(options, ["--vproto", "--vaddr", "--vport"]);
  const ip = map?.get("--vaddr")?.values[0];
  const port = parseNumber(map?.get("--vport")?.values[0]);
  const named = map?.get("--vproto")?.values[0] ?? "";
  const protocol = PROTOCOLS[named] ?? Object.values(PROTOCOLS).find((name) => name === named);
  if (ip === undefined || port === null || protocol === undefined || options.some((o) => o.invert)) return null;
  return [{ kind: "ipvs", ip, port, protocol }];
}

function physdev(options: readonly Option[]): readonly Match[] | null {
  const option = optionsByName(options, ["--physdev-is-in"])?.get("--physdev-is-in");
  return option === undefined || option.values.length > 0 ? null : [{ kind: "physdev-is-in", ...bang(option.invert) }];
}

/** The conditions that a module with these options stands for; null when we do not know it, or not all of it. */
export function parseModule(
  name: string,
  options: readonly Option[],
  family: 4 | 6,
  sets?: ReadonlyMap<string, IpSet>,
): readonly Match[] | null {
  switch (name) {
    case "comment": {
      const option = optionsByName(options, ["--comment"])?.get("--comment");
      return option === undefined || option.invert ? null : [{ kind: "comment", text: option.values.join(" ") }];
    }
    case "tcp":
    case "udp":
    case "sctp":
      return portModule(name, options);
    case "addrtype":
      return addrtype(options);
    case "mark":
      return mark(options);
    case "conntrack":
      return conntrack(options);
    case "state":
      return conntrack(options, "state");
    case "statistic":
      return statistic(options);
    case "nfacct": {
      const option = optionsByName(options, ["--nfacct-name"])?.get("--nfacct-name");
      return option === undefined || option.invert ? null : [{ kind: "nfacct", name: option.values[0] ?? "" }];
    }
    case "recent":
      return recent(options, family);
    case "set":
      return matchSet(options, sets);
    case "ipvs":
      return ipvs(options);
    case "physdev":
      return physdev(options);
    default:
      return null;
  }
}
