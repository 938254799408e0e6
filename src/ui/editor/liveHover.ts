/** What the cluster has for the field under the pointer, in Markdown. Pure. */
import type { EndpointSlice } from "../../model/endpointslice/types.ts";
import { objectKey, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Service } from "../../model/service/types.ts";
import { statusOf } from "./objectStatus.ts";
import { keyOf, type CaretPlace, type Step } from "./outline.ts";
import { count } from "./problems.ts";

type Objects = ReadonlyMap<ObjectKey, KubeObject>;

/** Names listed at a time. */
const FEW = 6;

/** The document's object as it is live; undefined when the cluster has none. */
export function liveObject(
  place: Pick<CaretPlace, "kind" | "name" | "namespace">,
  objects: Objects,
): KubeObject | undefined {
  const { kind, name, namespace } = place;
  return (
    objects.get(objectKey(kind, namespace === "" ? "default" : namespace, name)) ??
    objects.get(objectKey(kind, undefined, name))
  );
}

/** The field that a place means: the key under it, or that whose value it is. */
const fieldOf = ({ path, mode, word }: CaretPlace): readonly Step[] =>
  mode === "key" && word !== "" ? [...path, word] : path;

function valueAt(object: unknown, path: readonly Step[]): unknown {
  let value = object;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Readonly<Record<Step, unknown>>)[step];
  }
  return value;
}

/** Sentences about the field; none when the cluster knows nothing of it. */
export function liveHover(place: CaretPlace, objects: Objects): readonly string[] {
  const object = liveObject(place, objects);
  if (object === undefined) return [];
  const path = fieldOf(place);
  if (path.length === 0) return [];
  const field = keyOf(path);
  const out: string[] = [];
  const value = valueAt(object, path);
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    const written = place.scalars.get(field);
    out.push(
      written !== undefined && written !== String(value)
        ? `**In the cluster** \`${String(value)}\`, in the text \`${written}\``
        : `**In the cluster** \`${String(value)}\``,
    );
  }
  if (field === "metadata.name" || field === "kind") {
    const status = statusOf(object);
    if (status !== "") out.push(`**Now** ${status}`);
  }
  if (object.kind === "Service") out.push(...aboutService(object as Service, path, objects));
  return out;
}

function aboutService(service: Service, path: readonly Step[], objects: Objects): readonly string[] {
  const { name, namespace } = service.metadata;
  const out: string[] = [];
  const all = [...objects.values()];
  if (path[0] === "spec" && path[1] === "selector") {
    const selector = Object.entries(service.spec.selector ?? {});
    const pods = all.filter(
      (object): object is Pod =>
        object.kind === "Pod" &&
        object.metadata.namespace === namespace &&
        selector.every(([key, value]) => object.metadata.labels?.[key] === value),
    );
    const names = pods.slice(0, FEW).map(({ metadata }) => `\`${metadata.name}\``);
    const more = pods.length > FEW ? ` and ${String(pods.length - FEW)} more` : "";
    out.push(pods.length === 0 ? "**No pod matches**" : `**${count(pods.length, "pod")}** ${names.join(", ")}${more}`);
  }
  if (path[0] === "spec" && path[1] === "ports") {
    const port = typeof path[2] === "number" ? service.spec.ports?.[path[2]] : undefined;
    const slices = all.filter(
      (object): object is EndpointSlice =>
        object.kind === "EndpointSlice" &&
        object.metadata.namespace === namespace &&
        object.metadata.labels?.["kubernetes.io/service-name"] === name,
    );
    const endpoints = slices
      .filter(
        (slice) => port === undefined || (slice.ports ?? []).some((one) => (one.name ?? "") === (port.name ?? "")),
      )
      .flatMap((slice) => slice.endpoints ?? []);
    const ready = endpoints.filter(({ conditions }) => conditions?.ready !== false);
    const addresses = ready.slice(0, FEW).map((one) => `\`${one.addresses[0] ?? ""}\``);
    out.push(
      endpoints.length === 0
        ? "**No endpoints**"
        : `**${String(ready.length)} of ${count(endpoints.length, "endpoint")} ready** ${addresses.join(", ")}`,
    );
  }
  return out;
}
