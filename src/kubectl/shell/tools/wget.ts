/** `wget`: busybox's (1.36) and GNU's (1.24), whose words and exit codes differ. */
import type { HttpRequest, HttpResponse } from "../../../model/trace/message.ts";
import { parseIP } from "../../../base/ip.ts";
import { fromTimestamp, SECOND, timestamp, type Micros } from "../../../base/time.ts";
import type { Output } from "../../output.ts";
import { answerOf, bytes, headerOf, hostHeader, parseUrl, speaksTls, statusLine, type Url } from "./http.ts";
import { flagNames, last, on, type Options, type OptionSpec, parseOptions, secondsOf } from "./options.ts";
import { type Attempt, errnoText, passTime, reach, type Reached } from "./reach.ts";
import { KILLED, type Seat, type Tool } from "./seat.ts";

const SPEC: OptionSpec = {
  values: flagNames(
    "O T t U Y P o e i l Q w user-agent header post-data post-file connect-timeout read-timeout dns-timeout waitretry method body-data",
  ),
  switches: flagNames(
    "q c S s v d r k N x nv no-verbose no-check-certificate no-cache no-proxy spider content-on-error progress 4 6 inet4-only inet6-only max-redirect server-response no-http-keep-alive",
  ),
  aliases: {
    "output-document": "O",
    timeout: "T",
    tries: "t",
    quiet: "q",
    "server-response": "S",
    "inet4-only": "4",
    "inet6-only": "6",
  },
};

const MOST_REDIRECTS = 20;

export const wget: Tool = (words, seat) => {
  const spread = words.flatMap((word) => (word === "-nv" ? ["--no-verbose"] : [word]));
  const options = parseOptions(spread, SPEC);
  const busybox = seat.kit.flavor === "busybox";
  if (options.unknown !== null) {
    return busybox
      ? { stdout: "", stderr: `wget: unrecognized option: ${options.unknown.replace(/^-+/, "")}\n`, code: 1 }
      : {
          stdout: "",
          stderr: `wget: unrecognized option '${options.unknown}'\nUsage: wget [OPTION]... [URL]...\n\nTry \`wget --help' for more options.\n`,
          code: 2,
        };
  }
  const [url] = options.operands;
  if (url === undefined) {
    return busybox
      ? {
          stdout: "",
          stderr:
            "BusyBox v1.36.1 multi-call binary.\n\nUsage: wget [-cqS] [--spider] [-O FILE] [-o LOGFILE] [--header STR]\n\t[--post-data STR | --post-file FILE] [-Y on/off]\n\t[-P DIR] [-U AGENT] [-T SEC] URL...\n",
          code: 1,
        }
      : {
          stdout: "",
          stderr: "wget: missing URL\nUsage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.\n",
          code: 1,
        };
  }
  return busybox ? busyboxWget(seat, options, url, 0) : gnuWget(seat, options, url, 1, 0);
};

function saysOf(options: Options, url: Url): HttpRequest {
  const data = last(options, "post-data");
  const headers = (options.flags.get("header") ?? []).flatMap((line) => {
    const colon = line.indexOf(":");
    return colon <= 0 ? [] : [{ name: line.slice(0, colon), value: line.slice(colon + 1).trim() }];
  });
  return {
    kind: "http",
    method: on(options, "spider") ? "HEAD" : data === undefined ? "GET" : "POST",
    scheme: url.scheme === "https" ? "https" : "http",
    host: headers.find((h) => h.name.toLowerCase() === "host")?.value ?? hostHeader(url),
    path: url.path,
    headers: [
      { name: "User-Agent", value: "Wget" },
      { name: "Connection", value: "close" },
      ...headers.filter((h) => h.name.toLowerCase() !== "host"),
    ],
  };
}

function dial(seat: Seat, options: Options, url: Url, limit: Micros | null): Reached {
  return reach(seat, {
    host: url.host,
    port: url.port,
    protocol: "tcp",
    ...(on(options, "6") ? { family: 6 as const } : on(options, "4") ? { family: 4 as const } : {}),
    says: saysOf(options, url),
    limit,
    // Both wait in connect(): busybox under an alarm, GNU's too (run_with_timeout).
    blocking: true,
  });
}

/** The name under which the body is kept: `-` is the terminal. */
function fileOf(options: Options, { path }: Url): string {
  return last(options, "O") ?? (path.split("?")[0]?.split("/").at(-1) || "index.html");
}

const answered = (options: Options, url: Url, attempt: Attempt): HttpResponse =>
  answerOf(attempt, saysOf(options, url));

/** Busybox gives up on a connection or an answer after -T seconds, 900 unless told. */
const BUSYBOX_LIMIT: Micros = 900 * SECOND;

function busyboxWget(seat: Seat, options: Options, text: string, redirects: number): Output {
  const quiet = on(options, "q");
  const url = parseUrl(text);
  const fails = (line: string, before = ""): Output => ({ stdout: "", stderr: `${before}wget: ${line}\n`, code: 1 });
  if ("error" in url || url.scheme === "telnet") return fails(`not an http or ftp url: ${text}`);
  const limit = secondsOf(last(options, "T")) ?? BUSYBOX_LIMIT;
  const reached = dial(seat, options, url, limit);
  if (reached.kind === "impossible") return fails(reached.message);
  if (reached.kind === "name-error") return fails(`bad address '${url.host}'`);
  const { ip, port } = reached;
  const shown = `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
  const connecting = quiet ? "" : `Connecting to ${url.host}${url.explicit ? `:${port}` : ""} (${shown})\n`;
  switch (reached.ended) {
    case "killed":
      return { ...KILLED, stderr: connecting };
    case "silent":
      return fails("download timed out", connecting);
    case "timeout":
      // The alarm of -T rings in connect() too; without it connect() gives up by itself.
      return fails(
        limit < 130 * SECOND ? "download timed out" : `can't connect to remote host (${ip}): Operation timed out`,
        connecting,
      );
    case "reset":
    case "closed":
      return fails("error getting response", connecting);
    case "refused":
    case "denied":
    case "host-unreachable":
    case "net-unreachable": {
      // musl and glibc word this errno differently: busybox images are musl or uClibc, whose text this is.
      const why =
        reached.ended === "net-unreachable"
          ? "Network unreachable"
          : reached.ended === "host-unreachable"
            ? "Host is unreachable"
            : errnoText[reached.ended];
      return fails(`can't connect to remote host (${ip}): ${why}`, connecting);
    }
    case "answered":
  }
  if (url.scheme === "https" && !speaksTls(reached, url.scheme))
    return fails("error getting response: Connection reset by peer", connecting);
  const answer = answered(options, url, reached);
  const location = headerOf(answer, "location");
  if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
    if (redirects >= 5) return fails("too many redirections", connecting);
    const next = busyboxWget(seat, options, resolved(location, url), redirects + 1);
    return { ...next, stderr: connecting + next.stderr };
  }
  if (answer.status >= 400) return fails(`server returned error: ${statusLine(answer)}`, connecting);
  const shownHeaders = on(options, "S")
    ? [statusLine(answer), ...answer.headers.map((h) => `${h.name}: ${h.value}`)].map((line) => `  ${line}\n`).join("")
    : "";
  if (on(options, "spider"))
    return { stdout: "", stderr: connecting + shownHeaders + (quiet ? "" : "remote file exists\n"), code: 0 };
  const file = fileOf(options, url);
  const size = bytes(answer.body);
  const label = (file === "-" ? "-" : file).padEnd(20).slice(0, 20);
  const progress = quiet
    ? ""
    : `${file === "-" ? "writing to stdout" : `saving to '${file}'`}\n${label} 100% |********************************| ${String(size).padStart(5)}  0:00:00 ETA\n${file === "-" ? "written to stdout" : `'${file}' saved`}\n`;
  return { stdout: file === "-" ? answer.body : "", stderr: connecting + shownHeaders + progress, code: 0 };
}

function resolved(location: string, { scheme, host, port, explicit }: Url): string {
  if (/^[a-z]+:\/\//i.test(location)) return location;
  const name = host.includes(":") ? `[${host}]` : host;
  return `${scheme}://${name}${explicit ? `:${port}` : ""}${location.startsWith("/") ? "" : "/"}${location}`;
}

const clock = (seat: Seat): string =>
  timestamp(fromTimestamp(timestamp(seat.world.now)))
    .slice(0, 19)
    .replace("T", " ");

/** GNU wget without -T waits as long as connect() does, and tries 20 times. */
const TRIES = 20;

function gnuWget(seat: Seat, options: Options, text: string, tryNumber: number, redirects: number): Output {
  const quiet = on(options, "q");
  const brief = quiet || on(options, "no-verbose");
  const url = parseUrl(text);
  if ("error" in url || url.scheme === "telnet") {
    const scheme = "error" in url ? url.scheme : url.scheme;
    return {
      stdout: "",
      stderr:
        "error" in url && url.error !== "protocol"
          ? `${text}: Invalid host name.\n`
          : `${text}: Unsupported scheme ‘${scheme}’.\n`,
      code: 1,
    };
  }
  const full = `${url.scheme}://${url.host.includes(":") ? `[${url.host}]` : url.host}${url.explicit ? `:${url.port}` : ""}${url.path}`;
  const head = brief
    ? ""
    : tryNumber === 1
      ? `--${clock(seat)}--  ${full}\n`
      : `--${clock(seat)}--  (try:${String(tryNumber).padStart(2)})  ${full}\n`;
  const limit = secondsOf(last(options, "connect-timeout") ?? last(options, "T"));
  const reached = dial(seat, options, url, limit === 0 ? null : limit);
  const named = parseIP(url.host) === null;
  if (reached.kind === "impossible") return { stdout: "", stderr: `${head}wget: ${reached.message}\n`, code: 4 };
  if (reached.kind === "name-error") {
    const looking = brief
      ? ""
      : `Resolving ${url.host} (${url.host})... failed: ${reached.isAgain ? "Temporary failure in name resolution" : "Name or service not known"}.\n`;
    return {
      stdout: "",
      stderr: `${head}${looking}${quiet ? "" : `wget: unable to resolve host address ‘${url.host}’\n`}`,
      code: 4,
    };
  }
  const { ip, port, ended } = reached;
  const where = named ? `${url.host} (${url.host})|${ip}|:${port}` : `${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
  const lookup = named && !brief && tryNumber === 1 ? `Resolving ${url.host} (${url.host})... ${ip}\n` : "";
  const connecting = brief ? "" : `${head}${lookup}Connecting to ${where}... `;
  const again = (line: string): Output => {
    const most = Number(last(options, "t") ?? TRIES) || TRIES;
    const said = brief ? "" : `${connecting}${line}\n`;
    if (tryNumber >= most) return { stdout: "", stderr: `${said}${quiet ? "" : "Giving up.\n\n"}`, code: 4 };
    if (!passTime(seat, Math.min(tryNumber, 10) * SECOND)) return { ...KILLED, stderr: said };
    const next = gnuWget(seat, options, text, tryNumber + 1, redirects);
    return { ...next, stderr: `${said}${brief ? "" : "Retrying.\n\n"}${next.stderr}` };
  };
  const fatal = (line: string): Output => ({
    stdout: "",
    stderr: brief ? (quiet ? "" : `failed: ${line}.\n`) : `${connecting}failed: ${line}.\n`,
    code: 4,
  });
  switch (ended) {
    case "killed":
      return { ...KILLED, stderr: connecting };
    case "timeout":
      return again("failed: Connection timed out.");
    case "silent":
      return again("connected.\nHTTP request sent, awaiting response... Read error (Connection timed out) in headers.");
    case "reset":
      return again(
        "connected.\nHTTP request sent, awaiting response... Read error (Connection reset by peer) in headers.",
      );
    case "closed":
      return again("connected.\nHTTP request sent, awaiting response... No data received.");
    case "refused":
    case "denied":
    case "host-unreachable":
    case "net-unreachable":
      return fatal(errnoText[ended]);
    case "answered":
  }
  if (url.scheme === "https" && !speaksTls(reached, url.scheme)) {
    return {
      stdout: "",
      stderr: brief
        ? ""
        : `${connecting}connected.\nOpenSSL: error:0A00010B:SSL routines::wrong version number\nUnable to establish SSL connection.\n`,
      code: 4,
    };
  }
  const answer = answered(options, url, reached);
  const words = `${answer.status}${answer.reason === "" ? "" : ` ${answer.reason}`}`;
  const listed = on(options, "S")
    ? `\n${[statusLine(answer), ...answer.headers.map((h) => `${h.name}: ${h.value}`)].map((line) => `  ${line}`).join("\n")}\n`
    : `${words}\n`;
  const said = brief ? "" : `${connecting}connected.\nHTTP request sent, awaiting response... ${listed}`;
  const location = headerOf(answer, "location");
  if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
    if (redirects >= MOST_REDIRECTS)
      return { stdout: "", stderr: `${said}${MOST_REDIRECTS} redirections exceeded.\n`, code: 8 };
    const next = gnuWget(seat, options, resolved(location, url), 1, redirects + 1);
    return { ...next, stderr: `${said}${brief ? "" : `Location: ${location} [following]\n`}${next.stderr}` };
  }
  if (answer.status >= 400) {
    const line = quiet ? "" : `${clock(seat)} ERROR ${words}.\n${brief ? "" : "\n"}`;
    return { stdout: on(options, "content-on-error") ? answer.body : "", stderr: said + line, code: 8 };
  }
  const size = on(options, "spider") ? Number(headerOf(answer, "content-length") ?? 0) : bytes(answer.body);
  const type = headerOf(answer, "content-type")?.split(";")[0] ?? "";
  if (on(options, "spider"))
    return { stdout: "", stderr: said + (brief ? "" : `Length: ${size} [${type}]\nRemote file exists.\n\n`), code: 0 };
  const file = fileOf(options, url);
  const toTerminal = file === "-";
  const saved = toTerminal ? "STDOUT" : file;
  const bar = `${(toTerminal ? "-" : file).padEnd(20).slice(0, 20)}100%[===================>] ${String(size).padStart(7)}  --.-KB/s    in 0s`;
  const progress = brief
    ? ""
    : `Length: ${size}${type === "" ? "" : ` [${type}]`}\nSaving to: ‘${saved}’\n\n${bar}\n\n${clock(seat)} (${rate(size, reached.spent)}) - ${toTerminal ? "written to stdout" : `‘${file}’ saved`} [${size}/${size}]\n\n`;
  const short =
    on(options, "no-verbose") && !quiet ? `${clock(seat)} URL:${full} [${size}/${size}] -> "${file}" [1]\n` : "";
  return { stdout: toTerminal ? answer.body : "", stderr: said + progress + short, code: 0 };
}

function rate(size: number, spent: Micros): string {
  const perSecond = spent === 0 ? 0 : (size * 1_000_000) / spent;
  return perSecond < 1024 * 1024
    ? `${(perSecond / 1024).toPrecision(3)} KB/s`
    : `${(perSecond / 1024 / 1024).toPrecision(3)} MB/s`;
}
