/** `host`, of BIND 9.18, and `getent hosts`. */
import { isIPv6, parseIP } from "../../../base/ip.ts";
import { SECOND } from "../../../base/time.ts";
import { reverseName } from "../../../dns/names.ts";
import type { DnsRecord, DnsResponse, DnsType } from "../../../model/trace/message.ts";
import { candidates } from "../../../network/search-list.ts";
import type { Output } from "../../output.ts";
import {
  type Asked,
  askOnce,
  type Asker,
  DNS_PORT,
  type DnsTool,
  isOver,
  lookUpName,
  question,
  resolverOf,
  typeNamed,
} from "./ask.ts";

const TRIES = 2;
const bare = (name: string): string => name.replace(/\.$/, "");
const RCODES: Readonly<Record<DnsResponse["rcode"], number>> = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 };

export const host: DnsTool = (words, asker) => {
  let type: DnsType | null = null;
  const operands: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as string;
    if (word === "-t") {
      const text = words[++i] ?? "";
      type = typeNamed(text);
      if (type === null) return { stdout: "", stderr: `host: invalid type: ${text}\n`, code: 1 };
    } else if (word === "-W" || word === "-R" || word === "-N" || word === "-c") i += 1;
    else if (!word.startsWith("-")) operands.push(word);
  }
  const [name, given] = operands;
  if (name === undefined)
    return {
      stdout: "",
      stderr:
        "Usage: host [-aCdilrTvVw] [-c class] [-N ndots] [-t type] [-W time]\n            [-R number] [-m flag] [-p port] hostname [server]\n",
      code: 1,
    };
  let server = given ?? resolverOf(asker).nameservers[0] ?? "127.0.0.1";
  if (parseIP(server) === null) {
    const [found] = lookUpName(asker, server, ["A"])?.addresses ?? [];
    if (found === undefined)
      return { stdout: "", stderr: `host: couldn't get address for '${server}': not found\n`, code: 1 };
    server = found;
  }
  const head =
    given === undefined ? "" : `Using domain server:\nName: ${given}\nAddress: ${server}#${DNS_PORT}\nAliases: \n\n`;
  const reverse = parseIP(name) === null ? null : reverseName(name);
  const types: readonly DnsType[] = reverse !== null ? ["PTR"] : type === null ? ["A", "AAAA"] : [type];
  const names = reverse === null ? candidates(name, resolverOf(asker)) : [reverse];
  return answers(asker, { head, names, types, server, isGiven: type !== null });
};

interface Plan {
  readonly head: string;
  readonly names: readonly string[];
  readonly types: readonly DnsType[];
  readonly server: string;
  readonly isGiven: boolean;
}

function answers(asker: Asker, { head, names, types, server, isGiven }: Plan): Output {
  let complaints = "";
  for (const [i, candidate] of names.entries()) {
    let stdout = "";
    for (const [j, type] of types.entries()) {
      let asked: Asked | null = null;
      for (let attempt = 0; attempt < TRIES && (asked?.response ?? null) === null; attempt++) {
        if (isOver(asker)) return { stdout: complaints + stdout, stderr: "", code: 124 };
        asked = askOnce(asker, question(candidate, type), {
          server,
          port: DNS_PORT,
          protocol: "udp",
          patience: 5 * SECOND,
        });
        if (asked.why === "impossible") return { stdout: "", stderr: `host: ${asked.message}\n`, code: 1 };
        if (asked.response === null) complaints += `;; communications error to ${server}#${DNS_PORT}: ${asked.why}\n`;
      }
      const response = asked?.response ?? null;
      if (response === null)
        return { stdout: `${complaints}${stdout};; no servers could be reached\n`, stderr: "", code: 1 };
      if (response.rcode !== "NOERROR") {
        if (j > 0) break;
        if (i < names.length - 1) break;
        const rcode = response.rcode;
        return {
          stdout: `${complaints}${head}Host ${bare(candidate)} not found: ${RCODES[rcode]}(${rcode})\n`,
          stderr: "",
          code: 1,
        };
      }
      if (j === 0) stdout += head;
      stdout += response.answer.map((record) => (j > 0 && record.type === "CNAME" ? "" : line(record))).join("");
      if (response.answer.length === 0 && isGiven) stdout += `${bare(candidate)} has no ${type} record\n`;
      if (j === types.length - 1) return { stdout: complaints + stdout, stderr: "", code: 0 };
    }
    if (stdout !== "") return { stdout: complaints + stdout, stderr: "", code: 0 };
  }
  return { stdout: complaints, stderr: "", code: 1 };
}

const WORDS: Readonly<Record<DnsRecord["type"], string>> = {
  A: "has address",
  AAAA: "has IPv6 address",
  CNAME: "is an alias for",
  PTR: "domain name pointer",
  SRV: "has SRV record",
  TXT: "descriptive text",
  NS: "name server",
  SOA: "has SOA record",
};

function line({ name, type, data }: DnsRecord): string {
  return `${bare(name)} ${WORDS[type]} ${data}\n`;
}

/** `getent hosts NAME`: what the C library makes of a name; addresses by their names too. */
export const getent: DnsTool = (words, asker) => {
  const [database, ...names] = words.filter((word) => !word.startsWith("-"));
  if (database === undefined) return { stdout: "", stderr: "getent: wrong number of arguments\n", code: 1 };
  if (!/^(hosts|ahosts|ahostsv4|ahostsv6)$/.test(database)) {
    return {
      stdout: "",
      stderr: `Unknown database: ${database}\nTry \`getent --help' or \`getent --usage' for more information.\n`,
      code: 1,
    };
  }
  let stdout = "";
  let code = 0;
  for (const name of names) {
    const lines = database === "hosts" ? hostsLines(asker, name) : allLines(asker, name, database);
    stdout += lines;
    if (lines === "") code = 2;
  }
  return { stdout, stderr: "", code };
};

/** gethostbyname2() asks for IPv6 first, and takes the first family that there is. */
function hostsLines(asker: Asker, name: string): string {
  if (parseIP(name) !== null) {
    const asked = askOnce(asker, question(reverseName(name) ?? name, "PTR"), {
      server: resolverOf(asker).nameservers[0] ?? "127.0.0.1",
      port: DNS_PORT,
      protocol: "udp",
      patience: 5 * SECOND,
    });
    const found = asked.response?.answer[0]?.data;
    return found === undefined ? "" : `${name.padEnd(15)} ${bare(found)}\n`;
  }
  const found = lookUpName(asker, name, ["AAAA"]) ?? lookUpName(asker, name, ["A"]);
  return (found?.addresses ?? []).map((ip) => `${ip.padEnd(15)} ${found?.name ?? name}\n`).join("");
}

function allLines(asker: Asker, name: string, database: string): string {
  const types = { ahosts: ["A", "AAAA"], ahostsv4: ["A"], ahostsv6: ["AAAA"] } as const;
  const found = lookUpName(asker, name, types[database as keyof typeof types]);
  const sorted = (found?.addresses ?? []).toSorted((a, b) => Number(isIPv6(b)) - Number(isIPv6(a)));
  return sorted
    .flatMap((ip, i) =>
      ["STREAM", "DGRAM", "RAW"].map((kind, j) =>
        `${ip.padEnd(15)} ${kind.padEnd(6)} ${i + j === 0 ? (found?.name ?? name) : ""}`.trimEnd(),
      ),
    )
    .map((text) => `${text}\n`)
    .join("");
}
