import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject, ObjectKey } from "../../model/meta/types.ts";
import type { ConntrackFilter } from "../../model/trace/connection.ts";
import type { DnsQuestion, HttpRequest, Message } from "../../model/trace/message.ts";
import type { Request } from "../../model/trace/types.ts";
import type { Command, Write } from "../../wire/protocol.ts";
import { decodeShare, encodeShare } from "./codec.ts";
import { readShared, type SharedState } from "./schema.ts";

/** An arbitrary for every member: a record that has come to have another one does not compile before it is here too. */
type Members<T> = { readonly [M in keyof Required<T>]: fc.Arbitrary<Required<T>[M]> };

function record<T extends object>(members: Members<T>, optional: readonly (keyof T & string)[] = []): fc.Arbitrary<T> {
  const requiredKeys = Object.keys(members).filter((member) => !optional.some((one) => one === member));
  const all: Readonly<Record<string, fc.Arbitrary<unknown>>> = members;
  return fc.record(all, { requiredKeys, noNullPrototype: true }) as fc.Arbitrary<unknown> as fc.Arbitrary<T>;
}

const text = fc.string({ unit: "grapheme", maxLength: 30 });
const micros = fc.integer({ min: 0, max: 1_000_000_000 });
const count = fc.nat({ max: 10_000 });
const port = fc.nat({ max: 65_535 });
const key = fc.constantFrom("Pod/shop/web", "Node//worker-1").map((words) => words as ObjectKey);
const protocol = fc.constantFrom("tcp" as const, "udp" as const, "sctp" as const, "icmp" as const);
const family = fc.constantFrom(4 as const, 6 as const);

const says: fc.Arbitrary<Message> = fc.oneof(
  record<HttpRequest>({
    kind: fc.constant("http"),
    method: text,
    scheme: fc.constantFrom("http", "https"),
    host: text,
    path: text,
    headers: fc.array(record({ name: text, value: text }), { maxLength: 3 }),
  }),
  record<DnsQuestion>({
    kind: fc.constant("dns"),
    name: text,
    type: fc.constantFrom("A", "AAAA", "CNAME", "SRV", "PTR", "TXT", "NS", "SOA", "ANY"),
  }),
);

const request = record<Request>(
  { from: text, to: text, protocol, family, says, ttl: fc.nat({ max: 255 }), size: port },
  ["family", "says", "ttl", "size"],
);

const object = fc
  .record({
    spec: fc.jsonValue({ maxDepth: 3 }),
    labels: fc.dictionary(fc.constantFrom("app", "constructor", "a/b"), text, { noNullPrototype: true }),
  })
  .map(({ spec, labels }) => ({ apiVersion: "v1", kind: "Pod", metadata: { name: "web", labels }, spec }) as KubeObject)
  // JSON knows no -0, and JSON.parse hands __proto__ on as a member, which no object of ours has.
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll("__proto__", "proto")) as KubeObject);

const write: fc.Arbitrary<Write> = fc.oneof(
  record<Extract<Write, { object: KubeObject }>>({
    verb: fc.constantFrom("create", "apply", "update", "updateStatus"),
    object,
  }),
  record<Extract<Write, { verb: "delete" }>>({ verb: fc.constant("delete"), key, force: fc.boolean() }),
);

type Type = Command["type"];
type Of<T extends Type> = Extract<Command, { readonly type: T }>;
type FaultCommand = Of<"fault">;
type FaultOf<F extends FaultCommand["fault"]> = Extract<FaultCommand, { readonly fault: F }>;

const is = <T extends string>(value: T): fc.Arbitrary<T> => fc.constant(value);

/** One for every fault and one for every command: the union's members are the keys, so that none can be forgotten. */
const FAULTS: { readonly [F in FaultCommand["fault"]]: fc.Arbitrary<FaultOf<F>> } = {
  crash: record<FaultOf<"crash">>({ type: is("fault"), fault: is("crash"), pod: key, container: fc.option(text) }),
  hang: record<FaultOf<"hang">>({ type: is("fault"), fault: is("hang"), pod: key, on: fc.boolean() }),
  unready: record<FaultOf<"unready">>({ type: is("fault"), fault: is("unready"), pod: key, on: fc.boolean() }),
  node: record<FaultOf<"node">>({ type: is("fault"), fault: is("node"), node: text, on: fc.boolean() }),
  "kube-proxy": record<FaultOf<"kube-proxy">>({
    type: is("fault"),
    fault: is("kube-proxy"),
    node: text,
    on: fc.boolean(),
  }),
  "watch-lag": record<FaultOf<"watch-lag">>({ type: is("fault"), fault: is("watch-lag"), node: text, micros }),
};

const COMMANDS: { readonly [T in Type]: fc.Arbitrary<Of<T>> } = {
  text: record<Of<"text">>({ type: is("text"), text: fc.string({ unit: "binary", maxLength: 300 }) }),
  send: record<Of<"send">>({ type: is("send"), request }),
  connect: record<Of<"connect">>({ type: is("connect"), request }),
  exchange: record<Of<"exchange">>({ type: is("exchange"), connection: count, says }, ["says"]),
  close: record<Of<"close">>({ type: is("close"), connection: count, how: fc.constantFrom("fin", "rst") }),
  load: record<Of<"load">>(
    {
      type: is("load"),
      from: fc.array(text, { maxLength: 3 }),
      to: text,
      protocol,
      family,
      rate: fc.double({ min: 0.001, max: 10_000, noNaN: true }),
      duration: micros,
      keepAlive: fc.boolean(),
      clients: count,
      says,
    },
    ["family", "says"],
  ),
  "flush-conntrack": record<Of<"flush-conntrack">>({
    type: is("flush-conntrack"),
    node: text,
    filter: record<ConntrackFilter>(
      { protocol, src: text, dst: text, sport: port, dport: port, replySrc: text, replyDst: text },
      ["protocol", "src", "dst", "sport", "dport", "replySrc", "replyDst"],
    ),
  }),
  delete: record<Of<"delete">>({ type: is("delete"), key, force: fc.boolean() }),
  kill: record<Of<"kill">>({ type: is("kill"), pod: key }),
  scale: record<Of<"scale">>({ type: is("scale"), key, replicas: count }),
  write: record<Of<"write">>({ type: is("write"), title: text, writes: fc.array(write, { maxLength: 3 }) }),
  mode: record<Of<"mode">>({ type: is("mode"), mode: fc.constantFrom("iptables", "nftables", "ipvs", "userspace") }),
  fault: fc.oneof(...Object.values<fc.Arbitrary<FaultCommand>>(FAULTS)),
  pace: record<Of<"pace">>({ type: is("pace"), pace: fc.constantFrom("settle", "run") }),
  run: record<Of<"run">>({ type: is("run"), micros }),
};

const holding = (command: unknown): unknown => ({
  scenario: null,
  history: { seed: null, commands: [{ at: 0, command }] },
  upTo: null,
  view: { walk: null, hop: null, object: null, center: "map" },
});

const KINDS = [
  ...Object.entries<fc.Arbitrary<Command>>(COMMANDS),
  ...Object.entries<fc.Arbitrary<Command>>(FAULTS).map(([fault, one]) => [`fault ${fault}`, one] as const),
];

describe("every command that there is comes back from a link as it was", () => {
  test.each(KINDS)("%s", (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (command) => {
        const state = holding(command) as SharedState;
        expect(decodeShare(encodeShare(state))).toEqual({ ok: true, value: state });
      }),
      { numRuns: 40 },
    );
  });
});

/** Every place in a value: the path to each member and element. */
function places(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([member, inner]) => places(inner, [...path, member]))];
}

function replaced(value: unknown, [first, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (first === undefined) return by;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[first] = replaced(copy[first], rest, by);
  return copy;
}

const inObject = (path: readonly (string | number)[]): boolean => path.includes("object");

describe("hostile values", () => {
  test.each(KINDS)("%s: any member replaced by anything is taken or refused, never thrown at", (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, fc.anything({ withNullPrototype: true, withBigInt: true }), fc.nat(), (command, by, n) => {
        const all = places(command);
        expect(() => readShared(holding(replaced(command, all[n % all.length] ?? [], by)))).not.toThrow();
      }),
      { numRuns: 40 },
    );
  });

  test.each(KINDS)("%s: a member too many is refused wherever it stands", (_, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, fc.nat(), (command, n) => {
        // What an object of the cluster may hold is the API server's business.
        const all = places(command).filter((path) => !inObject(path));
        const path = all[n % all.length] ?? [];
        const at = path.reduce<unknown>((value, step) => (value as Record<string | number, unknown>)[step], command);
        if (typeof at !== "object" || at === null || Array.isArray(at)) return;
        expect(readShared(holding(replaced(command, path, { ...at, extra: 1 })))).toBeNull();
      }),
      { numRuns: 40 },
    );
  });

  const deep = (depth: number): unknown => (depth === 0 ? 1 : [deep(depth - 1)]);
  const writing = (spec: unknown, metadata: unknown = { name: "web" }): unknown => ({
    type: "write",
    title: "kubectl apply -f -",
    writes: [{ verb: "apply", object: { apiVersion: "v1", kind: "Pod", metadata, spec } }],
  });
  test.each([
    ["an object deeper than any", writing(deep(5_000))],
    ["an object larger than any", writing(Array.from({ length: 50_000 }, () => 0))],
    ["an object that reaches for the prototype", writing(JSON.parse('{"a":{"__proto__":{"polluted":true}}}'))],
    ["an object without a name", writing({}, {})],
    ["an object whose metadata is a text", writing({}, "web")],
    ["a number that JSON does not know", writing(Number.NaN)],
    ["a command named as a method of every object", { type: "constructor" }],
    ["a command named __proto__", JSON.parse('{"type":"__proto__"}') as unknown],
    ["a fault named toString", { type: "fault", fault: "toString", node: "worker-1", on: true }],
    ["a port beyond the last", { type: "flush-conntrack", node: "worker-1", filter: { dport: 65_536 } }],
    ["a load that lasts for a year", { ...LOAD(), duration: 3.2e13 }],
    ["a load of no rate", { ...LOAD(), rate: Number.POSITIVE_INFINITY }],
    ["a load from more than anyone", { ...LOAD(), from: Array.from({ length: 10_001 }, () => "client/internet") }],
    ["a TTL beyond the last", { type: "send", request: { ...REQUEST(), ttl: 256 } }],
  ])("%s is refused", (_, command) => {
    expect(readShared(holding(command))).toBeNull();
  });
});

function REQUEST(): Request {
  return { from: "client/internet", to: "lb/shop/web:80", protocol: "tcp" };
}
function LOAD(): Of<"load"> {
  return {
    type: "load",
    from: ["client/internet"],
    to: "lb/shop/web:80",
    protocol: "tcp",
    rate: 1,
    duration: 1,
    keepAlive: false,
    clients: 1,
  };
}
