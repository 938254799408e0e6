/** `etcdctl get`: the keys under /registry, and what stands under them. */
import { etcdEntries } from "../../apiserver/etcd.ts";
import { canonicalJson } from "../../base/json.ts";
import type { World } from "../../world/types.ts";
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
  const entries = etcdEntries({ journal: world.commitsAfter(0), revision: objects.revision }).filter(({ key }) =>
    flags.has("--prefix") ? key.startsWith(prefix) : key === prefix,
  );
  const fields = (format?.[1] ?? format?.[2]) === "fields";
  if (flags.has("--count-only")) return success(`"Count" : ${entries.length}\n`);
  const text = entries.map(({ key, object, createRevision, modRevision, version }) => {
    const value = flags.has("--keys-only") ? "" : canonicalJson(objects.get(object));
    if (!fields) return `${key}\n${value}\n`;
    return `"Key" : "${key}"\n"CreateRevision" : ${createRevision}\n"ModRevision" : ${modRevision}\n"Version" : ${version}\n"Value" : ${JSON.stringify(value)}\n"Lease" : 0\n`;
  });
  const head = fields ? `"Revision" : ${objects.revision}\n` : "";
  return success(head + text.join("") + (fields ? `"More" : false\n"Count" : ${entries.length}\n` : ""));
}
