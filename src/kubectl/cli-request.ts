/** The request that a command line means. */
import { compareStrings } from "../base/compare.ts";
import { editDistance } from "../base/edit-distance.ts";
import { parseIP } from "../base/ip.ts";
import { doorOf } from "../diagnose/door.ts";
import type { Ingress } from "../model/ingress/types.ts";
import type { Protocol, Request } from "../model/trace/types.ts";
import { parseURL } from "../network/names.ts";
import { hostRank } from "../network/programs/routing.ts";
import type { World } from "../world/types.ts";
import { oneOf, type Parsed, USAGE } from "./cli-input.ts";
import { Refused } from "./refused.ts";
import { PROTOCOLS, senderOf, targetOf } from "./senders.ts";

/**
 * A name that an Ingress serves and no resolver knows is dialled at the ingress controller, as with `curl --resolve`; null: this one is
 * no such name. Somebody outside means the controller by any name that nobody else has.
 */
function resolvedAtDoor(world: World, request: Request): Request | null {
  const { objects } = world;
  const url = parseURL(request.to);
  if (url?.ok !== true || url.value.says === null || parseIP(url.value.host) !== null) return null;
  const { host, says } = url.value;
  const ingresses = objects.list<Ingress>("Ingress");
  const ingress = ingresses.find(({ spec }) => (spec.rules ?? []).some((rule) => hostRank(rule.host ?? "", host) > 1));
  const isCluster = !host.includes(".") || host.replace(/\.$/, "").endsWith(world.config.cluster.dnsDomain);
  if (ingresses.length === 0 || isCluster || (ingress === undefined && !request.from.startsWith("client/")))
    return null;
  const walk = world.probe(request);
  const door = doorOf(objects, ingress ?? null, Number(url.value.port ?? 80));
  return "message" in walk || walk.outcome !== "name-error" || door === null ? null : { ...request, to: door, says };
}

/** A bare word that is nobody's name. */
function nobody({ objects }: World, word: string): string {
  const named = (kind: string, as: string): readonly { readonly name: string; readonly text: string }[] =>
    objects.list(kind).map(({ metadata }) => ({
      name: metadata.name,
      text: [as, ...(metadata.namespace === undefined ? [] : [metadata.namespace]), metadata.name].join("/"),
    }));
  const nearest = [
    ...named("Pod", "pod").filter(({ text }) => !text.startsWith("pod/kube-system/")),
    ...named("Deployment", "deploy").filter(({ text }) => !text.startsWith("deploy/kube-system/")),
    ...named("Client", "client"),
  ]
    .map((one) => ({ ...one, far: editDistance(one.name, word) }))
    .toSorted((a, b) => a.far - b.far || compareStrings(a.text, b.text))
    .slice(0, 3)
    .map(({ text }) => text);
  return `there is no pod, workload, node, client or app label "${word}". Did you mean ${nearest.join(", ")}?`;
}

/** The request that --from, --to, --protocol and --family name. */
export function requestIn(world: World, { options }: Parsed): Request {
  const [from, to] = [options["--from"], options["--to"]];
  if (from === undefined || to === undefined) throw new Refused(`--from and --to are needed\n\n${USAGE}`);
  const said = options["--protocol"]?.toLowerCase();
  const protocol = said === undefined ? null : oneOf<Protocol>("--protocol", said, PROTOCOLS, "tcp");
  const family = options["--family"] === undefined ? null : oneOf("--family", options["--family"], ["4", "6"], "4");
  const sender = senderOf(world.objects, from);
  if (!sender.includes("/")) throw new Refused(nobody(world, from));
  const target = targetOf(world, sender, to, protocol);
  const request: Request = {
    from: sender,
    to: target.to,
    protocol: protocol ?? target.protocol ?? "tcp",
    ...(family !== null && { family: family === "4" ? 4 : 6 }),
  };
  return resolvedAtDoor(world, request) ?? request;
}
