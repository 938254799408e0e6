import { objectKey, type KubeObject, type ObjectKey } from "../../model/meta/types.ts";
import type { Walk } from "../../model/trace/types.ts";

const NAMED = /^(?:service|lb)\/([^/]+)\/([^/:]+)/;

/**
 * Is nothing left of what a walk went to: neither the Service that it asked for nor the pod that answered? So it is after another
 * cluster's text has been pasted, when its path would be drawn between things that are not there.
 */
export function outlived(walk: Walk, objects: ReadonlyMap<ObjectKey, KubeObject>): boolean {
  const [, namespace, name] = NAMED.exec(walk.request.to) ?? [];
  if (name === undefined || objects.has(objectKey("Service", namespace, name))) return false;
  const [on, pod] = walk.backend?.pod?.split("/") ?? [];
  return pod === undefined || !objects.has(objectKey("Pod", on, pod));
}
