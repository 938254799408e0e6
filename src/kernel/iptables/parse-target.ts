import { parseIP } from "../../base/ip.ts";
import { parseMasked, parseNumber, type Option } from "./parse-match.ts";
import type { RejectWith, Target } from "./types.ts";

const REJECTS: Readonly<Record<string, RejectWith>> = {
  "icmp-port-unreachable": "icmp-port-unreachable",
  "icmp-net-unreachable": "icmp-net-unreachable",
  "icmp-host-unreachable": "icmp-host-unreachable",
  "icmp-proto-unreachable": "icmp-proto-unreachable",
  "icmp-net-prohibited": "icmp-net-prohibited",
  "icmp-host-prohibited": "icmp-host-prohibited",
  "icmp-admin-prohibited": "icmp-admin-prohibited",
  "tcp-reset": "tcp-reset",
  "icmp6-port-unreachable": "icmp-port-unreachable",
  "icmp6-no-route": "icmp-net-unreachable",
  "icmp6-addr-unreachable": "icmp-host-unreachable",
  "icmp6-adm-prohibited": "icmp-admin-prohibited",
};

const NAT_FLAGS: readonly string[] = ["--random", "--random-fully", "--persistent"];

/** `1.2.3.4`, `1.2.3.4:80`, `[fd00::1]:80`; ranges are not taken. */
function parseNatTarget(text: string): { readonly ip: string; readonly port: number | null } | null {
  if (parseIP(text) !== null) return { ip: text, port: null };
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]+)):(?<port>\d+)$/.exec(text);
  const ip = match?.groups?.["v6"] ?? match?.groups?.["v4"];
  if (ip === undefined || parseIP(ip) === null) return null;
  return { ip, port: Number(match?.groups?.["port"]) };
}

function nat(kind: "dnat" | "snat", option: string, options: readonly Option[]): Target | null {
  const [first, ...rest] = options;
  const to = first?.name === option ? parseNatTarget(first.values[0] ?? "") : null;
  if (to === null || !rest.every((o) => NAT_FLAGS.includes(o.name))) return null;
  return rest.length === 0 ? { kind, ...to } : { kind, ...to, flags: rest.map((o) => o.name).join(" ") };
}

function markTarget(options: readonly Option[]): Target | null {
  const [option, ...rest] = options;
  if (option === undefined || rest.length > 0) return null;
  const value = parseNumber(option.values[0]);
  switch (option.name) {
    case "--set-xmark": {
      const masked = parseMasked(option.values[0]);
      return masked === null ? null : { kind: "mark", ...masked };
    }
    case "--set-mark": {
      // The kernel clears the mask's bits and the value's too, so that the value is what they become.
      const masked = parseMasked(option.values[0]);
      return masked === null ? null : { kind: "mark", value: masked.value, mask: (masked.mask | masked.value) >>> 0 };
    }
    case "--or-mark":
      return value === null ? null : { kind: "mark", value, mask: value };
    case "--xor-mark":
      return value === null ? null : { kind: "mark", value, mask: 0 };
    case "--and-mark":
      return value === null ? null : { kind: "mark", value: 0, mask: ~value >>> 0 };
    default:
      return null;
  }
}

/** The target that `-j NAME` with these options stands for; null when we do not know it. Chains are not its business. */
export function parseTarget(name: string, options: readonly Option[]): Target | null {
  const bare = options.length === 0;
  switch (name) {
    case "ACCEPT":
      return bare ? { kind: "accept" } : null;
    case "DROP":
      return bare ? { kind: "drop" } : null;
    case "RETURN":
      return bare ? { kind: "return" } : null;
    case "REJECT": {
      if (bare) return { kind: "reject", with: "icmp-port-unreachable" };
      const reject =
        options.length === 1 && options[0]?.name === "--reject-with" ? REJECTS[options[0].values[0] ?? ""] : undefined;
      return reject === undefined ? null : { kind: "reject", with: reject };
    }
    case "DNAT":
      return nat("dnat", "--to-destination", options);
    case "SNAT":
      return nat("snat", "--to-source", options);
    case "MASQUERADE":
      if (bare) return { kind: "masquerade", randomFully: false };
      return options.length === 1 && options[0]?.name === "--random-fully"
        ? { kind: "masquerade", randomFully: true }
        : null;
    case "REDIRECT": {
      if (bare) return { kind: "redirect", port: null };
      const text = options.length === 1 && options[0]?.name === "--to-ports" ? options[0].values[0] : undefined;
      const port = text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
      return port === null ? null : { kind: "redirect", port };
    }
    case "MARK":
      return markTarget(options);
    default:
      return null;
  }
}
