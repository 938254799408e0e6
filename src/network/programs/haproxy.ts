/** HAProxy at work: what a configuration makes of a connection. */
import { cidrContains, parseIP } from "../../base/ip.ts";
import { MILLISECOND } from "../../base/time.ts";
import type { ProxyEndpoint } from "../../kernel/proxy-socket.ts";
import type { HttpHeader, HttpRequest, HttpResponse, Message } from "../../model/trace/message.ts";
import type { Heard, Reaction } from "../program.ts";
import { endpointAt, type ProgramInputs } from "./endpoints.ts";
import type { Action, Backend, Bind, Condition, Front, HaproxyConfig, Server, Test } from "./haproxy-config.ts";
import { headerNamed, hostOf, respond, splitPath, withHeaders } from "./http.ts";
import { haproxyPage } from "./ingress-makes.ts";

const THINKING = MILLISECOND / 5;

/** One connection as tests see it. */
interface Seen {
  readonly heard: Heard;
  /** What can be read of the request; null: TLS that does not end here, or no HTTP at all. */
  readonly request: HttpRequest | null;
  /** The name in the TLS hello; empty without one. */
  readonly sni: string;
  readonly tls: boolean;
}

function bound(config: HaproxyConfig, { local }: Heard): { readonly front: Front; readonly bind: Bind } | null {
  for (const front of config.fronts) {
    const bind = front.binds.find(({ ip, port }) => port === local.port && (ip === "*" || ip === local.ip));
    if (bind !== undefined) return { front, bind };
  }
  return null;
}

/** What HAProxy with this configuration does; null: it waits for a request that its client never sends. */
export function haproxyReaction(config: HaproxyConfig, heard: Heard, inputs: ProgramInputs): Reaction | null {
  const found = bound(config, heard);
  if (found === null) {
    return {
      kind: "close",
      note: `has no bind on port ${heard.local.port}: on a real cluster nothing would listen there`,
    };
  }
  const { front, bind } = found;
  const { says } = heard;
  const http = says?.kind === "http" ? says : null;
  const where = `frontend ${front.name}`;
  if (bind.ssl && http?.scheme === "http") {
    return {
      kind: "close",
      note: `takes plain HTTP on a port of ${where} that speaks TLS, and closes`,
      says: "curl: (52) Empty reply from server",
    };
  }
  const encrypted = http?.scheme === "https" && !bind.ssl;
  if (encrypted && front.mode === "http") {
    return {
      kind: "close",
      note: `takes the TLS hello on a port of ${where} that speaks plain HTTP for a bad request: the handshake fails`,
      says: "curl: (35) error:0A00010B:SSL routines::wrong version number",
    };
  }
  const seen: Seen = {
    heard,
    request: encrypted ? null : http,
    sni: http?.scheme === "https" ? hostOf(http) : "",
    tls: bind.ssl,
  };
  return through(config, front, seen, inputs);
}

/** What the actions of a section leave to do: the request as changed, or an answer. */
function acted(
  section: Front | Backend,
  seen: Seen,
): { readonly request: HttpRequest | null } | { readonly reaction: Reaction } {
  let { request } = seen;
  for (const action of section.actions) {
    if (!holds(action.when, section, { ...seen, request })) continue;
    if (action.kind === "accept") continue;
    if (action.kind === "reject") {
      const note = `rejects the connection (tcp-request of ${section.name}${whyText(action.when)})`;
      return { reaction: { kind: "close", note } };
    }
    if (request === null) continue;
    const changed = changedBy(action, request, seen);
    if (changed === null) return { reaction: answered(action, request, seen, section.name) };
    request = changed;
  }
  return { request };
}

/** The request after an action that goes on; null: this one answers. */
function changedBy(action: Action, request: HttpRequest, seen: Seen): HttpRequest | null {
  switch (action.kind) {
    case "set-header":
    case "add-header": {
      const header: HttpHeader = { name: action.name, value: filled(action.value, { ...seen, request }) };
      if (action.kind === "set-header" && action.name.toLowerCase() === "host")
        return { ...request, host: header.value };
      const headers =
        action.kind === "set-header" ? withHeaders(request.headers, [header]) : [...request.headers, header];
      return { ...request, headers };
    }
    case "replace-path": {
      const { path, query } = splitPath(request.path);
      const pattern = regexOf(action.from, false);
      if (pattern === null) return request;
      const to = action.to.replaceAll("$", "$$$$").replace(/\\(\d)/g, "$$$1");
      return { ...request, path: `${path.replace(pattern, to)}${query}` };
    }
    default:
      return null;
  }
}

function answered(action: Action, request: HttpRequest, seen: Seen, name: string): Reaction {
  const { now } = seen.heard;
  const respondWith = (response: HttpResponse, what: string): Reaction => ({
    kind: "answer",
    note: `${what} (${name}${whyText(action.when)})`,
    took: THINKING,
    response,
  });
  switch (action.kind) {
    case "deny":
      return respondWith(haproxyPage(request, now, action.status), `answers ${action.status} itself`);
    case "return":
      return respondWith(
        respond(request, now, action.status, { body: action.body, type: "text/plain" }),
        `answers ${action.status} itself`,
      );
    case "redirect": {
      const to = filled(action.to, { ...seen, request });
      const location =
        action.how === "scheme"
          ? `${to}://${hostOf(request)}${request.path}`
          : action.how === "prefix"
            ? `${to}${request.path}`
            : to;
      const response = respond(request, now, action.code, {
        body: "",
        type: "text/html",
        headers: [{ name: "Location", value: location }],
      });
      return respondWith(response, `sends the client to ${location} with ${action.code}`);
    }
    default:
      return respondWith(haproxyPage(request, now, 500), "answers 500 itself");
  }
}

function through(config: HaproxyConfig, front: Front, seen: Seen, inputs: ProgramInputs): Reaction | null {
  const { heard } = seen;
  const first = acted(front, seen);
  if ("reaction" in first) return first.reaction;
  // In mode http nothing is passed on before there is a request.
  if (front.mode === "http" && first.request === null) return null;
  const used = front.uses.find(({ when }) => holds(when, front, { ...seen, request: first.request }));
  const name = used?.backend ?? front.defaultBackend;
  const why = used === undefined ? "default_backend" : `use_backend${whyText(used.when)}`;
  const backend = name === null ? undefined : config.backends[name];
  const where = `frontend ${front.name} (mode ${front.mode})`;
  if (backend === undefined) {
    const note =
      name === null ? `finds no backend for it in ${where}` : `knows no backend ${name}, which ${where} asks for`;
    return nobody(front, first.request, heard, note);
  }
  const second = acted(backend, { ...seen, request: first.request });
  if ("reaction" in second) return second.reaction;
  const { active, lost } = reachable(backend, heard, inputs);
  const missing = lost.length === 0 ? "" : `; no address is known for ${lost.join(", ")}`;
  const chosen = `takes it by ${where} and ${why} to backend ${backend.name}`;
  if (active.length === 0) return nobody(front, second.request, heard, `${chosen}, which has no server${missing}`);
  const balanced = balance(backend, active, heard);
  return {
    kind: "relay",
    name: `haproxy ${backend.name}`,
    note: `${chosen}: ${balanced.note}${missing}`,
    endpoints: balanced.servers.map(({ endpoint }) => endpoint),
    says: passedOn(front, backend, seen, second.request, active[0]?.server),
    attempts: backend.retries + 1,
    patience: backend.connect * MILLISECOND,
    silence: backend.silence * MILLISECOND,
    ordered: true,
    ...(backend.redispatch ? {} : { stays: true as const }),
    failed: (outcome, connected) =>
      front.mode === "http" && second.request !== null
        ? haproxyPage(second.request, heard.now, connected ? (outcome === "timeout" ? 504 : 502) : 503)
        : null,
  };
}

function nobody(front: Front, request: HttpRequest | null, heard: Heard, note: string): Reaction {
  if (front.mode === "tcp" || request === null) return { kind: "close", note: `${note}, and closes` };
  return {
    kind: "answer",
    note: `${note}, and answers 503`,
    took: THINKING,
    response: haproxyPage(request, heard.now, 503),
  };
}

/** What it says on the second connection. */
function passedOn(
  front: Front,
  backend: Backend,
  seen: Seen,
  request: HttpRequest | null,
  server: Server | undefined,
): Message | null {
  const { heard, tls } = seen;
  if (request === null) return heard.says;
  const scheme = server?.ssl === true ? "https" : tls || front.mode === "http" ? "http" : request.scheme;
  if (front.mode === "tcp") return { ...request, scheme };
  const forwarded = front.forwardFor || backend.forwardFor;
  const headers = forwarded
    ? [...request.headers, { name: "X-Forwarded-For", value: heard.source.ip }]
    : request.headers;
  return { ...request, scheme, headers };
}

interface Reached {
  readonly server: Server;
  readonly endpoint: ProxyEndpoint;
}

/** Servers with an address; backups only where there are no others. */
function reachable(
  { servers }: Backend,
  { local }: Heard,
  { addressOf }: ProgramInputs,
): { readonly active: readonly Reached[]; readonly lost: readonly string[] } {
  const lost: string[] = [];
  const all = servers.flatMap((server): readonly Reached[] => {
    const ip = parseIP(server.host) === null ? (addressOf?.(server.host) ?? null) : server.host;
    if (ip === null) lost.push(server.host);
    return ip === null ? [] : [{ server, endpoint: endpointAt(ip, server.port ?? local.port) }];
  });
  const main = all.filter(({ server }) => !server.backup);
  return { active: main.length > 0 ? main : all.slice(0, 1), lost };
}

function balance(
  backend: Backend,
  servers: readonly Reached[],
  heard: Heard,
): { readonly servers: readonly Reached[]; readonly note: string } {
  const many = `${servers.length} server${servers.length === 1 ? "" : "s"}`;
  switch (backend.balance) {
    case "roundrobin":
      return { servers, note: `balance roundrobin over ${many}` };
    case "leastconn":
      return { servers, note: `balance leastconn over ${many}, all idle, so that they take turns` };
    case "first":
      return { servers: servers.slice(0, 1), note: `balance first: ${servers[0]?.server.name ?? ""} of ${many}` };
    case "source": {
      // map-based: an IPv4 address as a number, modulo the total weight.
      const value = parseIP(heard.source.ip)?.value ?? 0n;
      const index = Number(folded(value) % BigInt(servers.length));
      const one = servers[index];
      return {
        servers: one === undefined ? servers : [one],
        note: `balance source: ${heard.source.ip} always takes ${one?.server.name ?? ""}, one of ${many}`,
      };
    }
  }
}

/** The 32-bit words of an address, exclusively or'ed. */
function folded(value: bigint): bigint {
  let hash = 0n;
  for (let rest = value; rest > 0n; rest >>= 32n) hash ^= rest & 0xffff_ffffn;
  return hash;
}

function whyText({ any, unless }: Condition): string {
  if (any.length === 0) return "";
  const term = ({ not, acl }: Condition["any"][number][number]): string =>
    `${not ? "!" : ""}${typeof acl === "string" ? acl : `{ ${acl.what}${acl.of === "" ? "" : `(${acl.of})`} ${acl.values.join(" ")} }`}`;
  return ` ${unless ? "unless" : "if"} ${any.map((row) => row.map(term).join(" ")).join(" or ")}`;
}

function holds({ any, unless }: Condition, section: Front | Backend, seen: Seen): boolean {
  if (any.length === 0) return true;
  const met = any.some((row) =>
    row.every(({ not, acl }) => {
      const tests = typeof acl === "string" ? namedTests(acl, section) : [acl];
      return tests.some((test) => passes(test, seen)) !== not;
    }),
  );
  return met !== unless;
}

const PREDEFINED: Readonly<Record<string, Test>> = {
  TRUE: { what: "always_true", of: "", ignoreCase: false, values: [] },
  FALSE: { what: "always_false", of: "", ignoreCase: false, values: [] },
  LOCALHOST: { what: "src", of: "", ignoreCase: false, values: ["127.0.0.0/8"] },
  METH_GET: { what: "method", of: "", ignoreCase: false, values: ["GET", "HEAD"] },
  METH_POST: { what: "method", of: "", ignoreCase: false, values: ["POST"] },
};

function namedTests(name: string, { acls }: Front | Backend): readonly Test[] {
  const known = Object.hasOwn(acls, name) ? acls[name] : undefined;
  const predefined = PREDEFINED[name];
  return known ?? (predefined === undefined ? [] : [predefined]);
}

function passes({ what, of, ignoreCase, values }: Test, { heard, request, sni, tls }: Seen): boolean {
  const fold = (text: string): string => (ignoreCase ? text.toLowerCase() : text);
  const within = (ip: string): boolean =>
    values.some((value) => cidrContains(value.includes("/") ? value : `${value}/${ip.includes(":") ? 128 : 32}`, ip));
  const match = (text: string | null, how: string): boolean =>
    text !== null && values.some((value) => matches(fold(text), fold(value), how, ignoreCase));
  const path = request === null ? null : splitPath(request.path).path;
  switch (what) {
    case "always_true":
      return true;
    case "src":
      return within(heard.source.ip);
    case "dst":
      return within(heard.local.ip);
    case "dst_port":
      return values.includes(String(heard.local.port));
    case "ssl_fc":
      return tls;
    case "ssl_sni":
    case "ssl_fc_sni":
      return match(sni, "");
    case "method":
      return request !== null && values.includes(request.method);
    default: {
      const [kind = "", how = ""] = what.split("_");
      if (kind === "path") return match(path, how);
      const header = request === null ? undefined : of === "" ? undefined : headerNamed(request, of);
      if (values.length === 0) return header !== undefined;
      return kind === "hdr" && match(header ?? null, how);
    }
  }
}

function matches(text: string, value: string, how: string, ignoreCase: boolean): boolean {
  switch (how) {
    case "beg":
      return text.startsWith(value);
    case "end":
      return text.endsWith(value);
    case "sub":
      return text.includes(value);
    case "dir":
      return `/${text}/`.includes(`/${value.replace(/^\/|\/$/g, "")}/`);
    case "dom":
      return `.${text.replace(/:\d+$/, "")}.`.includes(`.${value.replace(/^\.|\.$/g, "")}.`);
    case "reg":
      return regexOf(value, ignoreCase)?.test(text) === true;
    default:
      return text === value;
  }
}

function regexOf(text: string, ignoreCase: boolean): RegExp | null {
  try {
    return new RegExp(text, ignoreCase ? "i" : "");
  } catch {
    return null;
  }
}

/** Log-format variables that configurations use in headers; others stay as they are written. */
function filled(text: string, { heard, request, tls }: Seen): string {
  return text
    .replace(/%\[src\]|%ci\b/g, heard.source.ip)
    .replace(/%\[dst_port\]|%fp\b/g, String(heard.local.port))
    .replace(/%\[ssl_fc\]/g, tls ? "1" : "0")
    .replace(/%\[(?:req\.)?hdr\(([^)]*)\)\]/gi, (_, name: string) => (request && headerNamed(request, name)) ?? "")
    .replace(/%\[path\]/g, request === null ? "" : splitPath(request.path).path);
}
