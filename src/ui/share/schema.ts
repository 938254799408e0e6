/** What a link or a file may hold, checked member by member: nothing that arrives from outside is trusted. */
import * as v from "valibot";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { Command, SavedHistory } from "../../wire/protocol.ts";
import type { Micros } from "../../base/time.ts";
import type { CenterView, HopSelection } from "../state.ts";

/** Everything that a link restores. The theme is the reader's own and not in it. */
export interface SharedState {
  /** Slug of the scenario it began from, which is what Reset goes back to; null for a text of one's own. */
  readonly scenario: string | null;
  readonly history: SavedHistory;
  /** Virtual time that the view was sought back to; null at the present. */
  readonly upTo: Micros | null;
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

const micros = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(MAX_MICROS));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(1_000_000));
const name = v.pipe(v.string(), v.maxLength(1_000));
const key = v.pipe(
  name,
  v.regex(/^[^/]+\/[^/]*\/[^/]+$/),
  v.transform((text) => text as ObjectKey),
);

const request = v.pipe(
  v.strictObject({
    from: name,
    to: name,
    protocol: v.picklist(["tcp", "udp", "sctp", "icmp"]),
    family: v.optional(v.picklist([4, 6])),
  }),
  // exactOptionalPropertyTypes: an absent family is absent, not undefined.
  v.transform(({ family, ...rest }) => (family === undefined ? rest : { ...rest, family })),
);

const command: v.GenericSchema<unknown, Command> = v.variant("type", [
  v.strictObject({ type: v.literal("text"), text: v.pipe(v.string(), v.maxLength(MAX_TEXT)) }),
  v.strictObject({ type: v.literal("send"), request }),
  v.strictObject({ type: v.literal("delete"), key, force: v.boolean() }),
  v.strictObject({ type: v.literal("kill"), pod: key }),
  v.strictObject({ type: v.literal("scale"), key, replicas: count }),
  v.strictObject({ type: v.literal("mode"), mode: v.picklist(["iptables", "nftables", "ipvs", "userspace"]) }),
  v.strictObject({ type: v.literal("run"), micros }),
]);

const history = v.strictObject({
  seed: v.nullable(v.pipe(v.number(), v.safeInteger())),
  commands: v.pipe(v.array(v.strictObject({ at: micros, command })), v.maxLength(MAX_COMMANDS)),
});

const shared: v.GenericSchema<unknown, SharedState> = v.strictObject({
  scenario: v.nullable(v.pipe(v.string(), v.maxLength(100))),
  history,
  upTo: v.nullable(micros),
  view: v.strictObject({
    walk: v.nullable(count),
    hop: v.nullable(v.strictObject({ leg: v.picklist(["request", "reply"]), index: count })),
    object: v.nullable(key),
    center: v.picklist(["map", "netfilter"]),
  }),
});

/** The state, or null when the value is anything else. Never throws; members that are not named here make it null. */
export function readShared(value: unknown): SharedState | null {
  const result = v.safeParse(shared, value);
  return result.success ? result.output : null;
}
