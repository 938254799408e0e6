import { keyOf } from "../model/meta/types.ts";
import type { NetworkPolicy } from "../model/networkpolicy/types.ts";
import { podReady, type Pod } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import type { Exploration, Walk } from "../model/trace/types.ts";
import type { NodeCard, PodCard } from "./cards.ts";
import { rect } from "./geometry.ts";
import { placeOf, type PodGrid } from "./grid.ts";
import { POD } from "./metrics.ts";
import { fractionText } from "./names.ts";
import { podHost, type Cast } from "./read.ts";
import { slotKey, type Slots } from "./slots.ts";

/** How probable each pod is to answer, by `namespace/name`. */
export function weightsOf(exploration: Exploration | null, walk: Walk | null): ReadonlyMap<string, string> {
  const sums = new Map<string, number>();
  if (walk === null) return new Map();
  for (const branch of exploration?.walks ?? []) {
    const pod = branch.backend?.pod;
    if (pod !== undefined && pod !== null) sums.set(pod, (sums.get(pod) ?? 0) + branch.probability);
  }
  return new Map([...sums].map(([pod, p]) => [pod, fractionText(p)]));
}

/** The pods, each in its slot of its node's card. */
export function podCards(
  cast: Cast,
  slots: Slots,
  nodes: readonly NodeCard[],
  walk: Walk | null,
  weights: ReadonlyMap<string, string>,
  grid: PodGrid,
): readonly PodCard[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return cast.pods.flatMap((pod): readonly PodCard[] => {
    const node = byName.get(pod.spec.nodeName ?? "");
    const slot = slots.get(slotKey(pod));
    if (node === undefined || slot === undefined) return [];
    const path = `${pod.metadata.namespace ?? ""}/${pod.metadata.name}`;
    const backend = walk?.backend?.pod === path;
    const port = backend && walk?.backend !== null ? (walk?.backend?.port ?? null) : listening(pod);
    const ip = pod.status?.podIP ?? "";
    const state = stateOf(pod);
    const weight = weights.get(path) ?? null;
    const isolated = isIsolated(pod, cast.policies);
    const cut = node.trouble?.kind === "down";
    const place = placeOf(slot, grid);
    return [
      {
        kind: "pod",
        id: podHost(pod),
        host: podHost(pod),
        object: keyOf(pod),
        rect: rect(node.rect.x + place.x, node.rect.y + place.y, POD.width, POD.height),
        label: `Pod ${path}, ${ip === "" ? "no address yet" : ip}, ${state}${weight === null ? "" : `, chosen with probability ${weight}`}${isolated ? ", isolated by a NetworkPolicy" : ""}${cut ? ", its node has no power" : ""}`,
        name: pod.metadata.name,
        namespace: pod.metadata.namespace ?? "",
        address: ip === "" ? "" : port === null ? ip : `${ip}:${port}`,
        node: node.name,
        slot,
        column: place.column,
        row: place.row,
        state,
        weight,
        backend,
        client: walk?.hops[0]?.place === podHost(pod),
        hostNetwork: pod.spec.hostNetwork === true,
        isolated,
        cut,
      },
    ];
  });
}

/** A pod that some NetworkPolicy selects is isolated, as its specification calls it; whether the network enforces it is another matter. */
function isIsolated(pod: Pod, policies: readonly NetworkPolicy[]): boolean {
  return policies.some(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace && labelSelectorMatches(spec.podSelector, pod.metadata.labels),
  );
}

function listening(pod: Pod): number | null {
  return pod.spec.containers[0]?.ports?.[0]?.containerPort ?? null;
}

function stateOf(pod: Pod): PodCard["state"] {
  if (pod.metadata.deletionTimestamp !== undefined) return "terminating";
  if (podReady(pod)) return "ready";
  return pod.status?.phase === "Running" ? "not ready" : "starting";
}
