/** Which address and port a container's command line or environment makes its process listen on, for the programs that people run. */
import type { Container } from "./types.ts";

/** One socket that the container's own configuration names. */
export interface Bound {
  /** `0.0.0.0`: any address. */
  readonly ip: string;
  /** null: the ports that it would have anyway. */
  readonly port: number | null;
  readonly protocol: "tcp" | "udp";
  /** What says so, as a path below the container; null: the program's own default. */
  readonly path: string | null;
  /** The value there with 0.0.0.0 in the place of a loopback address; null where there is none to replace. */
  readonly wide: string | null;
  /** The argument that would make a program listen everywhere which listens on loopback unless it is told. */
  readonly missing?: string;
}

interface Word {
  readonly text: string;
  readonly path: string;
  /** The whole value at the path, of which this is a part. */
  readonly whole: string;
}

const ANY = "0.0.0.0";
const LOOPBACK = /(^|[^\d.])(127\.\d+\.\d+\.\d+|localhost|\[::1\]|::1)(?![\d.]*\d|[\w-])/;

const isLoopback = (host: string): boolean => /^(127\.\d+\.\d+\.\d+|localhost|\[?::1\]?)$/i.test(host);

/** Variables of the container that have a value of their own. */
const valuesOf = (container: Container): ReadonlyMap<string, string> =>
  new Map((container.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])));

/** Command and arguments, word by word; what a shell is given as one string is split as it would split it. */
function wordsOf(container: Container): readonly Word[] {
  const values = valuesOf(container);
  const filled = (text: string): string =>
    text.replace(
      /\$(?:\((\w+)\)|\{(\w+)(?::-([^}]*))?\}|(\w+))/g,
      (whole, a?: string, b?: string, or?: string, c?: string) => values.get(a ?? b ?? c ?? "") ?? or ?? whole,
    );
  return (["command", "args"] as const).flatMap((field) =>
    (container[field] ?? []).flatMap((whole, i) =>
      filled(whole)
        .split(/\s+/)
        .flatMap((part): readonly Word[] => {
          const text = part.replace(/^["'(]+|["');]+$/g, "");
          return text === "" ? [] : [{ text, path: `${field}[${String(i)}]`, whole }];
        }),
    ),
  );
}

const portOf = (text: string | undefined): number | null => {
  const port = /^\d{1,5}$/.test(text ?? "") ? Number(text) : 0;
  return port > 0 && port <= 65_535 ? port : null;
};

interface Place {
  readonly host: string | null;
  readonly port: number | null;
}

/** `127.0.0.1:8080`, `:8080`, `8080`, `localhost`, `tcp://0.0.0.0:80`; null: neither an address nor a port. */
function placeOf(text: string): Place | null {
  const bare = text.replace(/^[a-z]+:\/\//i, "").replace(/\/$/, "");
  if (portOf(bare) !== null) return { host: null, port: portOf(bare) };
  const [, host = "", port] = /^(\[[0-9a-f:.]+\]|::1|::|[\w.*-]*)(?::(\d{1,5}))?$/i.exec(bare) ?? [];
  if (host === "" && port === undefined) return null;
  const isAddress = host === "" || host === "*" || isLoopback(host) || /^\[?[\d.:]+\]?$/.test(host);
  return isAddress ? { host: host === "" ? null : host, port: portOf(port) } : null;
}

/** Values of a flag in the order given: `--name=value`, `--name value`, `-n value`. */
function flagged(
  words: readonly Word[],
  names: readonly string[],
): readonly { readonly value: string; readonly word: Word }[] {
  return words.flatMap((word, i) => {
    const [, flag = "", value] = /^(--?[\w.-]+)(?:=(.*))?$/s.exec(word.text) ?? [];
    if (!names.includes(flag.toLowerCase())) return [];
    if (value !== undefined) return [{ value: value.replace(/^["']|["']$/g, ""), word }];
    const next = words[i + 1];
    return next === undefined || /^--?[a-z]/i.test(next.text) ? [] : [{ value: next.text, word: next }];
  });
}

const wideOf = (whole: string): string | null =>
  LOOPBACK.test(whole) ? whole.replace(new RegExp(LOOPBACK, "g"), (_, before: string) => `${before}${ANY}`) : null;

const bound = (
  place: Place | null,
  port: number | null,
  word: Word | null,
  protocol: Bound["protocol"] = "tcp",
): Bound => {
  const host = place?.host ?? ANY;
  const ip = isLoopback(host) ? (host.includes(":") ? "::1" : host.startsWith("127.") ? host : "127.0.0.1") : ANY;
  return {
    ip,
    port: place?.port ?? port,
    protocol,
    path: word?.path ?? null,
    wide: word === null || ip === ANY ? null : wideOf(word.whole),
  };
};

interface Given {
  readonly words: readonly Word[];
  readonly values: ReadonlyMap<string, string>;
}

/** A program's flags for address and port, and what it does without them. */
interface Program {
  readonly is: RegExp;
  readonly address?: readonly string[];
  readonly port?: readonly string[];
  readonly host: string | null;
  readonly usual: number | null;
  /** The flag that opens it, where `host` is a loopback address. */
  readonly open?: string;
  /** A configuration elsewhere may say otherwise. */
  readonly unless?: RegExp;
}

/** By what is run. Their own documentation. */
const PROGRAMS: readonly Program[] = [
  { is: /(^|\s)-m\s+http\.server\b/, address: ["-b", "--bind"], host: null, usual: 8000 },
  {
    is: /(^|\/|\s)gunicorn\b/,
    address: ["-b", "--bind"],
    host: "127.0.0.1",
    open: "--bind=0.0.0.0:8000",
    usual: 8000,
    unless: /gunicorn\b.*\s(-c|--config)\b/,
  },
  {
    is: /(^|\/|\s)(uvicorn|hypercorn)\b/,
    address: ["--host", "-b", "--bind"],
    port: ["--port"],
    host: "127.0.0.1",
    open: "--host=0.0.0.0",
    usual: 8000,
  },
  { is: /(^|\/|\s)fastapi\s+run\b/, address: ["--host"], port: ["--port"], host: null, usual: 8000 },
  {
    is: /(^|\/|\s)fastapi\s+dev\b/,
    address: ["--host"],
    port: ["--port"],
    host: "127.0.0.1",
    open: "--host=0.0.0.0",
    usual: 8000,
  },
  {
    is: /\bflask\b.*\brun\b/,
    address: ["--host", "-h"],
    port: ["--port", "-p"],
    host: "127.0.0.1",
    open: "--host=0.0.0.0",
    usual: 5000,
  },
  { is: /\bhttp-server\b/, address: ["-a"], port: ["-p", "--port"], host: null, usual: 8080 },
  { is: /(^|\/|\s)memcached\b/, address: ["-l", "--listen"], port: ["-p", "--port"], host: null, usual: 11_211 },
  { is: /(^|\/|\s)httpd\s.*-f\b|\bbusybox\s+httpd\b/, address: ["-p"], host: null, usual: 80 },
];

const IMAGES: readonly (Program & { readonly image: RegExp })[] = [
  { image: /^http-echo$/, is: /./, address: ["-listen", "--listen"], host: null, usual: 5678 },
  {
    image: /^(redis|valkey)$/,
    is: /./,
    address: ["--bind"],
    port: ["--port"],
    host: null,
    usual: 6379,
    unless: /\.conf\b/,
  },
  { image: /^(mysql|mariadb)$/, is: /./, address: ["--bind-address"], port: ["--port", "-P"], host: null, usual: 3306 },
  { image: /^mongo$/, is: /./, address: ["--bind_ip"], port: ["--port"], host: null, usual: 27_017 },
  { image: /^memcached$/, is: /./, address: ["-l", "--listen"], port: ["-p", "--port"], host: null, usual: 11_211 },
  { image: /^whoami$/, is: /./, port: ["--port", "-port"], host: null, usual: 80 },
];

/** What a flag or variable that is nobody's in particular means: the address that the program listens on. */
const LISTEN_FLAGS = [
  "--listen",
  "-listen",
  "--bind",
  "-bind",
  "--bind-address",
  "--listen-address",
  "--listen-addr",
  "--addr",
  "-addr",
  "--address",
  "--host",
  "--hostname",
  "--http-address",
  "--http-addr",
  "--http.addr",
  "--web.listen-address",
] as const;
const PORT_FLAGS = ["--port", "-port", "--http-port", "--http.port", "--listen-port"] as const;
const LISTEN_VARIABLES = [
  "HOST",
  "BIND",
  "BIND_ADDR",
  "BIND_ADDRESS",
  "BIND_HOST",
  "LISTEN",
  "LISTEN_ADDR",
  "LISTEN_ADDRESS",
  "LISTEN_HOST",
  "HTTP_HOST",
  "HTTP_ADDR",
  "SERVER_HOST",
  "SERVER_ADDRESS",
  "APP_HOST",
  "ADDR",
] as const;
const PORT_VARIABLES = ["PORT", "HTTP_PORT", "SERVER_PORT", "LISTEN_PORT", "APP_PORT"] as const;

/** A variable's value and where it stands. */
function variable(container: Container, names: readonly string[]): Word | null {
  const index = (container.env ?? []).findIndex(({ name, value }) => names.includes(name) && (value ?? "") !== "");
  const whole = container.env?.[index]?.value;
  return whole === undefined ? null : { text: whole, whole, path: `env[${String(index)}].value` };
}

function ofProgram({ words }: Given, { address = [], port = [], host, usual, open }: Program): readonly Bound[] {
  const ports = flagged(words, port).flatMap(({ value }) => portOf(value) ?? []);
  const number = ports.at(-1) ?? usual;
  const places = flagged(words, address).flatMap(({ value, word }) =>
    value.split(",").flatMap((one) => {
      const place = placeOf(one);
      return place === null ? [] : [{ place, word }];
    }),
  );
  if (places.length === 0)
    return [{ ...bound({ host, port: null }, number, null), ...(open === undefined ? {} : { missing: open }) }];
  return places.map(({ place, word }) => bound(place, number, word));
}

/** The word after this one that names a place: `http.server 8000`, `runserver 0.0.0.0:8000`. */
function after(words: readonly Word[], name: RegExp): { readonly place: Place; readonly word: Word } | null {
  const next = words[words.findIndex(({ text }) => name.test(text)) + 1];
  const place = next === undefined ? null : placeOf(next.text);
  return next === undefined || place === null ? null : { place, word: next };
}

function special(given: Given, line: string): readonly Bound[] | null {
  const { words, values } = given;
  if (/(^|\s)-m\s+(http\.server|SimpleHTTPServer)\b/.test(line)) {
    const [first] = ofProgram(given, PROGRAMS[0] as Program);
    const told = after(words, /^(http\.server|SimpleHTTPServer)$/);
    const other = words.find(
      ({ text }, i) => portOf(text) !== null && i > 0 && words[i - 1]?.text.startsWith("-") !== true,
    );
    return first === undefined ? null : [{ ...first, port: told?.place.port ?? portOf(other?.text) ?? 8000 }];
  }
  if (/\bmanage\.py\b.*\brunserver\b/.test(line)) {
    const told = after(words, /^runserver$/);
    const host = told?.place.host ?? "127.0.0.1";
    const one = bound({ host, port: told?.place.port ?? 8000 }, 8000, told?.word ?? null);
    return [told === null ? { ...one, missing: "0.0.0.0:8000" } : one];
  }
  if (/\bflask\b.*\brun\b/.test(line)) {
    const [first] = ofProgram(given, PROGRAMS.find(({ is }) => is.test(line)) as Program);
    const host = values.get("FLASK_RUN_HOST");
    const port = portOf(values.get("FLASK_RUN_PORT"));
    if (first === undefined || first.path !== null || host === undefined)
      return first === undefined
        ? null
        : [{ ...first, port: flagged(words, ["--port", "-p"]).length > 0 ? first.port : (port ?? first.port) }];
    return null;
  }
  if (/\b(agnhost\s+)?netexec\b/.test(line)) {
    const [http, udp] = [["--http-port"], ["--udp-port"]].map((names) => portOf(flagged(words, names).at(-1)?.value));
    return [bound(null, http ?? 8080, null), bound(null, udp ?? 8081, null, "udp")];
  }
  if (/\bserve-hostname\b/.test(line))
    return [bound(null, portOf(flagged(words, ["--port"]).at(-1)?.value) ?? 9376, null)];
  const socat = /\b(TCP|UDP)4?-LISTEN:(\d+)([^\s]*)/i.exec(line);
  if (socat !== null) {
    const host = /bind=([\w.:]+)/.exec(socat[3] ?? "")?.[1] ?? null;
    const word = words.find(({ text }) => /LISTEN:/i.test(text)) ?? null;
    return [bound({ host, port: portOf(socat[2]) }, null, word, socat[1]?.toLowerCase() === "udp" ? "udp" : "tcp")];
  }
  const postgres = /\blisten_addresses=['"]?([\w.*]+)/.exec(line);
  if (postgres !== null) {
    const word = words.find(({ text }) => text.includes("listen_addresses=")) ?? null;
    const port = portOf(/\bport=(\d+)/.exec(line)?.[1] ?? flagged(words, ["-p"]).at(-1)?.value) ?? 5432;
    return [bound({ host: postgres[1] ?? null, port }, null, word)];
  }
  if (/(^|\s|\/)(nc|ncat|netcat)\s+(-\w+\s+)*-\w*l/.test(line)) {
    const udp = /\s-\w*u/.test(line);
    const numbers = words.filter(({ text }) => portOf(text) !== null);
    const host = words.find(({ text }) => isLoopback(text)) ?? null;
    const port = portOf(flagged(words, ["-p", "-lp", "-lkp", "-klp"]).at(-1)?.value ?? numbers[0]?.text);
    return port === null ? null : [bound({ host: host?.text ?? null, port }, null, host, udp ? "udp" : "tcp")];
  }
  return null;
}

/**
 * What the command line and the environment say; null where they say nothing. `image`: its bare name; `known`: a stock image, which does
 * not go by variables of other people's making.
 */
export function boundBy(container: Container, image: string, known: boolean): readonly Bound[] | null {
  const given: Given = { words: wordsOf(container), values: valuesOf(container) };
  const line = given.words.map(({ text }) => text).join(" ");
  if (line !== "") {
    const told = special(given, line);
    if (told !== null) return told;
    const own = IMAGES.find((one) => one.image.test(image) && one.unless?.test(line) !== true);
    const names = own === undefined ? [] : [...(own.address ?? []), ...(own.port ?? [])];
    if (own !== undefined && flagged(given.words, names).length > 0) return ofProgram(given, own);
    const run = PROGRAMS.find(({ is, unless }) => is.test(line) && unless?.test(line) !== true);
    if (run !== undefined) return ofProgram(given, run);
  }
  if (known) return null;
  const flag = flagged(given.words, LISTEN_FLAGS)
    .map(({ value, word }) => ({ place: placeOf(value), word }))
    .find(({ place }) => place !== null);
  const named = variable(container, LISTEN_VARIABLES);
  const byName = named === null ? null : placeOf(named.text);
  const listen = flag ?? (byName === null || named === null ? null : { place: byName, word: named });
  const flagPort = portOf(flagged(given.words, PORT_FLAGS).at(-1)?.value);
  const port = flagPort ?? portOf(variable(container, PORT_VARIABLES)?.text);
  const isLocal = isLoopback(listen?.place?.host ?? "");
  const number = listen?.place?.port ?? port;
  if (number === null && !isLocal) return null;
  return [bound(listen?.place ?? null, port, listen?.word ?? null)];
}
