import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Ingress, IngressBackend, IngressPath, PathType } from "../../model/ingress/types.ts";
import { byAge, hostRank, normalPath, pathMatches, type Route, routeFor, type RoutingRules } from "./routing.ts";

const SPEC: RoutingRules = { specific: "characters", fallsThrough: false, anyDefault: true };

const to = (name: string): IngressBackend => ({ service: { name, port: { number: 80 } } });

function ingress(
  name: string,
  rules: readonly { readonly host?: string; readonly paths: readonly IngressPath[] }[],
  defaultBackend?: string,
): Ingress {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: { name, namespace: "default", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      ...(defaultBackend === undefined ? {} : { defaultBackend: to(defaultBackend) }),
      rules: rules.map(({ host, paths }) => ({ ...(host === undefined ? {} : { host }), http: { paths } })),
    },
    status: { loadBalancer: {} },
  };
}

const path = (type: PathType, text: string, name = text): IngressPath => ({
  pathType: type,
  path: text,
  backend: to(name),
});
const chosen = (route: Route | null): string | null => route?.backend.service?.name ?? null;

describe("paths, as the Ingress documentation's table has them", () => {
  it.each<[PathType, string, string, boolean]>([
    ["Prefix", "/", "/any/thing", true],
    ["Exact", "/foo", "/foo", true],
    ["Exact", "/foo", "/bar", false],
    ["Exact", "/foo", "/foo/", false],
    ["Exact", "/foo/", "/foo", false],
    ["Prefix", "/foo", "/foo", true],
    ["Prefix", "/foo", "/foo/", true],
    ["Prefix", "/foo/", "/foo", true],
    ["Prefix", "/foo/", "/foo/", true],
    ["Prefix", "/foo", "/foo/bar", true],
    ["Prefix", "/foo", "/foobar", false],
    ["Prefix", "/aaa/bb", "/aaa/bbb", false],
    ["Prefix", "/aaa/bbb", "/aaa/bbb", true],
    ["Prefix", "/aaa/bbb/", "/aaa/bbb", true],
    ["Prefix", "/aaa/bbb", "/aaa/bbb/", true],
    ["Prefix", "/aaa/bbb", "/aaa/bbb/ccc", true],
    ["Prefix", "/aaa/bbb", "/aaa/bbbxyz", false],
    ["ImplementationSpecific", "/foo", "/foobar", true],
    ["ImplementationSpecific", "/foo", "/fo", false],
  ])("%s %s and %s: %s", (type, pattern, asked, expected) => {
    expect(pathMatches(type, pattern, asked, "characters")).toBe(expected);
  });

  it("a controller may take ImplementationSpecific by elements", () => {
    expect(pathMatches("ImplementationSpecific", "/foo", "/foobar", "elements")).toBe(false);
    expect(pathMatches("ImplementationSpecific", "/foo", "/foo/bar", "elements")).toBe(true);
  });
});

describe("hosts", () => {
  it.each<[string, string, number]>([
    ["foo.bar.com", "foo.bar.com", 3],
    ["*.foo.com", "bar.foo.com", 2],
    ["*.foo.com", "baz.bar.foo.com", 0],
    ["*.foo.com", "foo.com", 0],
    ["", "anything", 1],
    ["foo.bar.com", "bar.foo.com", 0],
  ])("%s and %s", (pattern, host, rank) => {
    expect(hostRank(pattern, host)).toBe(rank);
  });
});

describe("which rule counts", () => {
  const all = [path("Prefix", "/"), path("Prefix", "/aaa"), path("Exact", "/aaa", "exact"), path("Prefix", "/aaa/bbb")];
  it.each([
    ["/ccc", "/"],
    ["/aaa/ccc", "/aaa"],
    ["/aaa/bbb/x", "/aaa/bbb"],
    ["/aaa", "exact"],
    ["/aaa/", "/aaa"],
  ])("%s goes to %s: the longest path, of equals Exact", (asked, name) => {
    for (const paths of [all, all.toReversed()]) {
      expect(chosen(routeFor([ingress("web", [{ paths }])], "h", asked, SPEC))).toBe(name);
    }
  });

  const hosts = ingress("web", [
    { paths: [path("Prefix", "/", "any")] },
    { host: "*.foo.com", paths: [path("Prefix", "/", "wild")] },
    { host: "bar.foo.com", paths: [path("Prefix", "/x", "exact")] },
  ]);
  it.each([
    ["bar.foo.com", "/x", "exact", "exact"],
    ["baz.foo.com", "/x", "wild", "wild"],
    ["foo.com", "/x", "any", "any"],
    // nginx chooses a server by the host first; Traefik asks every rule.
    ["bar.foo.com", "/y", null, "wild"],
  ])("host %s, path %s: %s, and where hosts fall through %s", (host, asked, strict, loose) => {
    expect(chosen(routeFor([hosts], host, asked, SPEC))).toBe(strict);
    expect(chosen(routeFor([hosts], host, asked, { ...SPEC, fallsThrough: true }))).toBe(loose);
  });

  it("the older Ingress of two with the same host and path", () => {
    const old = ingress("z", [{ host: "h", paths: [path("Prefix", "/", "old")] }]);
    const fresh = ingress("a", [{ host: "h", paths: [path("Prefix", "/", "new")] }]);
    const newer = { ...fresh, metadata: { ...fresh.metadata, creationTimestamp: "2026-01-02T00:00:00Z" } };
    expect(chosen(routeFor(byAge([newer, old]), "h", "/", SPEC))).toBe("old");
  });

  it("the default backend takes what no rule matches: of a host's own Ingress first; with nginx other hosts' only without rules", () => {
    const ruled = ingress("ruled", [{ host: "h", paths: [path("Exact", "/only")] }], "fallback");
    const catchAll = ingress("all", [], "everything");
    const nginx = { ...SPEC, anyDefault: false };
    expect(chosen(routeFor([ruled], "h", "/else", SPEC))).toBe("fallback");
    expect(chosen(routeFor([ruled], "h", "/else", nginx))).toBe("fallback");
    expect(chosen(routeFor([ruled], "other", "/", SPEC))).toBe("fallback");
    expect(chosen(routeFor([ruled], "other", "/", nginx))).toBeNull();
    expect(chosen(routeFor([ruled, catchAll], "other", "/", nginx))).toBe("everything");
    expect(
      chosen(routeFor([ingress("web", [{ host: "h", paths: [path("Exact", "/a")] }])], "h", "/b", SPEC)),
    ).toBeNull();
  });
});

it.each([
  ["/a//b", "/a/b"],
  ["/a/./b/../c", "/a/c"],
  ["/%66oo", "/foo"],
  ["/../..", "/"],
  ["/a/", "/a/"],
  ["/a/..", "/"],
  ["/%zz", "/%zz"],
])("%s is matched as %s", (asked, expected) => {
  expect(normalPath(asked)).toBe(expected);
});

/** A second matcher, by regular expressions and sorting instead of elements and a walk over the rules. */
function oracle(ingresses: readonly Ingress[], host: string, asked: string): string | null {
  const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const hostRegex = (text: string): RegExp =>
    text === "" ? /^/ : new RegExp(`^${quote(text).replace(/^\\\*/, "[^.]+")}$`);
  const pathRegex: Record<PathType, (text: string) => RegExp> = {
    Exact: (text) => new RegExp(`^${quote(text)}$`),
    Prefix: (text) => new RegExp(`^${quote(text.replace(/\/+$/, ""))}(/|$)`),
    ImplementationSpecific: (text) => new RegExp(`^${quote(text)}`),
  };
  const rows = ingresses.flatMap((one) =>
    (one.spec.rules ?? []).flatMap((rule) =>
      hostRegex(rule.host ?? "").test(host) ? [{ one, host: rule.host ?? "", paths: rule.http?.paths ?? [] }] : [],
    ),
  );
  const kind = (text: string): number => (text === "" ? 0 : text.startsWith("*") ? 1 : 2);
  const top = Math.max(...rows.map((row) => kind(row.host)));
  const here = rows.filter((row) => kind(row.host) === top);
  const met = here
    .flatMap(({ paths }) => paths)
    .filter((p) => pathRegex[p.pathType](p.path ?? "/").test(asked))
    .map((p, i) => ({ p, i, length: (p.path ?? "/").replace(/\/+$/, "").length }));
  const order: readonly PathType[] = ["Exact", "Prefix", "ImplementationSpecific"];
  met.sort((a, b) => b.length - a.length || order.indexOf(a.p.pathType) - order.indexOf(b.p.pathType) || a.i - b.i);
  const own = here.find(({ one }) => one.spec.defaultBackend !== undefined)?.one;
  const last = ingresses.find((one) => one.spec.defaultBackend !== undefined);
  return (met[0]?.p.backend ?? own?.spec.defaultBackend ?? last?.spec.defaultBackend)?.service?.name ?? null;
}

it("agrees with a second matcher on any rules and requests", () => {
  const element = fc.constantFrom("a", "b", "ab", "a.b");
  const paths = fc
    .tuple(fc.array(element, { maxLength: 3 }), fc.boolean())
    .map(([parts, open]) => `/${parts.join("/")}${open && parts.length > 0 ? "/" : ""}`);
  const hosts = fc.constantFrom("", "a.com", "*.a.com", "b.a.com", "c.b.a.com");
  const types = fc.constantFrom<PathType>("Exact", "Prefix", "ImplementationSpecific");
  const rule = fc.record({ host: hosts, paths: fc.array(fc.tuple(types, paths), { minLength: 1, maxLength: 4 }) });
  const many = fc.array(fc.record({ rules: fc.array(rule, { maxLength: 3 }), fallback: fc.boolean() }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(many, fc.constantFrom("a.com", "b.a.com", "c.b.a.com", "z"), paths, (given, host, asked) => {
      const ingresses = given.map(({ rules, fallback }, i) =>
        ingress(
          `i${i}`,
          rules.map((r, j) => ({
            host: r.host,
            paths: r.paths.map(([type, text], k) => path(type, text, `${i}-${j}-${k}`)),
          })),
          fallback ? `default-${i}` : undefined,
        ),
      );
      expect(chosen(routeFor(ingresses, host, asked, SPEC))).toBe(oracle(ingresses, host, asked));
    }),
    { numRuns: 500 },
  );
});
