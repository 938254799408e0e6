/** `nslookup`, BIND's and busybox's. */
import { joinHostPort, parseIP } from "../../../base/ip.ts";
import { SECOND } from "../../../base/time.ts";
import { reverseName } from "../../../dns/names.ts";
import type { DnsRecord, DnsResponse, DnsType } from "../../../model/trace/message.ts";
import { candidates } from "../../../network/search-list.ts";
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

interface Query {
  readonly name: string;
  readonly types: readonly DnsType[];
  readonly isSearched: boolean;
  readonly server: string;
}

const TRIES = 3;
const bare = (name: string): string => name.replace(/\.$/, "");

export const nslookup: DnsTool = (words, asker) => {
  const isBusybox = asker.kit.flavor === "busybox";
  let type: DnsType | null = null;
  const operands: string[] = [];
  for (const word of words) {
    const option = /^-(?:query|querytype|type|q|ty)=(.+)$/i.exec(word)?.[1];
    if (option !== undefined) {
      type = typeNamed(option);
      if (type === null) return { stdout: "", stderr: `unknown query type: ${option}\n`, code: 1 };
    } else if (!word.startsWith("-")) operands.push(word);
  }
  const [name, given] = operands;
  if (name === undefined) {
    return isBusybox
      ? {
          stdout: "",
          stderr:
            "BusyBox v1.36.1 multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n",
          code: 1,
        }
      : { stdout: "", stderr: "nslookup: an interactive session is not supported here: give a name\n", code: 1 };
  }
  const resolver = resolverOf(asker);
  let server = given ?? resolver.nameservers[0] ?? "127.0.0.1";
  if (parseIP(server) === null) {
    const [found] = lookUpName(asker, server, ["A"])?.addresses ?? [];
    if (found === undefined) {
      return isBusybox
        ? { stdout: "", stderr: `nslookup: bad address '${server}'\n`, code: 1 }
        : { stdout: "", stderr: `nslookup: couldn't get address for '${server}': not found\n`, code: 1 };
    }
    server = found;
  }
  const reverse = parseIP(name) === null ? null : reverseName(name);
  const types: readonly DnsType[] = reverse !== null ? ["PTR"] : type === null ? ["A", "AAAA"] : [type];
  const query: Query = { name: reverse ?? name, types, isSearched: reverse === null, server };
  return isBusybox ? busybox(asker, query) : bind(asker, query);
};

function ask(asker: Asker, name: string, type: DnsType, server: string): Asked {
  return askOnce(asker, question(name, type), { server, port: DNS_PORT, protocol: "udp", patience: 5 * SECOND });
}

/** Names are tried along the search list until one exists; then the AAAA records of that one. */
function bind(asker: Asker, { name, types, isSearched, server }: Query): Output {
  const head = `Server:\t\t${server}\nAddress:\t${server}#${DNS_PORT}\n\n`;
  const names = isSearched ? candidates(name, resolverOf(asker)) : [name];
  let stdout = "";
  let complaints = "";
  for (const [i, candidate] of names.entries()) {
    const isLast = i === names.length - 1;
    let isThere = false;
    for (const [j, type] of types.entries()) {
      let asked: Asked | null = null;
      for (let attempt = 0; attempt < TRIES && (asked?.response ?? null) === null; attempt++) {
        if (isOver(asker)) return { stdout: complaints + stdout, stderr: "", code: 124 };
        asked = ask(asker, candidate, type, server);
        if (asked.why === "impossible") return { stdout: "", stderr: `nslookup: ${asked.message}\n`, code: 1 };
        if (asked.response === null) complaints += `;; communications error to ${server}#${DNS_PORT}: ${asked.why}\n`;
      }
      const response = asked?.response ?? null;
      if (response === null)
        return {
          stdout: `${complaints}${stdout === "" ? "" : head + stdout};; no servers could be reached\n\n`,
          stderr: "",
          code: 1,
        };
      if (response.rcode !== "NOERROR") {
        if (j > 0 || (!isLast && response.rcode === "NXDOMAIN")) break;
        if (!isLast) break;
        return {
          stdout: `${complaints}${head}** server can't find ${bare(candidate)}: ${response.rcode}\n\n`,
          stderr: "",
          code: 1,
        };
      }
      isThere = true;
      const isAuthoritative = response.flags.includes("aa");
      if (j === 0 && !isAuthoritative) stdout += "Non-authoritative answer:\n";
      if (response.answer.length === 0 && types.length === 1)
        stdout += `*** Can't find ${bare(candidate)}: No answer\n`;
      else stdout += shown(response, j > 0);
    }
    if (isThere) {
      const isEmpty = stdout.replace("Non-authoritative answer:\n", "") === "";
      return {
        stdout: `${complaints}${head}${stdout}${isEmpty ? `*** Can't find ${bare(candidate)}: No answer\n` : ""}\n`,
        stderr: "",
        code: isEmpty ? 1 : 0,
      };
    }
  }
  return {
    stdout: `${complaints}${head}** server can't find ${bare(names.at(-1) ?? name)}: SERVFAIL\n\n`,
    stderr: "",
    code: 1,
  };
}

/** `again`: aliases have been shown with the A records already. */
function shown({ answer }: DnsResponse, again: boolean): string {
  return answer.map((record) => (again && record.type === "CNAME" ? "" : line(record))).join("");
}

function line({ name, type, data }: DnsRecord): string {
  switch (type) {
    case "A":
    case "AAAA":
      return `Name:\t${bare(name)}\nAddress: ${data}\n`;
    case "CNAME":
      return `${bare(name)}\tcanonical name = ${data}\n`;
    case "PTR":
      return `${bare(name)}\tname = ${data}\n`;
    case "SRV":
      return `${bare(name)}\tservice = ${data}\n`;
    case "TXT":
      return `${bare(name)}\ttext = ${data}\n`;
    case "NS":
      return `${bare(name)}\tnameserver = ${data}\n`;
    case "SOA": {
      const [origin = "", mail = "", serial, refresh, retry, expire, minimum] = data.split(" ");
      return `${bare(name)}\n\torigin = ${bare(origin)}\n\tmail addr = ${bare(mail)}\n\tserial = ${serial ?? ""}\n\trefresh = ${refresh ?? ""}\n\tretry = ${retry ?? ""}\n\texpire = ${expire ?? ""}\n\tminimum = ${minimum ?? ""}\n`;
    }
  }
}

/**
 * busybox asks for all candidates at once and shows every answer; a name with a dot in it is not searched for (add_query_with_search in
 * networking/nslookup.c).
 */
function busybox(asker: Asker, { name, types, isSearched, server }: Query): Output {
  const head = `Server:\t\t${server}\nAddress:\t${joinHostPort(server, DNS_PORT)}\n\n`;
  const { search } = resolverOf(asker);
  const isShort = isSearched && !name.includes(".") && search.length > 0;
  const names = isShort ? search.map((domain) => `${name}.${domain}`) : [name];
  const asked = names.flatMap((candidate) =>
    types.map((type) => ({ candidate, type, asked: ask(asker, candidate, type, server) })),
  );
  const impossible = asked.find((one) => one.asked.why === "impossible");
  if (impossible !== undefined) return { stdout: "", stderr: `nslookup: ${impossible.asked.message}\n`, code: 1 };
  if (asked.every((one) => one.asked.response === null)) {
    return { stdout: ";; connection timed out; no servers could be reached\n\n", stderr: "", code: 1 };
  }
  let stdout = head;
  let code = 1;
  for (const {
    candidate,
    asked: { response },
  } of asked) {
    if (response === null) {
      stdout += `*** Can't find ${bare(candidate)}: No answer\n\n`;
      continue;
    }
    if (response.rcode !== "NOERROR") {
      stdout += `** server can't find ${bare(candidate)}: ${response.rcode}\n\n`;
      continue;
    }
    if (!response.flags.includes("aa")) stdout += "Non-authoritative answer:\n";
    if (response.answer.length > 0) code = 0;
    stdout += response.answer.length === 0 ? `*** Can't find ${bare(candidate)}: No answer\n` : shown(response, false);
    stdout += "\n";
  }
  return { stdout, stderr: "", code };
}
