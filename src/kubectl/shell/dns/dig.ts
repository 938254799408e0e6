/** `dig`, of BIND 9.18. */
import { parseIP } from "../../../base/ip.ts";
import { SECOND, timestamp } from "../../../base/time.ts";
import { labelsOf, reverseName } from "../../../dns/names.ts";
import type { DnsRecord, DnsResponse, DnsType } from "../../../model/trace/message.ts";
import { candidates } from "../../../network/search-list.ts";
import { rfc1123 } from "../../describe/lines.ts";
import type { Output } from "../../output.ts";
import {
  type Asked,
  type Asker,
  askOnce,
  DNS_PORT,
  type DnsTool,
  isOver,
  lookUpName,
  question,
  resolverOf,
  typeNamed,
} from "./ask.ts";

const VERSION = "9.18.28";

interface Query {
  readonly name: string;
  readonly type: DnsType;
  readonly server: string | null;
  readonly port: number;
  readonly flags: ReadonlyMap<string, string | boolean>;
}

/** `+noall` switches these off, `+all` on. */
const PARTS = ["cmd", "comments", "question", "answer", "authority", "additional", "stats"] as const;
const IGNORED =
  /^(no)?(rdflag|recurse|rec|adflag|ad|cdflag|cd|edns(=\d+)?|bufsize(=\d+)?|cookie|dnssec|do|multiline|multi|crypto|onesoa|defname|ignore|fail|besteffort|aaonly|aaflag|qr|idnout|idnin|nsid|padding(=\d+)?|showsearch|expire|keepopen|unknownformat|class|ttlid|identify|dscp|nssearch|dns64prefix|yaml|badcookie|mapped|zflag|sigchase|subnet=\S*|split(=\d+)?|retry=\d+|ndots=\d+|domain=\S*)$/;

export const dig: DnsTool = (words, asker) => {
  const parsed = parse(words);
  if (typeof parsed === "string") return { stdout: "", stderr: `${parsed}\n`, code: 1 };
  if (parsed.length === 0) return { stdout: `DiG ${VERSION}\n`, stderr: "", code: 0 };
  let stdout = "";
  let stderr = "";
  let code = 0;
  for (const [i, query] of parsed.entries()) {
    const output = run(asker, query, words, i === 0);
    stdout += output.stdout;
    stderr += output.stderr;
    code = Math.max(code, output.code);
    if (isOver(asker)) break;
  }
  return { stdout, stderr, code };
};

/** The queries of a command line, or a complaint; none for -v. */
function parse(words: readonly string[]): readonly Query[] | string {
  const queries: { name: string; type: DnsType }[] = [];
  const flags = new Map<string, string | boolean>();
  let server: string | null = null;
  let port = DNS_PORT;
  let type: DnsType | null = null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    const value = (): string => words[++i] ?? "";
    if (word.startsWith("@")) server = word.slice(1);
    else if (word.startsWith("+")) {
      const flag = word.slice(1);
      const match = /^(no)?([a-z0-9]+)(?:=(.*))?$/i.exec(flag);
      if (match === null) return `Invalid option: ${word}`;
      const [, no, name = "", given] = match;
      if (name === "all") for (const part of PARTS) flags.set(part, no === undefined);
      else if (name === "trace" || name === "nssearch")
        return `dig: ${word} is not supported here: ask one server with @`;
      else if (
        /^(short|search|tcp|vc|time|timeout|tries|ttlid|stats|question|answer|authority|additional|comments|cmd)$/.test(
          name,
        )
      ) {
        flags.set(
          name === "vc" ? "tcp" : name === "timeout" ? "time" : name,
          no === undefined ? (given ?? true) : false,
        );
      } else if (!IGNORED.test(flag)) return `Invalid option: ${word}`;
    } else if (word === "-v") return [];
    else if (word === "-x") {
      const ip = value();
      const name = reverseName(ip);
      if (name === null) return `dig: Invalid IP address ${ip}`;
      queries.push({ name, type: "PTR" });
    } else if (word === "-t" || word === "-c" || word === "-q" || word === "-p") {
      const text = value();
      if (word === "-p") port = Number(text);
      else if (word === "-q") queries.push({ name: text, type: type ?? "A" });
      else if (word === "-t") {
        const named = typeNamed(text);
        if (named === null) return `;; Warning, ignoring invalid type ${text}`;
        type = named;
        const last = queries.at(-1);
        if (last !== undefined) last.type = named;
      }
    } else if (word === "-4" || word === "-6" || word === "-u" || word === "-r" || /^in$/i.test(word)) continue;
    else if (word.startsWith("-")) return `dig: ${word} is not supported here`;
    else {
      const named = typeNamed(word);
      const last = queries.at(-1);
      if (named !== null && last !== undefined) last.type = named;
      else if (named !== null && !word.includes(".")) type = named;
      else queries.push({ name: word, type: type ?? "A" });
    }
  }
  const asked = queries.length > 0 ? queries : [{ name: ".", type: type ?? ("NS" as const) }];
  return asked.map((query) => ({ ...query, server, port, flags }));
}

function run(asker: Asker, query: Query, words: readonly string[], first: boolean): Output {
  const { flags } = query;
  const shown = (part: (typeof PARTS)[number]): boolean => flags.get(part) !== false && flags.get("short") !== true;
  const resolver = resolverOf(asker);
  const servers = query.server === null ? resolver.nameservers : serversNamed(asker, query.server);
  if (typeof servers === "string") return { stdout: "", stderr: `${servers}\n`, code: 10 };
  const banner =
    first && shown("cmd") ? `\n; <<>> DiG ${VERSION} <<>> ${words.join(" ")}\n;; global options: +cmd\n` : "";
  const names = flags.get("search") === true ? candidates(query.name, resolver) : [query.name];
  const isTcp = flags.get("tcp") === true;
  const tries = Number(flags.get("tries") ?? 3) || 3;
  const patience = (Number(flags.get("time") ?? 5) || 5) * SECOND;
  let complaints = "";
  let last: { readonly asked: Asked; readonly server: string } | null = null;
  for (const name of names) {
    last = null;
    for (let attempt = 0; attempt < (isTcp ? 1 : tries) && last === null; attempt++) {
      for (const server of servers) {
        if (isOver(asker)) return { stdout: complaints, stderr: "", code: 124 };
        const way = { server, port: query.port, protocol: isTcp ? "tcp" : "udp", patience } as const;
        const asked = askOnce(asker, question(name, query.type), way);
        if (asked.why === "impossible") return { stdout: "", stderr: `dig: ${asked.message}\n`, code: 1 };
        if (asked.response !== null) {
          last = { asked, server };
          break;
        }
        complaints += `;; communications error to ${server}#${query.port}: ${asked.why}\n`;
      }
    }
    if (last === null || last.asked.response?.rcode === "NOERROR") break;
  }
  const response = last?.asked.response ?? null;
  if (last === null || response === null) {
    return {
      stdout: `${complaints}${banner};; no servers could be reached\n${shown("cmd") ? "\n" : ""}`,
      stderr: "",
      code: 9,
    };
  }
  if (flags.get("short") === true) {
    return { stdout: complaints + response.answer.map(({ data }) => `${data}\n`).join(""), stderr: "", code: 0 };
  }
  return { stdout: complaints + banner + message(asker, query, last, response, shown), stderr: "", code: 0 };
}

/** The addresses behind @NAME, or dig's complaint. */
function serversNamed(asker: Asker, server: string): readonly string[] | string {
  if (parseIP(server) !== null) return [server];
  const found = lookUpName(asker, server, ["A"]);
  return found === null ? `dig: couldn't get address for '${server}': not found` : found.addresses.slice(0, 1);
}

type Part = (typeof PARTS)[number];

function message(
  { world }: Asker,
  { port, flags }: Query,
  { asked, server }: { readonly asked: Asked; readonly server: string },
  response: DnsResponse,
  shown: (part: Part) => boolean,
): string {
  const { answer, authority, additional } = response;
  const id = idOf(asked);
  const lines: string[] = [];
  const isPlain = response.flags.includes("ra") || !response.flags.includes("rd");
  if (shown("comments")) {
    lines.push(
      ";; Got answer:",
      `;; ->>HEADER<<- opcode: QUERY, status: ${response.rcode}, id: ${id}`,
      `;; flags: ${response.flags.join(" ")}; QUERY: 1, ANSWER: ${answer.length}, AUTHORITY: ${authority.length}, ADDITIONAL: ${additional.length + 1}`,
      ...(isPlain ? [] : [";; WARNING: recursion requested but not available"]),
      "",
      ";; OPT PSEUDOSECTION:",
      "; EDNS: version: 0, flags:; udp: 1232",
      `; COOKIE: ${cookieOf(id)} (echoed)`,
    );
  }
  if (shown("question")) {
    if (shown("comments")) lines.push(";; QUESTION SECTION:");
    const { name, type } = response.question;
    lines.push(`${columns(`;${name}`, 32, "IN", 40)}${type}`, "");
  }
  const section = (part: "answer" | "authority" | "additional", records: readonly DnsRecord[]): void => {
    if (records.length === 0 || !shown(part)) return;
    if (shown("comments")) lines.push(`;; ${part.toUpperCase()} SECTION:`);
    lines.push(...records.map(recordLine));
    if (shown("comments") || shown("stats")) lines.push("");
  };
  section("answer", answer);
  section("authority", authority);
  section("additional", additional);
  if (shown("stats")) {
    const [weekday = "", day = "", month = "", year = "", clock = ""] = rfc1123(timestamp(world.now))
      .replace(",", "")
      .split(" ");
    lines.push(
      `;; Query time: ${Math.floor(asked.took / 1_000)} msec`,
      `;; SERVER: ${server}#${port}(${server}) (${flags.get("tcp") === true ? "TCP" : "UDP"})`,
      `;; WHEN: ${weekday} ${month} ${day.padStart(2, "0")} ${clock} UTC ${year}`,
      `;; MSG SIZE  rcvd: ${sizeOf(response)}`,
      "",
    );
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** The transaction's number: any, but always the same for the same question. */
function idOf({ walk }: Asked): number {
  return (((walk?.id ?? 0) * 40_503 + (walk?.hops[0]?.before.sport ?? 0)) % 65_535) + 1;
}

function cookieOf(id: number): string {
  return ((BigInt(id) * 0x9e37_79b9_7f4a_7c15n) & 0xffff_ffff_ffff_ffffn).toString(16).padStart(16, "0");
}

/** Tabs and blanks from one column to another, at least one. Source: lib/dns/masterdump.c, indent(). */
function gap(from: number, to: number): string {
  const target = Math.max(to, from + 1);
  const tabs = Math.floor(target / 8) - Math.floor(from / 8);
  return tabs > 0 ? "\t".repeat(tabs) + " ".repeat(target % 8) : " ".repeat(target - from);
}

/** Words at columns: `name`, up to `at`, the next word, up to the next column. */
function columns(first: string, at: number, second: string, next: number): string {
  const start = Math.max(at, first.length + 1);
  return first + gap(first.length, at) + second + gap(start + second.length, next);
}

/** One record: ttl at column 24, class at 32, type at 40, data at 48. */
export function recordLine({ name, ttl, type, data }: DnsRecord): string {
  const words = [String(ttl), "IN", type, data];
  let line = name;
  let column = name.length;
  for (const [i, word] of words.entries()) {
    const to = 24 + 8 * i;
    line += gap(column, to) + word;
    column = Math.max(to, column + 1) + word.length;
  }
  return line;
}

const HEADER = 12;
/** The OPT record with a cookie of eight bytes. */
const OPT = 11 + 12;

function nameSize(name: string): number {
  return labelsOf(name).reduce((sum, label) => sum + label.length + 1, 1);
}

function dataSize({ type, data }: DnsRecord): number {
  const words = data.split(" ");
  switch (type) {
    case "A":
      return 4;
    case "AAAA":
      return 16;
    case "SRV":
      return 6 + nameSize(words[3] ?? "");
    case "SOA":
      return nameSize(words[0] ?? "") + nameSize(words[1] ?? "") + 20;
    case "TXT":
      return data.length - 1;
    default:
      return nameSize(data);
  }
}

/** Bytes of the answer. CoreDNS compresses names only when they would not fit otherwise. */
function sizeOf({ question: { name }, answer, authority, additional }: DnsResponse): number {
  const records = [...answer, ...authority, ...additional];
  return HEADER + nameSize(name) + 4 + records.reduce((sum, r) => sum + nameSize(r.name) + 10 + dataSize(r), 0) + OPT;
}
