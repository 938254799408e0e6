import type { ObjectReader } from "../apiserver/types.ts";
import { compareStrings } from "../base/compare.ts";
import { deepEqual } from "../base/json.ts";
import { sameAsLast } from "../base/share.ts";
import type { KubeObject, Labels, LabelSelector, OwnerReference } from "../model/meta/types.ts";
import type { Pod, PodTemplate } from "../model/pod/types.ts";
import { labelSelectorMatches } from "../model/selectors.ts";
import { adopted, controllerOf, controllerRef, isDeleting } from "./changes.ts";
import { isActive } from "./pods.ts";
import type { Operation } from "./types.ts";

/** What an owner claims: its pods, and the writes that adopt matching orphans and release pods relabelled out of its selector. */
export interface Claim {
  /** Sorted by name. */
  readonly pods: readonly Pod[];
  readonly operations: readonly Operation[];
  readonly title: string;
}

/** `isMember`: what a pod must be beside selected. Source: pkg/controller/controller_ref_manager.go ClaimPods. */
export function claimPods(
  owner: KubeObject,
  selector: LabelSelector,
  reader: ObjectReader,
  isMember: (pod: Pod) => boolean = () => true,
): Claim {
  const pods: Pod[] = [];
  const operations: Operation[] = [];
  let title = "";
  const isSelected = selecting(selector);
  for (const object of reader.ownedBy(owner.metadata.uid ?? "")) {
    if (object.kind !== "Pod") continue;
    const pod = object as Pod;
    if (isSelected(pod.metadata.labels) && isMember(pod)) pods.push(pod);
    else if (!isDeleting(pod)) {
      const owners = (pod.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
      const { ownerReferences: _, ...metadata } = pod.metadata;
      operations.push({
        op: "update",
        object: { ...pod, metadata: owners.length === 0 ? metadata : { ...metadata, ownerReferences: owners } } as Pod,
      });
      title = `Released pod: ${pod.metadata.name}`;
    }
  }
  if (!isDeleting(owner)) {
    for (const pod of orphansOf(owner, selector, reader).filter(isMember)) {
      operations.push({ op: "update", object: adopted(pod, owner) });
      title = `Adopted pod: ${pod.metadata.name}`;
    }
  }
  return { pods: byName(pods), operations, title };
}

/** Does a selector match? Pods of one template have the same labels, and are asked about one after the other. */
function selecting(selector: LabelSelector): (labels: Labels | undefined) => boolean {
  let last: { readonly labels: Labels | undefined; readonly matches: boolean } | null = null;
  return (labels) => {
    if (last === null || last.labels !== labels) last = { labels, matches: labelSelectorMatches(selector, labels) };
    return last.matches;
  };
}

/** They come sorted but for those of other namespaces. */
function byName(pods: Pod[]): readonly Pod[] {
  const isSorted = pods.every((pod, i) => i === 0 || (pods[i - 1] as Pod).metadata.name <= pod.metadata.name);
  return isSorted ? pods : pods.sort((a, b) => compareStrings(a.metadata.name, b.metadata.name));
}

function orphansOf(owner: KubeObject, selector: LabelSelector, reader: ObjectReader): readonly Pod[] {
  const { matchLabels } = selector;
  if (matchLabels === undefined || Object.keys(matchLabels).length === 0) return [];
  return reader
    .podsWithoutOwner(owner.metadata.namespace ?? "", matchLabels)
    .filter((pod) => isActive(pod) && labelSelectorMatches(selector, pod.metadata.labels));
}

/** Is there a pod without an owner that this one may adopt? */
export function hasOrphans(owner: KubeObject, selector: LabelSelector, reader: ObjectReader): boolean {
  return !isDeleting(owner) && orphansOf(owner, selector, reader).length > 0;
}

/** May a pod without an owner find one now? Only its birth and a change of labels or owner can bring that about. */
export function mayBeAdoptedNow(from: KubeObject | undefined, to: KubeObject): boolean {
  return from === undefined || controllerOf(from) !== undefined || !deepEqual(from.metadata.labels, to.metadata.labels);
}

/** A new Pod from a template. Source: controller.GetPodFromTemplate. */
export function podFromTemplate(owner: KubeObject, template: PodTemplate | undefined, name: string): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {};
  const { namespace } = owner.metadata;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      generateName: `${owner.metadata.name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: sameOwners([controllerRef(owner)]),
    },
    spec: template?.spec ?? { containers: [] },
    status: PENDING,
  };
}

const sameOwners = sameAsLast<readonly OwnerReference[]>();
const PENDING: Pod["status"] = { phase: "Pending" };

/** "Created pod: web-x" for one, "Created pods: web-x and 2 more" for several. */
export function counted(verb: string, pods: readonly KubeObject[]): string {
  const first = pods[0]?.metadata.name ?? "";
  return pods.length === 1 ? `${verb}: ${first}` : `${verb}s: ${first} and ${pods.length - 1} more`;
}
