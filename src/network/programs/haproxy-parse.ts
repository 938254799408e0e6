/** haproxy.cfg as text to {@link HaproxyConfig}. What is not understood is told, never passed over. */
import type {
  Action,
  Backend,
  Bind,
  Condition,
  Front,
  HaproxyConfig,
  Problem,
  Server,
  Test,
} from "./haproxy-config.ts";
import { conditionAt, conditionOf, testOf, wordsOf } from "./haproxy-conditions.ts";

/** Settings that change nothing about where a request goes. */
const HARMLESS =
  /^(log|log-format|log-tag|maxconn|user|group|daemon|chroot|pidfile|nbthread|nbproc|master-worker|description|stats|ssl-default-.*|ssl-dh-.*|ca-base|crt-base|tune\..*|errorfile|hash-type|fullconn|hard-stop-after|option (httplog|tcplog|dontlognull|dontlog-normal|http-server-close|http-keep-alive|httpclose|forceclose|tcpka|clitcpka|srvtcpka|abortonclose|splice-.*|contstats|log-health-checks|socket-stats|logasap|http-use-htx)|timeout (client|queue|http-request|http-keep-alive|check|tunnel|client-fin|server-fin|tarpit))( |$)/;

/** Understood, and without effect here. */
const IDLE: readonly (readonly [RegExp, string])[] = [
  [
    /^option (httpchk|tcp-check|mysql-check|pgsql-check|redis-check|ssl-hello-chk|smtpchk)\b/,
    "health checks are not run: every server counts as up",
  ],
  [
    /^http-check\b|^tcp-check\b|^default-server\b/,
    "health checks and server defaults are not run: every server counts as up",
  ],
  [/^(stick-table|stick|cookie)\b/, "no client sticks to a server: every connection is balanced anew"],
  [/^tcp-request inspect-delay\b/, "a request is there at once, so nothing waits for it"],
  [/^(http-response|rspadd|rspidel|rspirep|compression)\b/, "answers are passed on as they are"],
];

/** Mutable while it is read. */
interface Draft {
  readonly kind: "frontend" | "backend" | "listen" | "defaults";
  readonly name: string;
  mode: "tcp" | "http";
  acls: Record<string, Test[]>;
  actions: Action[];
  binds: Bind[];
  uses: { backend: string; when: Condition }[];
  defaultBackend: string | null;
  forwardFor: boolean;
  balance: Backend["balance"];
  servers: Server[];
  redispatch: boolean;
  retries: number;
  connect: number;
  silence: number;
}

const DEFAULTS: Omit<Draft, "kind" | "name" | "acls" | "actions" | "binds" | "uses" | "servers"> = {
  mode: "tcp",
  defaultBackend: null,
  forwardFor: false,
  balance: "roundrobin",
  redispatch: false,
  retries: 3,
  connect: 5_000,
  silence: 50_000,
};

/** `5s`, `500ms`, `1m`; a bare number is milliseconds. */
function millis(text: string): number | null {
  const match = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text);
  if (match === null) return null;
  const unit = { us: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? "ms"] ?? 1;
  return Number(match[1]) * unit;
}

/** `:80`, `*:80`, `0.0.0.0:80`, `[::]:80`, `10.0.0.1:80-85`. */
function bindsOf(text: string): readonly Omit<Bind, "ssl">[] | null {
  const found: Omit<Bind, "ssl">[] = [];
  for (const part of text.split(",")) {
    const match = /^(?:ipv[46]@)?(.*):(\d+)(?:-(\d+))?$/.exec(part);
    if (match === null) return null;
    const from = Number(match[2]);
    const to = Number(match[3] ?? from);
    if (from < 1 || to > 65_535 || to < from || to - from > 100) return null;
    const ip = (match[1] ?? "").replace(/^\[|\]$/g, "");
    for (let port = from; port <= to; port++) found.push({ ip: /^(|\*|0\.0\.0\.0|::)$/.test(ip) ? "*" : ip, port });
  }
  return found;
}

export function parseHaproxy(text: string): HaproxyConfig {
  const problems: Problem[] = [];
  const drafts: Draft[] = [];
  let defaults: Draft | null = null;
  let section: Draft | "global" | "other" | null = null;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const words = wordsOf(raw);
    const [head = "", name = ""] = words;
    if (head === "") continue;
    const problem = (message: string): void => void problems.push({ line: index + 1, message });
    if (head === "global") section = "global";
    else if (head === "defaults" || head === "frontend" || head === "backend" || head === "listen") {
      const inherited: typeof DEFAULTS = defaults ?? DEFAULTS;
      const { mode, defaultBackend, forwardFor, balance, redispatch, retries, connect, silence } =
        head === "defaults" ? DEFAULTS : inherited;
      const draft: Draft = {
        kind: head,
        name,
        mode,
        defaultBackend,
        forwardFor,
        balance,
        redispatch,
        retries,
        connect,
        silence,
        acls: {},
        actions: [],
        binds: [],
        uses: [],
        servers: [],
      };
      section = draft;
      if (head === "defaults") defaults = draft;
      else drafts.push(draft);
    } else if (/^(resolvers|peers|cache|userlist|mailers|program|http-errors|ring|crt-store|log-forward)$/.test(head)) {
      section = "other";
      problem(`the section "${head}" has no effect here`);
    } else if (section === null) problem(`"${head}" stands before any section`);
    else if (typeof section === "object") setting(section, words, problem);
  }
  return built(drafts, problems);
}

function built(drafts: readonly Draft[], problems: Problem[]): HaproxyConfig {
  const backends: Record<string, Backend> = {};
  for (const draft of drafts) if (draft.kind !== "frontend") backends[draft.name] = draft;
  const fronts = drafts
    .filter(({ kind }) => kind !== "backend")
    .map((draft): Front => {
      const { kind, name } = draft;
      return kind === "listen" && draft.servers.length > 0 && draft.defaultBackend === null
        ? { ...draft, defaultBackend: name }
        : draft;
    });
  for (const { name, uses, defaultBackend } of fronts) {
    for (const wanted of [...uses.map((use) => use.backend), ...(defaultBackend === null ? [] : [defaultBackend])]) {
      if (!Object.hasOwn(backends, wanted))
        problems.push({
          line: 0,
          message: `unable to find required use_backend or default_backend: '${wanted}' of '${name}'`,
        });
    }
  }
  return { fronts, backends, problems };
}

function setting(draft: Draft, words: readonly string[], problem: (message: string) => void): void {
  const [head = "", ...rest] = words;
  const line = words.join(" ");
  const first = rest[0] ?? "";
  /** The line's words before its condition, and the condition. */
  const conditional = (): { readonly words: readonly string[]; readonly when: Condition } | null => {
    const at = conditionAt(words);
    const when = conditionOf(words.slice(at));
    if (typeof when !== "string") return { words: words.slice(0, at), when };
    problem(`${when}; the line is left out`);
    return null;
  };
  switch (head) {
    case "bind": {
      const binds = bindsOf(first);
      if (binds === null) return problem(`the address "${first}" is not understood`);
      if (rest.includes("accept-proxy")) problem("accept-proxy is without effect: nothing here sends a PROXY line");
      const ssl = rest.includes("ssl");
      draft.binds.push(...binds.map((bind) => ({ ...bind, ssl })));
      return;
    }
    case "mode":
      if (first === "tcp" || first === "http") draft.mode = first;
      else problem(`mode ${first} is not understood: taken as ${draft.mode}`);
      return;
    case "balance":
      if (first === "leastconn" || first === "source" || first === "first" || first === "roundrobin")
        draft.balance = first;
      else {
        draft.balance = "roundrobin";
        if (first !== "static-rr") problem(`balance ${first} is taken as roundrobin here`);
      }
      return;
    case "server":
      return server(draft, rest, problem);
    case "acl": {
      const test = testOf(rest.slice(1));
      if (typeof test === "string") problem(test);
      else (draft.acls[first] ??= []).push(test);
      return;
    }
    case "use_backend": {
      const found = conditional();
      if (found !== null) draft.uses.push({ backend: first, when: found.when });
      return;
    }
    case "default_backend":
      draft.defaultBackend = first;
      return;
    case "retries":
      draft.retries = Math.max(0, Math.min(10, Number(first) || 0));
      return;
    case "timeout": {
      const value = millis(rest[1] ?? "");
      if (first === "connect" && value !== null) draft.connect = value;
      else if (first === "server" && value !== null) draft.silence = value;
      else if (value === null || !HARMLESS.test(line)) problem(`"${line}" is not understood`);
      return;
    }
    case "option":
      if (first === "forwardfor") draft.forwardFor = true;
      else if (first === "redispatch") draft.redispatch = true;
      else other(line, problem);
      return;
    case "no":
      if (line === "no option forwardfor") draft.forwardFor = false;
      else if (line === "no option redispatch") draft.redispatch = false;
      else if (!HARMLESS.test(rest.join(" "))) problem(`"${line}" is not understood`);
      return;
    case "tcp-request":
    case "http-request":
    case "redirect":
    case "block": {
      if (line.startsWith("tcp-request inspect-delay")) return other(line, problem);
      const found = conditional();
      if (found === null) return;
      const action = actionOf(found.words, found.when);
      if (typeof action === "string") problem(action);
      else draft.actions.push(action);
      return;
    }
    default:
      other(line, problem);
  }
}

function other(line: string, problem: (message: string) => void): void {
  if (HARMLESS.test(line)) return;
  const idle = IDLE.find(([pattern]) => pattern.test(line));
  problem(idle === undefined ? `"${line}" is not understood and has no effect here` : `"${line}": ${idle[1]}`);
}

function actionOf(words: readonly string[], when: Condition): Action | string {
  const [head, verb = "", ...rest] = words;
  const after = (name: string): string | null => {
    const at = rest.indexOf(name);
    return at < 0 ? null : (rest[at + 1] ?? null);
  };
  if (head === "block") return { kind: "deny", status: 403, when };
  if (head === "tcp-request") {
    const [action = ""] = rest;
    if (verb !== "connection" && verb !== "content" && verb !== "session")
      return `"${words.join(" ")}" is not understood`;
    if (action === "reject" || action === "accept") return { kind: action, when };
    return `"${words.join(" ")}" is not understood and has no effect here`;
  }
  const [kind, args] = head === "redirect" ? ["redirect", [verb, ...rest]] : [verb, rest];
  switch (kind) {
    case "deny":
    case "reject":
      return { kind: "deny", status: Number(after("deny_status") ?? after("status") ?? 403), when };
    case "return":
      return {
        kind: "return",
        status: Number(after("status") ?? 200),
        body: after("string") ?? after("lf-string") ?? "",
        when,
      };
    case "redirect": {
      const [how = "", to = ""] = args;
      if (how !== "scheme" && how !== "location" && how !== "prefix") return `"${words.join(" ")}" is not understood`;
      const at = args.indexOf("code");
      return { kind: "redirect", how, to, code: Number(at < 0 ? 302 : (args[at + 1] ?? 302)), when };
    }
    case "set-header":
    case "add-header":
      return { kind, name: args[0] ?? "", value: args[1] ?? "", when };
    case "replace-path":
      return { kind, from: args[0] ?? "", to: args[1] ?? "", when };
    default:
      return `"${words.join(" ")}" is not understood and has no effect here`;
  }
}

/** Words of a server line that take a value after them. */
const WITH_VALUE =
  /^(weight|maxconn|maxqueue|inter|fastinter|downinter|rise|fall|slowstart|cookie|id|resolvers|resolve-prefer|init-arg|init-addr|verify|ca-file|crt|sni|alpn|source|track|observe|on-error|error-limit|minconn|port|addr|proto|check-sni|check-alpn)$/;

function server(draft: Draft, rest: readonly string[], problem: (message: string) => void): void {
  const [name = "", address = "", ...more] = rest;
  const match = /^(?:ipv[46]@)?(\[[^\]]+\]|[^:]+)(?::\+?(\d+))?$/.exec(address);
  if (match === null)
    return problem(`the address "${address}" of server ${name} is not understood; the server is left out`);
  for (let i = 0; i < more.length; i++) {
    const word = more[i] as string;
    if (word.startsWith("send-proxy"))
      problem(`${word} of server ${name} is without effect: servers here read no PROXY line`);
    else if (word === "check") problem(`check of server ${name}: health checks are not run, the server counts as up`);
    else if (word === "weight" && more[i + 1] !== "1")
      problem(`weight of server ${name} is without effect: servers take turns`);
    else if (word === "disabled") return;
    if (WITH_VALUE.test(word)) i++;
  }
  draft.servers.push({
    name,
    host: (match[1] ?? "").replace(/^\[|\]$/g, ""),
    port: match[2] === undefined ? null : Number(match[2]),
    backup: more.includes("backup"),
    ssl: more.includes("ssl"),
  });
}
