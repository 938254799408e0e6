/** The three-way merge behind `kubectl apply`: what the user last applied, what they apply now, and what the server has. */
import { deepEqual, isRecord } from "../base/json.ts";

type Fields = Readonly<Record<string, unknown>>;

/** `set`: values are merged as a set; otherwise the member by which items of the two lists are matched. */
const POD_SPEC: Readonly<Record<string, string>> = {
  containers: "name",
  "containers.ports": "containerPort",
  "containers.env": "name",
  "containers.volumeMounts": "mountPath",
  "containers.volumeDevices": "devicePath",
  volumes: "name",
  imagePullSecrets: "name",
  hostAliases: "ip",
  topologySpreadConstraints: "topologyKey",
};

/** Patch merge keys of the built-in kinds, by path without indices. Lists that are not here are replaced whole. Source: the `patchMergeKey` tags in staging/src/k8s.io/api. */
const LISTS: Readonly<Record<string, string>> = {
  "metadata.ownerReferences": "uid",
  "metadata.finalizers": "set",
  "spec.ports": "port",
  "spec.podCIDRs": "set",
  "status.addresses": "type",
  "status.conditions": "type",
  "status.podIPs": "ip",
  "status.hostIPs": "ip",
};

/** The member by which items of the list at this path are told apart; `set` for lists of plain values; undefined: replaced whole. */
export function mergeKey(path: string): string | undefined {
  const direct = LISTS[path];
  if (direct !== undefined) return direct;
  const inPod = path.startsWith("spec.template.spec.")
    ? path.slice(19)
    : path.startsWith("spec.")
      ? path.slice(5)
      : null;
  return inPod === null ? undefined : POD_SPEC[inPod.replace(/^(initContainers|ephemeralContainers)/, "containers")];
}

/**
 * How the items of these lists are told apart, or null when some lack the key. Ports of one number are told apart by
 * protocol as well; kubectl's own patch mixes up 53/TCP and 53/UDP here (kubernetes/kubernetes#39188).
 */
function identify(key: string, lists: readonly (readonly unknown[])[]): ((item: unknown) => string) | null {
  const plain = (item: unknown): string => String((item as Fields)[key]);
  for (const item of lists.flat()) if (!isRecord(item) || item[key] === undefined) return null;
  const distinct = lists.every((list) => new Set(list.map(plain)).size === list.length);
  if (distinct) return plain;
  const full = (item: unknown): string => {
    const { protocol } = item as { readonly protocol?: unknown };
    return `${plain(item)}/${typeof protocol === "string" ? protocol : "TCP"}`;
  };
  return lists.every((list) => new Set(list.map(full)).size === list.length) ? full : null;
}

function mergeLists(
  original: unknown,
  modified: readonly unknown[],
  current: unknown,
  path: string,
): readonly unknown[] {
  const key = mergeKey(path);
  if (key === undefined || !Array.isArray(current)) return modified;
  const before: readonly unknown[] = Array.isArray(original) ? original : [];
  const there: readonly unknown[] = current;
  if (key === "set") {
    const gone = before.filter((item) => !modified.includes(item));
    return [...there.filter((item) => !gone.includes(item)), ...modified.filter((item) => !there.includes(item))];
  }
  const id = identify(key, [before, modified, there]);
  if (id === null) return modified;
  const byId = (list: readonly unknown[]): ReadonlyMap<string, unknown> =>
    new Map(list.map((item) => [id(item), item]));
  const [old, wanted, now] = [byId(before), byId(modified), byId(there)];
  return [
    ...modified.map((item) =>
      now.has(id(item)) ? mergeValues(old.get(id(item)), item, now.get(id(item)), path) : item,
    ),
    // What others added stays; what the user once applied and no longer names goes.
    ...there.filter((item) => !wanted.has(id(item)) && !old.has(id(item))),
  ];
}

function mergeValues(original: unknown, modified: unknown, current: unknown, path: string): unknown {
  if (Array.isArray(modified)) {
    const merged = mergeLists(original, modified, current, path);
    return deepEqual(merged, current) ? current : merged;
  }
  if (isRecord(modified) && isRecord(current)) {
    return mergeFields(isRecord(original) ? original : {}, modified, current, path);
  }
  return modified;
}

function mergeFields(original: Fields, modified: Fields, current: Fields, path: string): Fields {
  const out: Record<string, unknown> = { ...current };
  for (const [name, value] of Object.entries(modified)) {
    if (value === undefined) continue;
    if (value === null) delete out[name];
    else out[name] = mergeValues(original[name], value, current[name], path === "" ? name : `${path}.${name}`);
  }
  for (const name of Object.keys(original)) if (modified[name] === undefined) delete out[name];
  return out;
}

/**
 * `current` with what `modified` states, without what `original` stated and `modified` no longer does, and with all that
 * others have added. `original` is null for an object that was not made by apply: then nothing is taken away.
 */
export function threeWayMerge<T extends object>(original: Fields | null, modified: object, current: T, path = ""): T {
  return mergeFields(original ?? {}, modified as Fields, current as Fields, path) as T;
}
