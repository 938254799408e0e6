import { compareStrings } from "../../base/compare.ts";
import { canonicalJson, deepEqual } from "../../base/json.ts";
import type { Endpoint, EndpointPort, EndpointSlice } from "../../model/endpointslice/types.ts";

/** `--max-endpoints-per-slice`. */
const MAX_ENDPOINTS = 100;

/** What one group of slices (an address type and a set of ports) should hold. */
export interface Group {
  readonly addressType: "IPv4" | "IPv6";
  readonly ports: readonly EndpointPort[];
  /** By identity: the same pod at the same address is the same endpoint, whatever its conditions. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
}

/** A slice to be made: it has no name yet. */
export interface Draft {
  readonly addressType: "IPv4" | "IPv6";
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface Plan {
  readonly create: readonly Draft[];
  readonly update: readonly { readonly slice: EndpointSlice; readonly endpoints: readonly Endpoint[] }[];
  readonly remove: readonly EndpointSlice[];
}

/** Identity of a group: address type and ports, in no particular order. Source: PortMapKey. */
export function groupKey(addressType: string, ports: readonly EndpointPort[] | null): string {
  const texts = (ports ?? []).map((p) =>
    canonicalJson([p.name ?? "", p.protocol ?? "TCP", p.port ?? null, p.appProtocol ?? null]),
  );
  return `${addressType} ${texts.sort(compareStrings).join(" ")}`;
}

/** Source: endpointslice/util hashEndpoint: addresses and the object behind them. */
export function endpointIdentity(endpoint: Endpoint): string {
  const { targetRef } = endpoint;
  const [first = ""] = endpoint.addresses;
  const addresses = endpoint.addresses.length < 2 ? first : endpoint.addresses.toSorted(compareStrings).join(",");
  return `${addresses} ${targetRef?.namespace ?? ""}/${targetRef?.name ?? ""} ${targetRef?.uid ?? ""}`;
}

function endpointsOf(slice: EndpointSlice): readonly Endpoint[] {
  return slice.endpoints ?? [];
}

/**
 * Brings the slices of one group to what they should hold with as few writes as it can: endpoints stay in their slice; what
 * is missing goes first into slices that are written anyway, then into one that has room for all of it, then into new ones.
 * Nothing is ever moved to even out. Source: endpointslice reconciler.go reconcileByPortMapping.
 */
export function planGroup(existing: readonly EndpointSlice[], group: Group): Plan {
  const missing = new Map(group.endpoints);
  const remove: EndpointSlice[] = [];
  const changed = new Map<EndpointSlice, Endpoint[]>();
  const unchanged: EndpointSlice[] = [];
  for (const slice of existing) {
    const before = endpointsOf(slice);
    const after: Endpoint[] = [];
    let differs = false;
    for (const endpoint of before) {
      const id = endpointIdentity(endpoint);
      const wanted = missing.get(id);
      if (wanted === undefined) {
        differs = true;
        continue;
      }
      missing.delete(id);
      const isSame = deepEqual(wanted, endpoint);
      if (!isSame) differs = true;
      after.push(isSame ? endpoint : wanted);
    }
    if (after.length === 0) remove.push(slice);
    else if (differs) changed.set(slice, after);
    else unchanged.push(slice);
  }
  const rest = [...missing.values()];
  const fullestFirst = [...changed].sort(
    (a, b) => b[1].length - a[1].length || compareStrings(a[0].metadata.name, b[0].metadata.name),
  );
  for (const [, endpoints] of fullestFirst) {
    endpoints.push(...rest.splice(0, Math.max(0, MAX_ENDPOINTS - endpoints.length)));
  }
  const create: Draft[] = [];
  while (rest.length > 0) {
    const roomy = rest.length < MAX_ENDPOINTS ? fullestWithRoom(unchanged, rest.length) : undefined;
    if (roomy !== undefined) {
      changed.set(roomy, [...endpointsOf(roomy), ...rest.splice(0)]);
    } else {
      create.push({ addressType: group.addressType, ports: group.ports, endpoints: rest.splice(0, MAX_ENDPOINTS) });
    }
  }
  return { create, update: [...changed].map(([slice, endpoints]) => ({ slice, endpoints })), remove };
}

/** Source: getSliceToFill. */
function fullestWithRoom(slices: readonly EndpointSlice[], count: number): EndpointSlice | undefined {
  let best: EndpointSlice | undefined;
  for (const slice of slices) {
    const size = endpointsOf(slice).length;
    if (size + count > MAX_ENDPOINTS) continue;
    if (best === undefined || size > endpointsOf(best).length) best = slice;
  }
  return best;
}
