/** What a CoreDNS container has written to its log. Source: coremain/run.go, core/dnsserver, plugin/reload of CoreDNS 1.14.2. */
import { draw } from "../base/draw.ts";
import { fromTimestamp, type Micros } from "../base/time.ts";
import { parseCorefile } from "../dns/corefile.ts";
import type { ConfigMap } from "../model/configmap/types.ts";
import { keyOf, objectKey } from "../model/meta/types.ts";
import type { Pod } from "../model/pod/types.ts";
import type { World } from "../world/types.ts";

const CONFIG = objectKey("ConfigMap", "kube-system", "coredns");

/**
 * The lines of a container that has started: where it listens, the sum of its Corefile, and which build it is; or why it gave up. It
 * logs no queries unless told to. The real sum is SHA-512 of the parsed Corefile as Go's encoder writes it; ours has its form, is
 * equal for equal Corefiles and another for others. Which commit the build is of is left out.
 */
export function coreDnsLog(world: World, pod: Pod): string {
  const started = pod.status.containerStatuses?.[0]?.state?.running?.startedAt;
  const text = corefileAt(world, started === undefined ? world.now : fromTimestamp(started));
  const parsed = parseCorefile(text);
  if (!parsed.ok) return `${parsed.error}\n`;
  const servers = parsed.value.servers.flatMap(({ zones, port }) => zones.map((zone) => `${zone}:${port}\n`));
  return [
    ...servers,
    `[INFO] plugin/reload: Running configuration SHA512 = ${sum(text)}\n`,
    "CoreDNS-1.14.2\n",
    "linux/amd64, go1.26.1, \n",
  ].join("");
}

/** The Corefile as it was when the container started: a later one is read by the next container. */
function corefileAt(world: World, started: Micros): string {
  let found: ConfigMap | undefined;
  for (const { at, added, updated } of world.commitsAfter(0)) {
    if (at > started && found !== undefined) break;
    for (const object of [...added, ...updated.map(([, to]) => to)])
      if (keyOf(object) === CONFIG) found = object as ConfigMap;
  }
  return (found ?? world.objects.get<ConfigMap>(CONFIG))?.data?.["Corefile"] ?? ".:53 {\n}\n";
}

function sum(text: string): string {
  return Array.from({ length: 128 }, (_, i) => Math.floor(draw(i, text) * 16).toString(16)).join("");
}
