import { describe, expect, it } from "vitest";
import type { HttpRequest, Message } from "../../model/trace/message.ts";
import type { Heard, Reaction } from "../program.ts";
import type { ApiReader } from "./endpoints.ts";
import { haproxyReaction } from "./haproxy.ts";
import { parseHaproxy } from "./haproxy-parse.ts";

const CONFIG = `
global
    log /dev/log local0
    maxconn 4096
defaults
    mode http
    timeout connect 2s
    timeout client 50s
    timeout server 30s
    option forwardfor
frontend web
    bind *:80
    bind *:443 ssl crt /certs/site.pem
    acl office src 198.51.100.0/24
    acl api path_beg /api
    acl shop hdr(host) -i shop.example
    tcp-request connection reject if { src 203.0.113.66 }
    http-request deny deny_status 403 if { path_beg /admin } !office
    redirect scheme https code 301 if { hdr(host) -i secure.example } !{ ssl_fc }
    use_backend api if api shop or { hdr_end(host) .api.example }
    default_backend pages
backend api
    balance roundrobin
    http-request set-header X-Client %[src]
    server a1 10.0.0.1:8080
    server a2 10.0.0.2:8080
backend pages
    balance source
    server p1 10.0.1.1:80
    server p2 10.0.1.2:80
    server old 10.0.1.9:80 backup
listen passthrough
    bind :8443
    mode tcp
    balance leastconn
    option redispatch
    server t1 10.0.2.1
    server t2 tls.example:9443
listen empty
    bind 10.9.9.9:81
    mode http
`;

const config = parseHaproxy(CONFIG);

const http = (host: string, path = "/", scheme: HttpRequest["scheme"] = "http"): HttpRequest => ({
  kind: "http",
  method: "GET",
  scheme,
  host,
  path,
  headers: [],
});

function ask(says: Message | null, more: { client?: string; port?: number; ip?: string } = {}): Reaction | null {
  const { client = "198.51.100.24", port = 80, ip = "10.244.1.5" } = more;
  const heard = { says, source: { ip: client, port: 40_000 }, local: { ip, port }, now: 0 } as Heard;
  const addressOf = (name: string): string | null => (name === "tls.example" ? "10.0.2.2" : null);
  return haproxyReaction(config, heard, { reader: {} as ApiReader, addressOf });
}

const relay = (reaction: Reaction | null): Extract<Reaction, { kind: "relay" }> => {
  if (reaction?.kind !== "relay") throw new Error(JSON.stringify(reaction));
  return reaction;
};
const servers = (reaction: Reaction | null): readonly string[] => relay(reaction).endpoints.map(({ key }) => key);
const status = (reaction: Reaction | null): number | undefined =>
  reaction?.kind === "answer" ? reaction.response?.status : undefined;

it("understands all of this configuration", () => {
  expect(config.problems).toEqual([]);
});

describe("frontends", () => {
  it.each<[string, HttpRequest, readonly string[]]>([
    ["both ACLs of use_backend", http("SHOP.example", "/api/x"), ["10.0.0.1:8080", "10.0.0.2:8080"]],
    ["one of them is not enough", http("shop.example", "/"), ["10.0.1.1:80"]],
    ["or an anonymous one", http("v1.api.example"), ["10.0.0.1:8080", "10.0.0.2:8080"]],
  ])("%s", (_, request, expected) => {
    expect(servers(ask(request))).toEqual(expected);
  });

  it("balance source keeps a client with one server, and leaves backups out", () => {
    // 198.51.100.24 and .25 as numbers, modulo 2.
    expect(servers(ask(http("h"), { client: "198.51.100.24" }))).toEqual(["10.0.1.1:80"]);
    expect(servers(ask(http("h"), { client: "198.51.100.25" }))).toEqual(["10.0.1.2:80"]);
  });

  it("forwardfor and set-header tell the backend who the client is", () => {
    expect(relay(ask(http("shop.example", "/api"))).says).toMatchObject({
      headers: [
        { name: "X-Client", value: "198.51.100.24" },
        { name: "X-Forwarded-For", value: "198.51.100.24" },
      ],
    });
  });

  it("access by source: connections are rejected, requests denied", () => {
    expect(ask(http("h"), { client: "203.0.113.66" })?.kind).toBe("close");
    expect(ask(null, { client: "203.0.113.66" })?.kind).toBe("close");
    expect(status(ask(http("h", "/admin"), { client: "192.0.2.1" }))).toBe(403);
    expect(ask(http("h", "/admin"))?.kind).toBe("relay");
  });

  it("redirects to https, and ends TLS on its own port", () => {
    const redirect = ask(http("secure.example", "/x?y=1"));
    expect(status(redirect)).toBe(301);
    expect(redirect).toMatchObject({
      response: {
        headers: expect.arrayContaining([{ name: "Location", value: "https://secure.example/x?y=1" }]) as unknown,
      },
    });
    expect(relay(ask(http("secure.example", "/", "https"), { port: 443 })).says).toMatchObject({ scheme: "http" });
  });

  it("a client that only connects is kept waiting in mode http, and passed on in mode tcp", () => {
    expect(ask(null)).toBeNull();
    expect(servers(ask(null, { port: 8443 }))).toEqual(["10.0.2.1:8443", "10.0.2.2:9443"]);
  });

  it("passes TLS through in mode tcp", () => {
    const through = relay(ask(http("h", "/", "https"), { port: 8443 }));
    expect(through).toMatchObject({ says: { scheme: "https", headers: [] }, attempts: 4 });
    expect(through.stays).toBeUndefined();
    expect(through.failed("refused", false)).toBeNull();
  });

  it("without redispatch it tries the same server again; then 503, and 504 for one that says nothing", () => {
    const reaction = relay(ask(http("shop.example", "/api")));
    expect(reaction).toMatchObject({ stays: true, attempts: 4, patience: 2_000_000, silence: 30_000_000 });
    expect([reaction.failed("refused", false)?.status, reaction.failed("timeout", false)?.status]).toEqual([503, 503]);
    expect(reaction.failed("timeout", true)?.status).toBe(504);
  });

  it("speaks TLS and plain HTTP each on its own port only; where nothing is bound it says so", () => {
    expect(ask(http("h", "/", "https"))).toMatchObject({
      kind: "close",
      says: expect.stringContaining("wrong version number") as unknown,
    });
    expect(ask(http("h"), { port: 443 })).toMatchObject({ kind: "close" });
    expect(ask(http("h"), { port: 9999 })).toMatchObject({
      kind: "close",
      note: expect.stringContaining("no bind on port 9999") as unknown,
    });
    expect(ask(http("h"), { port: 81 })).toMatchObject({ kind: "close" });
    expect(status(ask(http("h"), { port: 81, ip: "10.9.9.9" }))).toBe(503);
  });
});

describe("what it does not understand, it tells", () => {
  it.each<[string, RegExp]>([
    ["backend b\n  server a 10.0.0.1:80 send-proxy", /^2: send-proxy of server a is without effect/],
    ["backend b\n  server a 10.0.0.1:80 check", /^2: check of server a: health checks are not run/],
    ["backend b\n  balance uri", /^2: balance uri is taken as roundrobin/],
    ["frontend f\n  acl x req.fhdr_cnt(a) 1", /^2: the test "req.fhdr_cnt\(a\)" is not understood/],
    ["frontend f\n  wibble wobble", /^2: "wibble wobble" is not understood/],
    ["frontend f\n  bind nowhere", /^2: the address "nowhere"/],
    ["resolvers dns\n  nameserver a 10.0.0.1:53", /^1: the section "resolvers"/],
    ["frontend f\n  default_backend gone", /^0: unable to find required use_backend or default_backend: 'gone'/],
    ["frontend f\n  http-request lua.x", /^2: "http-request lua.x" is not understood/],
    ["frontend f\n  stick-table type ip size 1m", /^2: .*no client sticks/],
  ])("%s", (text, expected) => {
    expect(parseHaproxy(text).problems.map(({ line, message }) => `${line}: ${message}`)).toEqual([
      expect.stringMatching(expected),
    ]);
  });

  it("comments, quotes and escapes are read as HAProxy reads them", () => {
    const { fronts, problems } = parseHaproxy(
      'frontend f # first\n bind :80\n http-request return status 200 string "a \\"b\\" # c"\n',
    );
    expect(problems).toEqual([]);
    expect(fronts[0]?.actions[0]).toMatchObject({ kind: "return", body: 'a "b" # c' });
  });
});
