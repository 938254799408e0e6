/** The last section of `describe`: events about one object. */
import type { ObjectReader } from "../../apiserver/types.ts";
import type { Micros } from "../../base/time.ts";
import { fromTimestamp, SECOND } from "../../base/time.ts";
import type { KubeObject } from "../../model/meta/types.ts";
import { humanDuration } from "../age.ts";
import { count, text } from "../read.ts";

const ago = (now: Micros, stamp: string): string =>
  stamp === "" ? "<unknown>" : humanDuration((now - fromTimestamp(stamp)) / SECOND);

/** When an event was first seen, and last. */
export const firstSeen = (event: unknown): string => text(event, "eventTime") || text(event, "firstTimestamp");
export const lastSeen = (event: unknown): string =>
  text(event, "series", "lastObservedTime") || text(event, "lastTimestamp") || firstSeen(event);

/** How often. */
export const occurrences = (event: unknown): number => count(event, "series", "count") || count(event, "count");

export const sourceOf = (event: unknown): string =>
  text(event, "source", "component") || text(event, "reportingComponent");

/** Oldest first, as both `describe` and `kubectl events` have them; of one second, as they were written. */
export function byTime(a: KubeObject, b: KubeObject): number {
  const written = (event: KubeObject): number => Number(event.metadata.resourceVersion ?? 0);
  return fromTimestamp(lastSeen(a)) - fromTimestamp(lastSeen(b)) || written(a) - written(b);
}

/** Events whose involvedObject is this one: by uid where both name one. */
export function eventsAbout(reader: ObjectReader, object: KubeObject): readonly KubeObject[] {
  const { name, namespace, uid } = object.metadata;
  return reader
    .list("Event", namespace ?? "default")
    .filter(
      (event) =>
        text(event, "involvedObject", "kind") === object.kind &&
        text(event, "involvedObject", "name") === name &&
        (text(event, "involvedObject", "uid") === "" ||
          uid === undefined ||
          [uid, name].includes(text(event, "involvedObject", "uid"))),
    )
    .sort(byTime);
}

/** The table, ready to be aligned; empty when there are no events. */
export function eventsTable(events: readonly KubeObject[], now: Micros): string {
  if (events.length === 0) return "";
  const rows = events.map((event) => {
    const times = occurrences(event);
    const age =
      times > 1
        ? `${ago(now, lastSeen(event))} (x${times} over ${ago(now, firstSeen(event))})`
        : ago(now, firstSeen(event));
    return `  ${text(event, "type")}\t${text(event, "reason")}\t${age}\t${sourceOf(event)}\t${text(event, "message").trim()}\n`;
  });
  return `Events:\n  Type\tReason\tAge\tFrom\tMessage\n  ----\t------\t----\t----\t-------\n${rows.join("")}`;
}
