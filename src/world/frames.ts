import type { ObjectReader } from "../apiserver/types.ts";
import { deepEqual } from "../base/json.ts";
import { KINDS } from "../model/kinds.ts";
import { type KubeObject, keyOf, type ObjectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import { servicePortHash } from "../proxy/names.ts";
import type { Frame } from "../wire/protocol.ts";

/** Everything in the store, by key. */
function allObjects(reader: ObjectReader): Map<ObjectKey, KubeObject> {
  const all = new Map<ObjectKey, KubeObject>();
  for (const { kind } of KINDS) for (const object of reader.list(kind)) all.set(keyOf(object), object);
  return all;
}

/** Remembers what was sent last, so that a frame carries only what differs. */
export class FrameDiff {
  private sent: Map<ObjectKey, KubeObject> = new Map();
  private revision = -1;

  /** What to upsert and remove since the last call; everything when `full`. */
  take(reader: ObjectReader, full: boolean): Pick<Frame, "upserts" | "removes"> {
    if (!full && reader.revision === this.revision) return { upserts: [], removes: [] };
    const now = allObjects(reader);
    const upserts: KubeObject[] = [];
    for (const [key, object] of now) {
      const before = this.sent.get(key);
      if (!full && before !== undefined && (before === object || deepEqual(before, object))) continue;
      upserts.push(object);
    }
    const removes = full ? [] : [...this.sent.keys()].filter((key) => !now.has(key));
    this.sent = now;
    this.revision = reader.revision;
    return { upserts, removes };
  }
}

/** The 16 characters that SVC, SVL, EXT and FW chains of a Service port share: what its sigil is drawn from. */
export function sigils(reader: ObjectReader): Frame["sigils"] {
  return reader.list<Service>("Service").flatMap((service) => {
    const { clusterIP, type, ports = [] } = service.spec;
    if (clusterIP === undefined || clusterIP === "None" || type === "ExternalName") return [];
    const base = `${service.metadata.namespace ?? ""}/${service.metadata.name}`;
    return ports.map((port) => ({
      service: keyOf(service),
      port: port.name ?? "",
      hash: servicePortHash(port.name ? `${base}:${port.name}` : base, port.protocol.toLowerCase()),
    }));
  });
}
