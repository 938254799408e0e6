import type { ObjectReader, Store } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import { deepEqual } from "../base/json.ts";
import { KINDS } from "../model/kinds.ts";
import { type KubeObject, keyOf, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { servicePortHash } from "../proxy/names.ts";
import type { Frame } from "../wire/protocol.ts";

const PLACES: ReadonlyMap<string, number> = new Map(KINDS.map(({ kind }, i) => [kind, i]));

/** By kind as {@link KINDS} has them, then namespace, then name. */
function compareKeys(a: ObjectKey, b: ObjectKey): number {
  const [left, right] = [splitKey(a), splitKey(b)];
  return (
    (PLACES.get(left.kind) ?? 0) - (PLACES.get(right.kind) ?? 0) ||
    compareStrings(left.namespace, right.namespace) ||
    compareStrings(left.name, right.name)
  );
}

/** Everything in the store, by key. */
function allObjects(reader: ObjectReader): Map<ObjectKey, KubeObject> {
  const all = new Map<ObjectKey, KubeObject>();
  for (const { kind } of KINDS) for (const object of reader.list(kind)) all.set(keyOf(object), object);
  return all;
}

/** Remembers what was sent last, so that a frame carries only what differs. */
export class FrameDiff {
  private readonly sent: Map<ObjectKey, KubeObject> = new Map();
  private revision = -1;
  private epoch = -1;

  /**
   * What to upsert and remove since the last call; everything when `full`. Within one epoch, a history that only went on, it costs
   * what has changed; another history may have other objects at the same revision, so all of them are compared.
   */
  take(store: Store, epoch: number, full: boolean): Pick<Frame, "upserts" | "removes"> {
    const isContinued = !full && epoch === this.epoch && store.revision >= this.revision;
    const keys = isContinued ? this.touched(store) : this.everyKey(store, full);
    this.revision = store.revision;
    this.epoch = epoch;
    const upserts: KubeObject[] = [];
    const removes: ObjectKey[] = [];
    for (const key of keys) {
      const before = this.sent.get(key);
      const now = store.get(key);
      if (now === undefined) {
        if (before === undefined) continue;
        removes.push(key);
        this.sent.delete(key);
      } else {
        this.sent.set(key, now);
        if (before === undefined || (before !== now && !deepEqual(before, now))) upserts.push(now);
      }
    }
    return { upserts, removes };
  }

  /** What commits since the last call wrote. */
  private touched({ journal }: Store): readonly ObjectKey[] {
    const keys = new Set<ObjectKey>();
    for (let i = this.revision; i < journal.length; i++) {
      const { added = [], updated = [], removed = [] } = journal[i] ?? {};
      for (const object of added) keys.add(keyOf(object));
      for (const [, object] of updated) keys.add(keyOf(object));
      for (const object of removed) keys.add(keyOf(object));
    }
    return [...keys].sort(compareKeys);
  }

  /** What there is and, unless the receiver forgets all it has, what there was. */
  private everyKey(store: Store, full: boolean): Iterable<ObjectKey> {
    const now = [...allObjects(store).keys()];
    if (full) this.sent.clear();
    const gone = [...this.sent.keys()].filter((key) => store.get(key) === undefined);
    return [...now, ...gone.sort(compareKeys)];
  }
}

const SIGILS = new WeakMap<Service, Frame["sigils"]>();

function sigilsOf(service: Service): Frame["sigils"] {
  const { clusterIP, type, ports = [] } = service.spec;
  if (clusterIP === undefined || clusterIP === "None" || type === "ExternalName") return [];
  const base = `${service.metadata.namespace ?? ""}/${service.metadata.name}`;
  return ports.map((port) => ({
    service: keyOf(service),
    port: port.name ?? "",
    hash: servicePortHash(port.name ? `${base}:${port.name}` : base, port.protocol.toLowerCase()),
  }));
}

/** The 16 characters that SVC, SVL, EXT and FW chains of a Service port share: what its sigil is drawn from. */
export function sigils(reader: ObjectReader): Frame["sigils"] {
  return reader.list<Service>("Service").flatMap((service) => {
    let own = SIGILS.get(service);
    // A stored object never changes.
    if (own === undefined) SIGILS.set(service, (own = sigilsOf(service)));
    return own;
  });
}
