/** `curl`, version 8.10: each transfer is a request of the history. */
import type { HttpRequest, HttpResponse } from "../../../model/trace/message.ts";
import { isIPv6, parseIP } from "../../../base/ip.ts";
import { MILLISECOND, SECOND, type Micros } from "../../../base/time.ts";
import { CURL_ERRORS, type CurlError, curlLine } from "../../../network/symptom.ts";
import type { Output } from "../../output.ts";
import { CURL_SPEC, globbed } from "./curl-flags.ts";
import { CURL_VERSION, messageOf, pinned, Verbose } from "./curl-message.ts";
import { METER_HEAD, meterLine, type Transfer, writtenOut } from "./curl-report.ts";
import { answerOf, bytes, headerOf, parseUrl, speaksTls, statusLine, type Url } from "./http.ts";
import { last, on, type Options, parseOptions, secondsOf } from "./options.ts";
import { type Attempt, ENDLESS, errnoText, lookedUp, passTime, reach } from "./reach.ts";
import { KILLED, type Seat, type Tool } from "./seat.ts";

const MOST_REDIRECTS = 50;
const HELP = "curl: try 'curl --help' for more information\n";

const usage = (text: string, code = 2): Output => ({ stdout: "", stderr: `curl: ${text}\n${HELP}`, code });

export const curl: Tool = (words, seat) => {
  const options = parseOptions(words, CURL_SPEC);
  if (on(options, "V"))
    return { stdout: `curl ${CURL_VERSION} (x86_64-pc-linux-gnu) libcurl/${CURL_VERSION}\n`, stderr: "", code: 0 };
  if (options.unknown !== null) return usage(`option ${options.unknown}: is unknown`);
  if (options.incomplete !== null) return usage(`option ${options.incomplete}: requires parameter`);
  for (const [flag, name] of [
    ["m", "--max-time"],
    ["connect-timeout", "--connect-timeout"],
    ["retry-delay", "--retry-delay"],
  ] as const) {
    const value = last(options, flag);
    if (value !== undefined && secondsOf(value) === null)
      return usage(`option ${name}: expected a proper numerical parameter`);
  }
  const given = [...(options.flags.get("url") ?? []), ...options.operands];
  if (given.length === 0) return usage("(2) no URL specified");
  const urls = on(options, "g") ? given : given.flatMap(globbed);
  let stdout = "";
  let stderr = "";
  let code = 0;
  urls.forEach((url, i) => {
    if (seat.deadline !== null && seat.world.now >= seat.deadline && i > 0) return;
    const done = withRetries(seat, options, url, i);
    stdout += done.stdout;
    stderr += done.stderr;
    code = done.code;
  });
  return { stdout, stderr, code };
};

/** `--retry`: again after 1, 2, 4 ... seconds, for failures that may pass. */
function withRetries(seat: Seat, options: Options, url: string, number: number): Output {
  const most = Math.min(Number(last(options, "retry") ?? "0") || 0, 100);
  const fixed = secondsOf(last(options, "retry-delay"));
  let wait: Micros = SECOND;
  let said = "";
  for (let left = most; ; left--) {
    const { output, why } = transfer(seat, options, url, number);
    const again = why !== null && (why !== "connection refused" || on(options, "retry-connrefused")) && left > 0;
    if (!again || output.code === KILLED.code) return { ...output, stderr: said + output.stderr };
    const pause = fixed ?? wait;
    const n = pause / SECOND;
    said += output.stderr;
    if (!on(options, "s")) {
      said += `Warning: Problem: ${why}. Will retry in ${n} second${n === 1 ? "" : "s"}. ${left} retr${left === 1 ? "y" : "ies"} left.\n`;
    }
    if (!passTime(seat, pause)) return { ...KILLED, stderr: said };
    wait = Math.min(wait * 2, 600 * SECOND);
  }
}

/** One URL with its redirects. `why`: what makes it worth another try. */
function transfer(
  seat: Seat,
  options: Options,
  text: string,
  number: number,
): { readonly output: Output; readonly why: string | null } {
  const startedAt = seat.world.now;
  let stdout = "";
  let notes = "";
  let url = text;
  let redirects = 0;
  for (;;) {
    const one = request(seat, options, url, startedAt, redirects);
    notes += one.notes;
    stdout += one.headers;
    const location = one.answer === null ? undefined : headerOf(one.answer, "location");
    const follow =
      location !== undefined &&
      on(options, "L") &&
      one.answer !== null &&
      one.answer.status >= 300 &&
      one.answer.status < 400;
    if (follow && redirects < MOST_REDIRECTS) {
      redirects += 1;
      url = absolute(location, url);
      if (on(options, "v")) notes += `* Issue another request to this URL: '${url}'\n`;
      continue;
    }
    const error = follow ? CURL_ERRORS.redirects(MOST_REDIRECTS) : one.error;
    const total = seat.world.now - startedAt;
    const shown = error?.code === 22 && !on(options, "fail-with-body") ? "" : one.body;
    const toFile = on(options, "o") || on(options, "O");
    if (!toFile || last(options, "o") === "-") stdout += shown;
    const meter =
      toFile &&
      last(options, "o") !== "-" &&
      !on(options, "s") &&
      !on(options, "no-progress-meter") &&
      !on(options, "#")
        ? METER_HEAD + meterLine(bytes(shown), total)
        : "";
    const quiet = on(options, "s") && !on(options, "S");
    const complaint =
      error === null || quiet ? "" : `${curlLine(error)}${error.code === 60 ? CERTIFICATE_ADVICE : ""}\n`;
    const facts: Transfer = {
      ...one.facts,
      url,
      redirects,
      number,
      total: one.waited ?? total,
      size: bytes(shown),
      code: error?.code ?? 0,
      error: error?.text ?? "",
    };
    const format = last(options, "w");
    const written = format === undefined || one.killed ? { text: "", complaint: "" } : writtenOut(format, facts);
    const code = one.killed ? KILLED.code : (error?.code ?? 0);
    return {
      output: {
        stdout: stdout + written.text,
        stderr: meter + notes + (one.killed ? "" : complaint) + written.complaint + one.remark,
        code,
      },
      why: one.killed ? null : worthRetrying(error, one.answer, one.refused),
    };
  }
}

function worthRetrying(error: CurlError | null, answer: HttpResponse | null, refused: boolean): string | null {
  if (refused) return "connection refused";
  if (error?.code === 28 || error?.code === 6) return error.code === 6 ? null : "timeout";
  return answer !== null && [408, 429, 500, 502, 503, 504].includes(answer.status) ? "HTTP error" : null;
}

function absolute(location: string, from: string): string {
  if (/^[a-z]+:\/\//i.test(location)) return location;
  const base = /^((?:[a-z]+:\/\/)?[^/?#]*)/i.exec(from)?.[1] ?? from;
  return location.startsWith("/") ? base + location : `${base}/${location}`;
}

const CERTIFICATE_ADVICE = `
More details here: https://curl.se/docs/sslcerts.html

curl failed to verify the legitimacy of the server and therefore could not
establish a secure connection to it. To learn more about this situation and
how to fix it, please visit the webpage mentioned above.`;

interface Exchanged {
  readonly headers: string;
  readonly body: string;
  /** Lines of -v. */
  readonly notes: string;
  /** What this terminal adds in its own words. */
  readonly remark: string;
  readonly answer: HttpResponse | null;
  readonly error: CurlError | null;
  readonly refused: boolean;
  readonly killed: boolean;
  /** The time limit that ended it. */
  readonly waited: Micros | null;
  readonly facts: Omit<Transfer, "url" | "redirects" | "number" | "total" | "size" | "code" | "error">;
}

const milliseconds = (micros: Micros): number => Math.floor(micros / MILLISECOND);

const NO_FACTS: Exchanged["facts"] = {
  method: "GET",
  scheme: "http",
  status: 0,
  version: "0",
  contentType: "",
  redirect: "",
  remoteIp: "",
  remotePort: 0,
  localIp: "",
  localPort: 0,
  headerSize: 0,
  uploaded: 0,
  connects: 0,
  lookup: 0,
  connect: 0,
};

const NOTHING_YET: Exchanged = {
  headers: "",
  body: "",
  notes: "",
  remark: "",
  answer: null,
  error: null,
  refused: false,
  killed: false,
  waited: null,
  facts: NO_FACTS,
};

const URL_ERRORS = { url: CURL_ERRORS.badUrl, host: CURL_ERRORS.noHost, port: CURL_ERRORS.badPort } as const;

/** One request and its answer. */
function request(seat: Seat, options: Options, text: string, startedAt: Micros, connection: number): Exchanged {
  const url = parseUrl(text);
  if ("error" in url) {
    const error = url.error === "protocol" ? CURL_ERRORS.protocol(url.scheme) : URL_ERRORS[url.error];
    return {
      ...NOTHING_YET,
      error,
      notes: on(options, "v") && error.code === 3 ? `* ${error.text}\n* closing connection #-1\n` : "",
    };
  }
  const { says, data } = messageOf(options, url);
  const maxTime = secondsOf(last(options, "m"));
  const connectTime = secondsOf(last(options, "connect-timeout"));
  const limit = maxTime === null || maxTime === 0 ? null : Math.max(0, maxTime - (seat.world.now - startedAt));
  const pin = pinned(options, url);
  const family = on(options, "6") ? 6 : on(options, "4") ? 4 : undefined;
  const trace = new Verbose(on(options, "v"));
  if (pin !== null)
    trace.note(`Added ${url.host}:${url.port}:${pin} to DNS cache`, `Hostname ${url.host} was found in DNS cache`);
  const reached = reach(seat, {
    host: pin ?? url.host,
    port: url.port,
    protocol: "tcp",
    ...(family && { family }),
    ...(url.scheme === "telnet" ? {} : { says }),
    limit,
    connectLimit: connectTime === 0 ? null : connectTime,
  });
  const facts = { ...NO_FACTS, method: says.method, scheme: url.scheme };
  if (reached.kind === "impossible") return { ...NOTHING_YET, error: { code: 7, text: reached.message }, facts };
  if (reached.kind === "name-error") {
    const error =
      limit !== null && reached.spent > limit
        ? CURL_ERRORS.resolveTime(milliseconds(limit))
        : CURL_ERRORS.resolve(url.host);
    trace.note(error.text, `closing connection #${connection}`);
    return { ...NOTHING_YET, error, notes: trace.text, facts };
  }
  return exchanged(
    options,
    { url, says, data, reached, limit, connectTime, connection, named: parseIP(url.host) === null && pin === null },
    trace,
    facts,
  );
}

interface Dialled {
  readonly url: Url;
  readonly says: HttpRequest;
  readonly data: string | null;
  readonly reached: Attempt;
  readonly limit: Micros | null;
  readonly connectTime: Micros | null;
  readonly connection: number;
  /** Was a name looked up? */
  readonly named: boolean;
}

function exchanged(options: Options, dialled: Dialled, trace: Verbose, bare: Exchanged["facts"]): Exchanged {
  const { url, says, data, reached, limit, connectTime, connection, named } = dialled;
  const { ip, port, source, sourcePort, ended, spent } = reached;
  const shownIp = isIPv6(ip) ? `[${ip}]` : ip;
  if (named) {
    const all = lookedUp(reached);
    const list = (six: boolean): string => all.filter((one) => isIPv6(one) === six).join(", ") || "(none)";
    trace.note(`Host ${url.host}:${port} was resolved.`, `IPv6: ${list(true)}`, `IPv4: ${list(false)}`);
  }
  trace.note(`  Trying ${shownIp}:${port}...`);
  const closed = `closing connection #${connection}`;
  const failed = (error: CurlError, more: Partial<Exchanged> = {}): Exchanged => {
    trace.note(error.text, closed);
    return { ...NOTHING_YET, error, notes: trace.text, facts: bare, ...more };
  };
  switch (ended) {
    case "killed":
      return { ...NOTHING_YET, killed: true, notes: trace.text, facts: bare };
    case "timeout": {
      const ms = milliseconds(spent);
      const ours = limit !== null || connectTime !== null;
      return ours && spent < 130 * SECOND
        ? failed(CURL_ERRORS.connectTime(ms + 1), { waited: spent + MILLISECOND })
        : failed(CURL_ERRORS.connectGivenUp(url.host, port, ms));
    }
    case "refused":
    case "denied":
    case "host-unreachable":
    case "net-unreachable":
      trace.note(
        ended === "net-unreachable" && source === ""
          ? `Immediate connect fail for ${ip}: Network is unreachable`
          : `connect to ${ip} port ${port} from ${source} port ${sourcePort} failed: ${errnoText[ended]}`,
      );
      return failed(CURL_ERRORS.connect(url.host, port, milliseconds(spent)), { refused: ended === "refused" });
    default:
  }
  trace.note(`Connected to ${url.host} (${ip}) port ${port}`);
  const facts = {
    ...bare,
    remoteIp: ip,
    remotePort: port,
    localIp: source,
    localPort: sourcePort,
    connects: 1,
    lookup: reached.lookup,
    connect: reached.lookup + Math.floor((spent - reached.lookup) / 2),
  };
  if (url.scheme === "telnet") return { ...NOTHING_YET, notes: trace.text, facts };
  const tls = speaksTls(reached, url.scheme);
  const heard = ended === "answered";
  if (url.scheme === "https") {
    trace.note("ALPN: curl offers h2,http/1.1", "TLSv1.3 (OUT), TLS handshake, Client hello (1):");
    if (heard && !tls) return failed(CURL_ERRORS.notTls, { facts });
    if (heard && !on(options, "k") && !on(options, "cacert")) return failed(CURL_ERRORS.selfSigned, { facts });
    if (heard) trace.note("SSL connection using TLSv1.3 / TLS_AES_128_GCM_SHA256 / x25519 / RSASSA-PSS");
  }
  const answer = heard ? (tls && url.scheme === "http" ? PLAIN_TO_TLS : answerOf(reached, says)) : null;
  const version = answer?.version === "HTTP/2" ? "HTTP/2" : "HTTP/1.1";
  trace.sent([
    `${says.method} ${says.path} ${version}`,
    `Host: ${says.host}`,
    ...says.headers.map((h) => `${h.name}: ${h.value}`),
    "",
  ]);
  if (data !== null && data !== "") trace.note(`upload completely sent off: ${bytes(data)} bytes`);
  else trace.note("Request completely sent off");
  switch (ended) {
    case "silent": {
      const ms = milliseconds(spent);
      if (limit !== null) return failed(CURL_ERRORS.answerTime(ms + 1), { waited: spent + MILLISECOND, facts });
      const remark = `(no answer in ${ENDLESS / SECOND} s of virtual time; without -m curl would wait for ever, so it was stopped)\n`;
      return { ...NOTHING_YET, killed: false, error: { code: 130, text: "" }, remark, notes: trace.text, facts };
    }
    case "reset":
    case "closed":
      return failed(complaintOf(reached), { facts });
    default:
  }
  if (answer === null) return failed(CURL_ERRORS.empty, { facts });
  const head = [statusLine(answer), ...answer.headers.map((h) => `${h.name}: ${h.value}`), ""];
  trace.received(head);
  if (on(options, "o") && says.method !== "HEAD") trace.data(bytes(answer.body));
  trace.note(`Connection #${connection} to host ${url.host} left intact`);
  const shown = on(options, "i") || on(options, "I") ? head.map((line) => `${line}\n`).join("") : "";
  const error =
    answer.status >= 400 && (on(options, "f") || on(options, "fail-with-body"))
      ? CURL_ERRORS.status(answer.status)
      : null;
  return {
    ...NOTHING_YET,
    headers: shown,
    body: says.method === "HEAD" ? "" : answer.body,
    notes: trace.text,
    answer,
    error,
    facts: {
      ...facts,
      status: answer.status,
      version: answer.version === "HTTP/2" ? "2" : "1.1",
      contentType: headerOf(answer, "content-type") ?? "",
      redirect: headerOf(answer, "location") ?? "",
      headerSize: bytes(head.map((line) => `${line}\r\n`).join("")),
      uploaded: data === null ? 0 : bytes(data),
    },
  };
}

/** The error that the walk itself names: a server that wants no TLS, or none but TLS. */
function complaintOf({ walk, ended }: Attempt): CurlError {
  const said = /^curl: \((\d+)\) ([^]*)$/.exec(walk.symptom);
  if (said !== null) return { code: Number(said[1]), text: said[2] ?? "" };
  return ended === "closed" ? CURL_ERRORS.empty : CURL_ERRORS.reset;
}

/** What Go's servers say to a plain request on a port of theirs that expects TLS. */
const PLAIN_TO_TLS: HttpResponse = {
  path: "/",
  version: "HTTP/1.1",
  status: 400,
  reason: "Bad Request",
  headers: [],
  body: "Client sent an HTTP request to an HTTPS server.\n",
};
