import type { MirrorState } from "../mirror/types.ts";
import { keyOf, objectKey, splitKey, type ObjectKey } from "../model/meta/types.ts";
import type { Service } from "../model/service/types.ts";
import type { OutcomeKind, Walk } from "../model/trace/types.ts";
import { slicesOf, type Cast } from "./read.ts";

/** What the reader wants to see; null: of any kind. */
export interface MapFilter {
  readonly namespace: string | null;
  readonly service: ObjectKey | null;
  /** What a walk that ended so came by. */
  readonly verdict: OutcomeKind | null;
  /** Nothing but what the walk on show comes by. */
  readonly onlyWalk: boolean;
}

export const NO_FILTER: MapFilter = { namespace: null, service: null, verdict: null, onlyWalk: false };

export const isFiltering = ({ namespace, service, verdict, onlyWalk }: MapFilter): boolean =>
  onlyWalk || namespace !== null || service !== null || verdict !== null;

/** Shown, and how many there are, of each. */
export interface Shown {
  readonly nodes: readonly [number, number];
  readonly pods: readonly [number, number];
  readonly services: readonly [number, number];
}

/** Answers what stays. What the walk on show comes by always does: its line needs the places it runs through. */
interface Keeps {
  node(name: string): boolean;
  pod(key: ObjectKey | null): boolean;
  service(service: Service): boolean;
  client(id: string): boolean;
}

export function filterOf(mirror: MirrorState, cast: Cast, walk: Walk | null, filter: MapFilter): Keeps {
  const { namespace, service, verdict } = filter;
  const onlyWalk = filter.onlyWalk && walk !== null;
  const own = placesOf(walk === null ? [] : [walk]);
  const ended = verdict === null ? null : placesOf(mirror.walks.filter(({ outcome }) => outcome === verdict));
  const behind = service === null ? null : endpointsOf(cast, service);
  // A pod that the walk comes by stands on a node, and a node's address is where a walk may end.
  const nodesOfOwn = new Set(
    cast.pods.filter((pod) => own.has(hostOf(keyOf(pod)))).map((pod) => `node/${pod.spec.nodeName ?? ""}`),
  );
  return {
    node: (name) => !onlyWalk || own.has(`node/${name}`) || nodesOfOwn.has(`node/${name}`),
    client: (id) => own.has(id) || (!onlyWalk && (ended === null || ended.has(id))),
    service: (one) =>
      (namespace === null || one.metadata.namespace === namespace) &&
      (service === null || keyOf(one) === service) &&
      !onlyWalk,
    pod: (key) => {
      if (key === null || own.has(hostOf(key))) return true;
      if (onlyWalk) return false;
      return (
        (namespace === null || splitKey(key).namespace === namespace) &&
        (behind === null || behind.has(key)) &&
        (ended === null || ended.has(hostOf(key)))
      );
    },
  };
}

const hostOf = (key: ObjectKey): string => {
  const { namespace, name } = splitKey(key);
  return `pod/${namespace}/${name}`;
};

/** Every place that the walks come by, lookups and relays included. */
function placesOf(walks: readonly Walk[]): ReadonlySet<string> {
  const places = new Set<string>();
  const add = ({ hops, reply, children }: Walk): void => {
    for (const hop of [...hops, ...reply]) places.add(hop.place);
    children.forEach(add);
  };
  walks.forEach(add);
  return places;
}

/** Pods that the slices of a Service name. */
function endpointsOf(cast: Cast, key: ObjectKey): ReadonlySet<ObjectKey> {
  const found = cast.services.find((one) => keyOf(one) === key);
  const slices = found === undefined ? [] : slicesOf(cast, found);
  return new Set(
    slices.flatMap((slice) =>
      (slice.endpoints ?? []).flatMap(({ targetRef }) =>
        targetRef?.kind === "Pod"
          ? [objectKey("Pod", targetRef.namespace ?? slice.metadata.namespace, targetRef.name ?? "")]
          : [],
      ),
    ),
  );
}

/** In words, what the filter leaves: "3 of 12 Services, 4 of 40 pods". Empty when it leaves all. */
export function shownText({ nodes, pods, services }: Shown): string {
  const part = ([n, of]: readonly [number, number], one: string, many: string): readonly string[] =>
    n === of ? [] : [`${n} of ${of} ${of === 1 ? one : many}`];
  return [...part(services, "Service", "Services"), ...part(nodes, "node", "nodes"), ...part(pods, "pod", "pods")].join(
    ", ",
  );
}
