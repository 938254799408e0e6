/** `kubectl get -w`: lets virtual time pass and prints a row per watch event. */
import type { Micros } from "../base/time.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { isOn } from "./args.ts";
import { type Call, everywhere, namespaceOf, noteRequest, objectName } from "./call.ts";
import { tableFor, type Row } from "./get-table.ts";
import type { Output } from "./output.ts";
import { pass, watchLimit, watchNote } from "./patience.ts";
import { printJson, printYaml } from "./print.ts";
import { type Ask, filterOf, type Target } from "./select.ts";
import { formatTable } from "./table.ts";

interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: KubeObject;
  readonly at: Micros;
}

export function watch(call: Call, asks: readonly Ask[], before: readonly Target[], outcome: Output): Output {
  const [ask] = asks;
  if (ask === undefined || outcome.code !== 0) return outcome;
  const { info, names } = ask;
  const { args } = call;
  const filter = filterOf(call, info);
  if (!filter.ok) return outcome;
  const limit = watchLimit(call);
  const { world, follow } = call;
  const again = typeof follow === "number";
  const since = again ? follow : world.objects.revision;
  const start = world.now;
  const first =
    again || isOn(args, "--watch-only")
      ? []
      : before.map(({ object }): WatchEvent => ({ type: "ADDED", object, at: start }));
  noteRequest(call, "GET", info, {
    namespace: info.namespaced && !everywhere(call) ? namespaceOf(call) : undefined,
    query: {
      fieldSelector: names?.[0] === undefined ? args.flags["--field-selector"] : `metadata.name=${names[0]}`,
      labelSelector: args.flags["--selector"],
      resourceVersion: String(since),
      watch: "true",
    },
  });
  if (follow === null) pass(call, limit);
  const wanted = (object: KubeObject): boolean =>
    object.kind === info.kind &&
    (names === null || names.includes(object.metadata.name)) &&
    (!info.namespaced || everywhere(call) || object.metadata.namespace === namespaceOf(call));
  const events: WatchEvent[] = [...first];
  for (const commit of world.commitsAfter(since)) {
    const notice = (type: WatchEvent["type"], object: KubeObject): void => {
      if (wanted(object)) events.push({ type, object, at: commit.at });
    };
    for (const object of commit.added) if (filter.value(object)) notice("ADDED", object);
    for (const [from, to] of commit.updated) {
      // A selector sees an object come and go as its labels change.
      if (filter.value(to)) notice(filter.value(from) ? "MODIFIED" : "ADDED", to);
      else if (filter.value(from)) notice("DELETED", to);
    }
    for (const object of commit.removed) if (filter.value(object)) notice("DELETED", object);
  }
  const stdout = rendered(call, ask, events);
  if (again) return { stdout, stderr: "", code: 0, followed: world.objects.revision };
  if (follow !== null) return { ...outcome, stdout, followed: world.objects.revision };
  return { ...outcome, stdout, stderr: outcome.stderr + watchNote(limit) };
}

function rendered(call: Call, { info }: Ask, events: readonly WatchEvent[]): string {
  const { args } = call;
  const shown = isOn(args, "--output-watch-events");
  switch (args.flags["--output"]) {
    case "name":
      return events.map(({ object }) => `${objectName(info, object)}\n`).join("");
    case "yaml":
      return events.map(({ object }) => printYaml([object], true)).join("---\n");
    case "json":
      return events.map(({ object }) => printJson([object], true)).join("");
    default: {
      const table = tableFor(call, info, false);
      const rows: Row[] = events.map(({ type, object, at }) => [...(shown ? [type] : []), ...table.row(object, at)]);
      return rows.length === 0
        ? ""
        : formatTable(isOn(args, "--no-headers") || typeof call.follow === "number" ? rows : [table.head, ...rows]);
    }
  }
}
