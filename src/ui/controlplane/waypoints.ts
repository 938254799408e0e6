/** Where a step of a story travels on the map. Pure. */
import type { Point } from "../../graph/geometry.ts";
import { anchorOf } from "../../graph/anchors.ts";
import type { Layout } from "../../graph/layout.ts";
import { BAND } from "../../graph/metrics.ts";
import { splitKey } from "../../model/meta/types.ts";
import type { Station, StoryStep } from "./story.ts";

/** kubectl is no part of the cluster: it stands before the API server. */
const BEFORE = 44;

function idOf(station: Exclude<Station, "kubectl">): string {
  if (station === "api" || station === "etcd") return station;
  if ("kubelet" in station) return `kubelet/${station.kubelet}`;
  if ("proxy" in station) return `kube-proxy/${station.proxy}`;
  if ("rules" in station) return `rules/${station.rules}`;
  if (station.controller.includes("scheduler")) return "scheduler";
  return /cloud|service-lb|load-balancer/.test(station.controller) ? "ccm" : "controllers";
}

/** The points that the step's token passes, in flow coordinates; fewer than two when the map shows no such way. */
export function waypointsOf(step: StoryStep, layout: Layout): readonly Point[] {
  const at = (station: Station): Point | null => {
    if (station !== "kubectl") return anchorOf(layout, idOf(station));
    const api = anchorOf(layout, "api");
    return api === null ? null : { x: api.x - BEFORE, y: api.y };
  };
  const onward: string[] = [];
  const { lane, node } = step.entry;
  for (const key of step.objects) {
    const { kind, namespace, name } = splitKey(key);
    // The network of a pod: from the bridge of its node into the pod.
    if (lane === "kubelet" && kind === "Pod") onward.push(`cni/${node}`, `pod/${namespace}/${name}`);
    if (lane === "api" && kind === "EndpointSlice" && step.to === "etcd") onward.push("slice");
  }
  const stops = [at(step.from), at(step.to), ...onward.slice(0, 2).map((id) => anchorOf(layout, id))];
  const points = stops.filter((point): point is Point => point !== null);
  return points.flatMap((point, i) => {
    const before = points[i - 1];
    return before === undefined ? [point] : [...between(before, point, layout), point];
  });
}

/** Lanes that no label stands on: above the band's cards, along its lower edge, and in a node from the bridge to the pod's height. */
function between(a: Point, b: Point, { band }: Layout): readonly Point[] {
  const [inside, outside] = [a.y < band.height, b.y >= band.height];
  if (!inside) return [{ x: a.x, y: b.y }];
  const y = outside ? band.height - 6 : BAND.cardTop - 3;
  return band.folded && !outside
    ? []
    : [
        { x: a.x, y },
        { x: b.x, y },
      ];
}
