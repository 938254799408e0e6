/** What can be broken in front of a room, so that the same request has another fate: deeds of the objects that the walk came by. */
import { splitKey, objectKey, type ObjectKey } from "../../model/meta/types.ts";
import { serviceOfWalk } from "../../graph/read.ts";
import { rewriteOf } from "../../graph/path.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import type { Walk } from "../../model/trace/types.ts";
import { deedsOf, type Deed, type Entry, type Facts } from "../actions/deeds.ts";

export interface Break {
  readonly id: string;
  readonly title: string;
  /** The command or the edit that does it, or what is to be known of it. */
  readonly detail: string;
  readonly deed: Deed;
  readonly object: ObjectKey;
}

const flat = (entries: readonly Entry[]): readonly Entry[] =>
  entries.flatMap((entry) => [entry, ...flat(entry.entries ?? [])]);

const short = (name: string): string => name.split("-").at(-1) ?? name;

/** Breaks of a walk's pod, Service and node, as long as they are not broken already. */
export function breaksOf(walk: Walk, facts: Facts): readonly Break[] {
  const deedOf = (object: ObjectKey, id: string): Entry | undefined =>
    flat(deedsOf(object, facts)).find((entry) => entry.id === id);
  const made = (object: ObjectKey, id: string, title: string, detail?: string): readonly Break[] => {
    const entry = deedOf(object, id);
    if (entry?.deed === undefined || entry.title.startsWith("Mend")) return [];
    return [{ id, title, detail: detail ?? entry.detail ?? "", deed: entry.deed, object }];
  };

  const [namespace, name = ""] = walk.backend?.pod?.split("/") ?? [];
  const pod = objectKey("Pod", namespace, name);
  const isProbed = deedOf(pod, "unready")?.detail === undefined;
  const nodeOf = (place = ""): string => {
    const [kind, ...path] = place.split("/");
    if (kind === "node") return path.join("/");
    return (facts.objects.get(objectKey("Pod", path[0], path[1] ?? "")) as Pod | undefined)?.spec.nodeName ?? "";
  };
  const under = objectKey("Node", "", nodeOf(`pod/${walk.backend?.pod ?? ""}`));
  const host = walk.hops.find((hop) => hop.place.startsWith("node/") && rewriteOf(hop).destination)?.place;
  const node = objectKey("Node", "", host?.slice("node/".length) ?? "");
  return [
    ...serviceBreaks(walk, facts),
    ...made(pod, "hang", `Hang ${short(name)}`, "it stops answering"),
    ...made(pod, "kill", `Kill ${short(name)}`, "SIGKILL; kubelet starts it again"),
    ...(isProbed ? made(pod, "unready", `Fail the readiness of ${short(name)}`, "its probe gets 503") : []),
    ...made(node, "kube-proxy", `Stop kube-proxy on ${splitKey(node).name}`),
    // Whose node is dark sends nothing.
    ...(nodeOf(walk.hops[0]?.place) === splitKey(under).name
      ? []
      : made(under, "power", `Cut the power of ${splitKey(under).name}`, "its pods go with it")),
  ];
}

/** Edits of the Service's text. */
function serviceBreaks(walk: Walk, { objects }: Facts): readonly Break[] {
  const key = serviceOfWalk(walk);
  const service = key === null ? undefined : (objects.get(key) as Service | undefined);
  if (key === null || service === undefined) return [];
  const edit = (id: string, title: string, path: string, to: string, detail: string): Break => ({
    id,
    title,
    detail,
    deed: { do: "edit", object: key, path, to },
    object: key,
  });
  const { selector = {}, externalTrafficPolicy, internalTrafficPolicy, type } = service.spec;
  const [label] = Object.entries(selector);
  const isFromOutside = walk.request.from.startsWith("client/") && (type === "NodePort" || type === "LoadBalancer");
  const policy = isFromOutside ? "externalTrafficPolicy" : "internalTrafficPolicy";
  const now = (isFromOutside ? externalTrafficPolicy : internalTrafficPolicy) ?? "Cluster";
  const to = now === "Cluster" ? "Local" : "Cluster";
  return [
    ...(label === undefined || !/^[\w-]+$/.test(label[0])
      ? []
      : [
          edit(
            "selector",
            "Mistype the selector",
            `spec.selector.${label[0]}`,
            `${label[1]}s`,
            `${label[0]}: ${label[1]}s`,
          ),
        ]),
    edit(
      "policy",
      `${policy}: ${to}`,
      `spec.${policy}`,
      to,
      to === "Local" ? "a node sends to its own pods only" : "a node sends to every pod",
    ),
  ];
}
