/** `etcdctl get`: the keys under /registry, and what stands under them. */
import { type EtcdEntry, etcdEntries, etcdKey } from "../../apiserver/etcd.ts";
import { compareStrings } from "../../base/compare.ts";
import { canonicalJson } from "../../base/json.ts";
import { keyOf, objectKey } from "../../model/meta/types.ts";
import { text } from "../read.ts";
import type { World } from "../../world/types.ts";
import { derivedObjects, servedObjects } from "../objects.ts";
import { failure, type Output, success } from "../output.ts";

export function etcdctl(world: World, words: readonly string[]): Output {
  const flags = new Set(words.filter((word) => word.startsWith("--")).map((word) => word.split("=")[0] ?? ""));
  const format = /-w[= ]?(\w+)|--write-out=(\w+)/.exec(words.join(" "));
  const [command, prefix = ""] = words.filter((word, i) => !word.startsWith("-") && words[i - 1] !== "-w");
  if (command !== "get")
    return failure("etcdctl: only get is supported here: everything is written through the API server");
  if (prefix === "")
    return failure("Error: get command needs one argument as key and an optional argument as range_end");
  const { objects } = world;
  const served = servedObjects(world);
  const stored = etcdEntries({ journal: world.commitsAfter(0), revision: objects.revision });
  const entries = [...stored, ...allocations(world, stored)]
    .filter(({ key }) => (flags.has("--prefix") ? key.startsWith(prefix) : key === prefix))
    .sort((a, b) => compareStrings(a.key, b.key));
  const fields = (format?.[1] ?? format?.[2]) === "fields";
  if (flags.has("--count-only")) return success(`"Count" : ${entries.length}\n`);
  const text = entries.map(({ key, object, createRevision, modRevision, version }) => {
    const value = flags.has("--keys-only") ? "" : canonicalJson(served.get(object));
    if (!fields) return `${key}\n${value}\n`;
    return `"Key" : "${key}"\n"CreateRevision" : ${createRevision}\n"ModRevision" : ${modRevision}\n"Version" : ${version}\n"Value" : ${JSON.stringify(value)}\n"Lease" : 0\n`;
  });
  const head = fields ? `"Revision" : ${objects.revision}\n` : "";
  return success(head + text.join("") + (fields ? `"More" : false\n"Count" : ${entries.length}\n` : ""));
}

/** What the ClusterIP allocator keeps, dated as the Services that it is kept for. */
function allocations(world: World, stored: readonly EtcdEntry[]): readonly EtcdEntry[] {
  const dates = new Map(stored.map((entry) => [entry.object, entry]));
  return derivedObjects(world).map((object): EtcdEntry => {
    const [namespace, name] =
      object.kind === "IPAddress"
        ? [text(object, "spec", "parentRef", "namespace"), text(object, "spec", "parentRef", "name")]
        : ["default", "kubernetes"];
    const revision = dates.get(objectKey("Service", namespace, name))?.createRevision ?? 1;
    const key = etcdKey(object);
    return { key, object: keyOf(object), createRevision: revision, modRevision: revision, version: 1 };
  });
}
