/** What a link or a file may hold, checked member by member: nothing that arrives from outside is trusted. */
import * as v from "valibot";
import { isRecord } from "../../base/json.ts";
import type { KubeObject, ObjectKey } from "../../model/meta/types.ts";
import type { Command, SavedHistory, Write } from "../../wire/protocol.ts";
import type { Micros } from "../../base/time.ts";
import type { CenterView, HopSelection } from "../state.ts";

/** Everything that a link restores. The theme is the reader's own and not in it. */
export interface SharedState {
  /** Slug of the scenario it began from, which is what Reset goes back to; null for a text of one's own. */
  readonly scenario: string | null;
  readonly history: SavedHistory;
  /** Virtual time that the view was sought back to; null at the present. */
  readonly upTo: Micros | null;
  /** The event of that moment right after which it was looked at; absent: after all of them. */
  readonly after?: number;
  readonly view: {
    readonly walk: number | null;
    readonly hop: HopSelection | null;
    readonly object: ObjectKey | null;
    readonly center: CenterView;
  };
}

export const MAX_TEXT = 1_000_000;
export const MAX_COMMANDS = 10_000;
/** A day of virtual time: longer runs have no use, and would be a way to hang a reader's tab. */
export const MAX_MICROS = 86_400_000_000;

/** Objects that one `kubectl apply` may write. */
const MAX_WRITES = 5_000;
/** Members and elements of one object, and how deep they may lie. */
const MAX_PARTS = 20_000;
const MAX_DEPTH = 64;

const micros = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_MICROS));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1_000_000));
const name = v.pipe(v.string(), v.maxLength(1_000));
const text = v.pipe(v.string(), v.maxLength(MAX_TEXT));
const port = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535));
const key = v.pipe(
  name,
  v.regex(/^[^/]+\/[^/]*\/[^/]+$/),
  v.transform((words) => words as ObjectKey),
);
const protocol = v.picklist(["tcp", "udp", "sctp", "icmp"]);
const family = v.picklist([4, 6]);

const says = v.variant("kind", [
  v.strictObject({
    kind: v.literal("http"),
    method: name,
    scheme: v.picklist(["http", "https"]),
    host: name,
    path: v.pipe(v.string(), v.maxLength(10_000)),
    headers: v.pipe(
      v.array(v.strictObject({ name, value: v.pipe(v.string(), v.maxLength(10_000)) })),
      v.maxLength(200),
    ),
  }),
  v.strictObject({
    kind: v.literal("dns"),
    name,
    type: v.picklist(["A", "AAAA", "CNAME", "SRV", "PTR", "TXT", "NS", "SOA", "ANY"]),
  }),
]);

const request = v.strictObject({
  from: name,
  to: v.pipe(v.string(), v.maxLength(10_000)),
  protocol,
  family: v.exactOptional(family),
  says: v.exactOptional(says),
  ttl: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(255))),
  size: v.exactOptional(port),
});

/**
 * Is it plain JSON of a size that an object can have? Its fields are the API server's business, which decodes it like any other
 * client's; here nothing may be hidden in it that is no data.
 */
function isPlain(value: unknown): boolean {
  let parts = 0;
  const look = (part: unknown, depth: number): boolean => {
    if (++parts > MAX_PARTS || depth > MAX_DEPTH) return false;
    if (part === null || typeof part === "boolean") return true;
    if (typeof part === "string") return part.length <= MAX_TEXT;
    if (typeof part === "number") return Number.isFinite(part);
    if (Array.isArray(part)) return part.every((element) => look(element, depth + 1));
    if (!isRecord(part)) return false;
    return Object.entries(part).every(
      ([member, inner]) => member !== "__proto__" && member.length <= 1_000 && look(inner, depth + 1),
    );
  };
  return look(value, 0);
}

const isObject = (value: unknown): value is KubeObject =>
  isRecord(value) &&
  v.is(name, value["apiVersion"]) &&
  v.is(v.pipe(name, v.nonEmpty()), value["kind"]) &&
  isRecord(value["metadata"]) &&
  v.is(v.pipe(name, v.nonEmpty()), value["metadata"]["name"]) &&
  v.is(v.optional(name), value["metadata"]["namespace"]) &&
  isPlain(value);

const write: v.GenericSchema<unknown, Write> = v.variant("verb", [
  v.strictObject({
    verb: v.picklist(["create", "apply", "update", "updateStatus"]),
    object: v.custom<KubeObject>(isObject),
  }),
  v.strictObject({ verb: v.literal("delete"), key, force: v.boolean() }),
]);

/** The schemas of a union's members by what tells them apart: to forget one does not compile. */
type Table<U, D extends keyof U> = {
  readonly [T in U[D] & string]: v.GenericSchema<unknown, Extract<U, { readonly [M in D]: T }>>;
};

/** A member of the union by the value of `by`. What is no such value is refused. */
function oneOf<U, D extends keyof U & string>(by: D, table: Table<U, D>): v.GenericSchema<unknown, U> {
  const schemas: Readonly<Record<string, v.GenericSchema<unknown, unknown>>> = table;
  return v.lazy((input) => {
    const kind = isRecord(input) ? input[by] : undefined;
    const schema = typeof kind === "string" && Object.hasOwn(schemas, kind) ? schemas[kind] : undefined;
    return (schema ?? v.never()) as v.GenericSchema<unknown, U>;
  });
}

const type = v.literal("fault");
const fault = oneOf<Extract<Command, { readonly type: "fault" }>, "fault">("fault", {
  crash: v.strictObject({ type, fault: v.literal("crash"), pod: key, container: v.nullable(name) }),
  hang: v.strictObject({ type, fault: v.literal("hang"), pod: key, on: v.boolean() }),
  unready: v.strictObject({ type, fault: v.literal("unready"), pod: key, on: v.boolean() }),
  node: v.strictObject({ type, fault: v.literal("node"), node: name, on: v.boolean() }),
  "kube-proxy": v.strictObject({ type, fault: v.literal("kube-proxy"), node: name, on: v.boolean() }),
  "watch-lag": v.strictObject({ type, fault: v.literal("watch-lag"), node: name, micros }),
});

const command = oneOf<Command, "type">("type", {
  text: v.strictObject({ type: v.literal("text"), text }),
  send: v.strictObject({ type: v.literal("send"), request }),
  connect: v.strictObject({ type: v.literal("connect"), request }),
  exchange: v.strictObject({ type: v.literal("exchange"), connection: count, says: v.exactOptional(says) }),
  close: v.strictObject({ type: v.literal("close"), connection: count, how: v.picklist(["fin", "rst"]) }),
  load: v.strictObject({
    type: v.literal("load"),
    from: v.pipe(v.array(name), v.maxLength(10_000)),
    to: request.entries.to,
    protocol,
    family: v.exactOptional(family),
    // The world has narrower limits of its own, and words for them.
    rate: v.pipe(v.number(), v.minValue(0), v.maxValue(1_000_000)),
    duration: micros,
    keepAlive: v.boolean(),
    clients: count,
    says: v.exactOptional(says),
  }),
  "flush-conntrack": v.strictObject({
    type: v.literal("flush-conntrack"),
    node: name,
    filter: v.strictObject({
      protocol: v.exactOptional(protocol),
      src: v.exactOptional(name),
      dst: v.exactOptional(name),
      sport: v.exactOptional(port),
      dport: v.exactOptional(port),
      replySrc: v.exactOptional(name),
      replyDst: v.exactOptional(name),
    }),
  }),
  delete: v.strictObject({ type: v.literal("delete"), key, force: v.boolean() }),
  kill: v.strictObject({ type: v.literal("kill"), pod: key }),
  scale: v.strictObject({ type: v.literal("scale"), key, replicas: count }),
  write: v.strictObject({
    type: v.literal("write"),
    title: text,
    writes: v.pipe(v.array(write), v.maxLength(MAX_WRITES)),
  }),
  mode: v.strictObject({ type: v.literal("mode"), mode: v.picklist(["iptables", "nftables", "ipvs", "userspace"]) }),
  fault,
  pace: v.strictObject({ type: v.literal("pace"), pace: v.picklist(["settle", "run"]) }),
  run: v.strictObject({ type: v.literal("run"), micros }),
});

/** A view that is not named here does not compile: links that show it would not open. */
const CENTERS: Readonly<Record<CenterView, true>> = { map: true, netfilter: true, compare: true };
const center = v.custom<CenterView>((value) => typeof value === "string" && Object.hasOwn(CENTERS, value));

const history = v.strictObject({
  seed: v.nullable(v.pipe(v.number(), v.safeInteger())),
  commands: v.pipe(v.array(v.strictObject({ at: micros, command })), v.maxLength(MAX_COMMANDS)),
});

const shared: v.GenericSchema<unknown, SharedState> = v.strictObject({
  scenario: v.nullable(v.pipe(v.string(), v.maxLength(100))),
  history,
  upTo: v.nullable(micros),
  after: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  view: v.strictObject({
    walk: v.nullable(count),
    hop: v.nullable(v.strictObject({ leg: v.picklist(["request", "reply"]), index: count })),
    object: v.nullable(key),
    center,
  }),
});

/** The state, or null when the value is anything else. Never throws; members that are not named here make it null. */
export function readShared(value: unknown): SharedState | null {
  const result = v.safeParse(shared, value);
  return result.success ? result.output : null;
}
