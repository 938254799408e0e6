/** What the servers in pods answer over HTTP: well-known images as they do, of others only that they answer is taken on trust. */
import { joinHostPort } from "../../base/ip.ts";
import { MILLISECOND, type Micros, timestamp } from "../../base/time.ts";
import type { Container, Pod } from "../../model/pod/types.ts";
import type { HttpHeader, HttpRequest, HttpResponse } from "../../model/trace/message.ts";
import type { Heard, Program, Reaction } from "../program.ts";
import { headerNamed, nginxPage, respond, splitPath } from "./http.ts";

const WORK = MILLISECOND / 5;

/** One request to a server in a pod. */
interface Asked {
  readonly pod: Pod;
  readonly container: Container;
  readonly request: HttpRequest;
  readonly heard: Heard;
}

interface Content {
  readonly body: string;
  readonly type?: string;
  readonly status?: number;
  readonly headers?: readonly HttpHeader[];
  readonly server?: string;
}

/** What an image serves; null: not over HTTP. */
type Server = { readonly name: string; readonly serve: (asked: Asked) => Content };

const PLAIN = "text/plain; charset=utf-8";

/** All headers as a Go server has them: canonical names, sorted, Host aside. */
function goHeaders({ headers }: HttpRequest): readonly HttpHeader[] {
  const canonical = (name: string): string =>
    name.toLowerCase().replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase());
  return headers
    .map(({ name, value }) => ({ name: canonical(name), value }))
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

const ipsOf = ({ pod, heard }: Asked): readonly string[] => pod.status.podIPs?.map(({ ip }) => ip) ?? [heard.local.ip];

const hostnameOf = ({ spec, metadata }: Pod): string => spec.hostname ?? metadata.name;

const from = ({ heard }: Asked): string => joinHostPort(heard.source.ip, heard.source.port);

function queryOf(request: HttpRequest, name: string): string | null {
  for (const part of splitPath(request.path).query.slice(1).split("&")) {
    const [key = "", value = ""] = part.split("=");
    if (key !== name) continue;
    try {
      return decodeURIComponent(value.replaceAll("+", " "));
    } catch {
      return value;
    }
  }
  return null;
}

/** Go's time.Time as %v prints it. */
function goTime(now: Micros): string {
  return `${timestamp(now).replace("T", " ").replace("Z", "")} +0000 UTC`;
}

/** Source: test/images/agnhost/netexec/netexec.go. */
const netexec: Server["serve"] = (asked) => {
  const { request, pod, heard } = asked;
  switch (splitPath(request.path).path) {
    case "/hostname":
    case "/hostName":
      return { body: hostnameOf(pod) };
    case "/clientip":
      return { body: from(asked) };
    case "/header": {
      const key = queryOf(request, "key") ?? "";
      return { body: key === "" ? "" : (headerNamed(request, key) ?? "") };
    }
    case "/echo": {
      const code = Number(queryOf(request, "code") ?? "200");
      return {
        body: queryOf(request, "msg") ?? "",
        status: Number.isInteger(code) && code >= 100 && code < 600 ? code : 200,
      };
    }
    case "/healthz":
      return { body: "" };
    default:
      return { body: `NOW: ${goTime(heard.now)}` };
  }
};

const agnhost: Server["serve"] = (asked) => {
  const [command = "pause"] = asked.container.args ?? [];
  if (command === "netexec") return netexec(asked);
  if (command === "serve-hostname") return { body: hostnameOf(asked.pod) };
  return { body: "" };
};

/** Source: traefik/whoami, whoamiHandler. */
const whoami: Server["serve"] = (asked) => {
  const { request, pod, container } = asked;
  const name = container.env?.find((e) => e.name === "WHOAMI_NAME")?.value;
  const lines = [
    ...(name === undefined ? [] : [`Name: ${name}`]),
    `Hostname: ${hostnameOf(pod)}`,
    "IP: 127.0.0.1",
    "IP: ::1",
    ...ipsOf(asked).map((ip) => `IP: ${ip}`),
    `RemoteAddr: ${from(asked)}`,
    `${request.method} ${request.path} HTTP/1.1`,
    `Host: ${request.host}`,
    ...goHeaders(request)
      .toSorted((a, b) => Number(b.name === "User-Agent") - Number(a.name === "User-Agent"))
      .map((h) => `${h.name}: ${h.value}`),
    "",
    "",
  ];
  return { body: lines.join("\n") };
};

function flag(container: Container, name: string): string | null {
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  for (const [i, word] of words.entries()) {
    if (word === `-${name}` || word === `--${name}`) return words[i + 1] ?? "";
    const match = new RegExp(`^--?${name}=(.*)$`, "s").exec(word);
    if (match !== null) return (match[1] ?? "").replace(/^"(.*)"$/, "$1");
  }
  return null;
}

/** Source: hashicorp/http-echo, main.go. */
const httpEcho: Server["serve"] = ({ container }) => {
  const text = flag(container, "text") ?? container.env?.find((e) => e.name === "ECHO_TEXT")?.value ?? "hello-world";
  return {
    body: `${text}\n`,
    headers: [
      { name: "X-App-Name", value: "http-echo" },
      { name: "X-App-Version", value: "1.0.0" },
    ],
  };
};

/** ealen/echo-server: what it got as JSON. */
const echoServer: Server["serve"] = (asked) => {
  const { pod, request, heard } = asked;
  const headers = Object.fromEntries([
    ["host", request.host],
    ...request.headers.map((h) => [h.name.toLowerCase(), h.value]),
  ]) as Record<string, string>;
  const { path } = splitPath(request.path);
  const body = {
    host: { hostname: request.host, ip: `::ffff:${heard.source.ip}`, ips: [] },
    http: { method: request.method, baseUrl: "", originalUrl: request.path, protocol: "http" },
    request: { params: { "0": path }, query: {}, cookies: {}, body: {}, headers },
    environment: { HOSTNAME: hostnameOf(pod) },
  };
  return { body: JSON.stringify(body), type: "application/json; charset=utf-8" };
};

/** registry.k8s.io/echoserver. */
const echoserver: Server["serve"] = (asked) => {
  const { pod, request, heard } = asked;
  const lines = [
    "",
    "",
    `Hostname: ${hostnameOf(pod)}`,
    "",
    "Pod Information:",
    "\t-no pod information available-",
    "",
    "Request Information:",
    `\tclient_address=${heard.source.ip}`,
    `\tmethod=${request.method}`,
    `\treal path=${request.path}`,
    `\trequest_uri=http://${request.host}:${heard.local.port}${request.path}`,
    "",
    "Request Headers:",
    ...[{ name: "host", value: request.host }, ...request.headers]
      .map((h) => `\t${h.name.toLowerCase()}=${h.value}`)
      .toSorted(),
    "",
  ];
  return { body: lines.join("\n"), type: "text/plain" };
};

const WELCOME = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
</body>
</html>
`;

const nginx: Server["serve"] = ({ request }) => {
  const { path } = splitPath(request.path);
  const server = "nginx";
  return path === "/" || path === "/index.html"
    ? { body: WELCOME, type: "text/html", server }
    : { body: nginxPage(404), type: "text/html", status: 404, server };
};

/** nginxdemos/hello:plain-text. */
const hello: Server["serve"] = (asked) => ({
  body: `Server address: ${joinHostPort(asked.heard.local.ip, asked.heard.local.port)}\nServer name: ${hostnameOf(asked.pod)}\nDate: ${timestamp(asked.heard.now)}\nURI: ${asked.request.path}\n`,
  type: "text/plain",
  server: "nginx",
});

/** gcr.io/google-samples/hello-app. */
const helloApp: Server["serve"] = ({ pod, container }) => {
  const version = /:(\d[^:@]*)/.exec(container.image ?? "")?.[1] ?? "1.0";
  return { body: `Hello, world!\nVersion: ${version}.0\nHostname: ${hostnameOf(pod)}\n` };
};

const SERVERS: readonly (readonly [image: RegExp, Server])[] = [
  [/(^|\/)agnhost([:@]|$)/, { name: "agnhost", serve: agnhost }],
  [/(^|\/)(serve[-_]hostname)([:@]|$)/, { name: "serve-hostname", serve: ({ pod }) => ({ body: hostnameOf(pod) }) }],
  [/(^|\/)whoami([:@]|$)/, { name: "whoami", serve: whoami }],
  [/(^|\/)http-echo([:@]|$)/, { name: "http-echo", serve: httpEcho }],
  [/(^|\/)echo-server([:@]|$)/, { name: "echo-server", serve: echoServer }],
  [/(^|\/)echoserver([:@]|$)/, { name: "echoserver", serve: echoserver }],
  [/(^|\/)nginxdemos\/hello([:@]|$)/, { name: "nginx", serve: hello }],
  [/(^|\/)hello-app([:@]|$)/, { name: "hello-app", serve: helloApp }],
  [/(^|\/)(nginx|nginx-unprivileged)([:@]|$)/, { name: "nginx", serve: nginx }],
];

/** Servers that speak something else: of an HTTP request they make nothing. */
const NOT_HTTP =
  /(^|\/)(redis|valkey|postgres|mysql|mariadb|memcached|mongo|rabbitmq|etcd|zookeeper|nats|coredns|kafka|cassandra)([:@]|$)/;

/** The container whose socket it is: by its declared port, else the pod's first. */
function containerOf(pod: Pod, port: number): Container | undefined {
  const { containers } = pod.spec;
  return containers.find((c) => c.ports?.some((p) => p.containerPort === port)) ?? containers[0];
}

/** Does a port speak TLS? Said by its number or its name alone. */
function isTls({ ports = [] }: Container, port: number): boolean {
  const name = ports.find((p) => p.containerPort === port)?.name;
  return port === 443 || port === 8443 || name === "https" || name === "tls";
}

/** The server process of a pod that runs nothing better known: it answers whoever speaks HTTP. */
export function httpServer(pod: Pod): Program {
  const first = pod.spec.containers[0];
  const known = SERVERS.find(([image]) => image.test(first?.image ?? ""))?.[1];
  return {
    name: known?.name ?? `container ${first?.name ?? ""}`,
    react: (heard) => {
      const container = containerOf(pod, heard.local.port);
      if (heard.says?.kind !== "http" || container === undefined || NOT_HTTP.test(container.image ?? "")) return null;
      return serve({ pod, container, request: heard.says, heard });
    },
  };
}

function serve(asked: Asked): Reaction {
  const { container, request, heard } = asked;
  const tls = isTls(container, heard.local.port);
  if (request.scheme === "https" && !tls) {
    return {
      kind: "close",
      note: `takes the TLS hello on port ${heard.local.port}, which speaks plain HTTP, for a bad request: the handshake fails`,
      says: "curl: (35) error:0A00010B:SSL routines::wrong version number",
    };
  }
  const shown = `${request.method} ${request.path} of ${request.host}`;
  if (request.scheme === "http" && tls) {
    const body = "Client sent an HTTP request to an HTTPS server.\n";
    return answer(asked, `answers ${shown} with 400: this port speaks TLS`, { body, status: 400 });
  }
  const known = SERVERS.find(([image]) => image.test(container.image ?? ""))?.[1];
  const content = known?.serve(asked) ?? { body: "" };
  const status = content.status ?? 200;
  const trust = known === undefined ? ` (assumed: what image ${container.image ?? "?"} serves is not known here)` : "";
  return answer(asked, `answers ${shown} with ${status}${trust}`, content);
}

function answer({ request, heard }: Asked, note: string, content: Content): Reaction {
  const { body, type = PLAIN, status = 200, headers, server } = content;
  const response: HttpResponse = respond(request, heard.now, status, {
    body,
    type,
    ...(headers === undefined ? {} : { headers }),
    ...(server === undefined ? {} : { server }),
  });
  return { kind: "answer", note, took: WORK, response };
}
