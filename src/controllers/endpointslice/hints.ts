import { compareStrings } from "../../base/compare.ts";
import type { Endpoint } from "../../model/endpointslice/types.ts";
import { isControlPlane, type Node } from "../../model/node/types.ts";
import type { Service } from "../../model/service/types.ts";
import { quantityValue } from "../fit.ts";
import { zoneLabel } from "../placement.ts";

const TOPOLOGY_MODE = "service.kubernetes.io/topology-mode";
const TOPOLOGY_AWARE_HINTS = "service.kubernetes.io/topology-aware-hints";
/** How much more than its share a zone's endpoints may have to serve. */
const OVERLOAD = 0.2;

/** Does the annotation ask for hints in proportion to the zones' CPUs? It wins over the field trafficDistribution. */
export function wantsTopologyHints(service: Service): boolean {
  const annotations = service.metadata.annotations ?? {};
  const mode = annotations[TOPOLOGY_MODE] ?? annotations[TOPOLOGY_AWARE_HINTS];
  return mode === "Auto" || mode === "auto";
}

/** trafficDistribution: purely positional, every ready endpoint is for its own zone (and node). Source: trafficdist. */
export function positionalHints(
  service: Service,
  zone: string | undefined,
  node: string | undefined,
): Endpoint["hints"] | undefined {
  const distribution = service.spec.trafficDistribution;
  const forZones = zone === undefined ? undefined : { forZones: [{ name: zone }] };
  if (distribution === "PreferSameZone" || distribution === "PreferClose") return forZones;
  if (distribution !== "PreferSameNode") return undefined;
  return { ...(node === undefined ? {} : { forNodes: [{ name: node }] }), ...forZones };
}

/** Hints by endpoint identity, or why there are none, in the words of the event TopologyAwareHintsDisabled. */
export type Allocation =
  { readonly ok: true; readonly zoneOf: ReadonlyMap<string, string> } | { readonly ok: false; readonly why: string };

function isReady(node: Node): boolean {
  return node.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

/** Each zone's share of the CPUs of ready nodes; null when a node does not say its zone or its CPUs. */
function sharesOf(nodes: readonly Node[]): ReadonlyMap<string, number> | string {
  const cpus = new Map<string, number>();
  let total = 0;
  for (const node of nodes) {
    if (isControlPlane(node) || !isReady(node)) continue;
    const zone = zoneLabel(node);
    const { allocatable } = node.status as { readonly allocatable?: Readonly<Record<string, unknown>> };
    const cpu = quantityValue(allocatable?.["cpu"]);
    if (zone === undefined || cpu === 0) return "One or more nodes are missing CPU or zone information";
    cpus.set(zone, (cpus.get(zone) ?? 0) + cpu);
    total += cpu;
  }
  if (cpus.size < 2) return "Insufficient node information: allocatable CPU or zone not specified on one or more nodes";
  return new Map([...cpus].map(([zone, cpu]) => [zone, cpu / total]));
}

/**
 * Gives every ready endpoint a zone so that each zone has endpoints in proportion to its CPUs: as many as possible stay at home,
 * the rest are lent to zones that have too few. Source: endpointslice/topologycache AddHints.
 */
export function allocateHints(
  endpoints: readonly { readonly id: string; readonly zone: string | undefined }[],
  nodes: readonly Node[],
  addressType: string,
): Allocation {
  const refuse = (why: string): Allocation => ({ ok: false, why: `${why}, addressType: ${addressType}` });
  const shares = sharesOf(nodes);
  if (typeof shares === "string") return refuse(shares);
  if (endpoints.length < shares.size) {
    return refuse(`Insufficient number of endpoints (${endpoints.length} endpoints, ${shares.size} zones)`);
  }
  if (endpoints.some(({ zone }) => zone === undefined))
    return refuse("One or more endpoints do not have a zone specified");
  const zones = [...shares.keys()].sort(compareStrings);
  const byZone = new Map(zones.map((zone) => [zone, [] as string[]]));
  for (const { id, zone } of endpoints) {
    const list = byZone.get(zone as string);
    if (list === undefined) return refuse("Nodes only ready in one zone");
    list.push(id);
  }
  // The least a zone needs so that none of its endpoints serves more than its share and a fifth.
  const least = new Map<string, number>();
  let sum = 0;
  for (const zone of zones) {
    const desired = (shares.get(zone) ?? 0) * endpoints.length;
    const minimum = Math.ceil(desired / (1 + OVERLOAD));
    least.set(zone, minimum);
    sum += minimum;
  }
  if (sum > endpoints.length) return refuse("Minimum allocation requires more endpoints than there are");
  const zoneOf = new Map<string, string>();
  const spare: string[] = [];
  for (const zone of zones) {
    const own = byZone.get(zone) ?? [];
    const most = Math.max(least.get(zone) ?? 0, Math.round((shares.get(zone) ?? 0) * endpoints.length));
    own.forEach((id, i) => (i < most ? zoneOf.set(id, zone) : spare.push(id)));
  }
  const count = (zone: string): number => [...zoneOf.values()].filter((z) => z === zone).length;
  for (const id of spare) {
    const short = zones.find((zone) => count(zone) < (least.get(zone) ?? 0));
    const home = endpoints.find((endpoint) => endpoint.id === id)?.zone as string;
    zoneOf.set(id, short ?? home);
  }
  return { ok: true, zoneOf };
}
