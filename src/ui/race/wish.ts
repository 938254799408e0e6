/** What can be raced in the cluster on show, and what the reader has chosen of it. Pure. */
import type { Deployment } from "../../model/deployment/types.ts";
import { keyOf, type KubeObject, type ObjectKey, splitKey } from "../../model/meta/types.ts";
import type { Node } from "../../model/node/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import { labelSelectorMatches, matchLabels } from "../../model/selectors.ts";
import type { Service } from "../../model/service/types.ts";
import type { RaceChange } from "../../model/trace/race.ts";

export interface Wish {
  /** `rollout Deployment/shop/web`, `scale Deployment/shop/web`, `drain worker-1`; "": the first that can be raced. */
  readonly what: string;
  /** Pods that a scale-down leaves; null: half of them. */
  readonly replicas: number | null;
  /** "": chosen by the simulator. */
  readonly from: string;
  readonly to: string;
  readonly rate: number;
  readonly seconds: number;
  readonly seeds: number;
}

export const FIRST_WISH: Wish = { what: "", replicas: null, from: "", to: "", rate: 10, seconds: 20, seeds: 20 };

/** Limits of the form. */
export const LIMITS = { rate: 200, seconds: 120, seeds: 500, requests: 10_000 } as const;

export interface Offer {
  readonly value: string;
  readonly label: string;
  readonly group: "Rolling update" | "Scale-down" | "Drain";
  /** Does a Service lead to pods that would go? Else what is dialled has to be said. */
  readonly served: boolean;
}

const nameOf = (key: ObjectKey): string => {
  const { namespace, name } = splitKey(key);
  return `${namespace}/${name}`;
};

const isOwn = ({ metadata }: KubeObject): boolean => metadata.namespace !== "kube-system";

/** Everything that can be raced, what a Service leads to first. */
export function offersOf(objects: ReadonlyMap<ObjectKey, KubeObject>): readonly Offer[] {
  const all = [...objects.values()].filter(isOwn);
  const services = all.filter((one): one is Service => one.kind === "Service");
  const pods = all.filter((one): one is Pod => one.kind === "Pod");
  const isServed = ({ metadata, spec }: Deployment): boolean =>
    services.some(
      (service) =>
        service.metadata.namespace === metadata.namespace &&
        matchLabels(service.spec.selector ?? {}, spec.template.metadata?.labels ?? {}) &&
        Object.keys(service.spec.selector ?? {}).length > 0,
    );
  const deployments = all.filter((one): one is Deployment => one.kind === "Deployment");
  const served = new Set(deployments.filter(isServed));
  const ranked = [...served, ...deployments.filter((one) => !served.has(one))];
  /** Nodes that carry pods of Deployments; true: of one that a Service leads to. */
  const carriers = new Map<string | undefined, boolean>();
  for (const one of ranked) {
    const carried = pods.filter(
      ({ metadata }) =>
        metadata.namespace === one.metadata.namespace && labelSelectorMatches(one.spec.selector, metadata.labels),
    );
    for (const { spec } of carried)
      carriers.set(spec.nodeName, carriers.get(spec.nodeName) === true || served.has(one));
  }
  const nodes = all.filter((one): one is Node => one.kind === "Node" && carriers.has(one.metadata.name));
  return [
    ...ranked.map((one): Offer => {
      const key = keyOf(one);
      return { value: `rollout ${key}`, label: nameOf(key), group: "Rolling update", served: served.has(one) };
    }),
    ...ranked
      .filter(({ spec }) => (spec.replicas ?? 1) > 0)
      .map((one): Offer => {
        const key = keyOf(one);
        return { value: `scale ${key}`, label: nameOf(key), group: "Scale-down", served: served.has(one) };
      }),
    ...nodes.map(({ metadata: { name } }): Offer => ({
      value: `drain ${name}`,
      label: name,
      group: "Drain",
      served: carriers.get(name) === true,
    })),
  ];
}

/** What is raced: the reader's choice while it is on offer, else the first offer. */
export function chosenOf(wish: Wish, offers: readonly Offer[]): Offer | null {
  return offers.find(({ value }) => value === wish.what) ?? offers[0] ?? null;
}

/** Pods that a scale-down leaves, as long as the reader has not said how many: half of them. */
export function replicasOf(wish: Wish, offer: Offer, objects: ReadonlyMap<ObjectKey, KubeObject>): number {
  if (wish.replicas !== null) return wish.replicas;
  const key = offer.value.slice(offer.value.indexOf(" ") + 1) as ObjectKey;
  const { replicas = 1 } = (objects.get(key) as Deployment | undefined)?.spec ?? {};
  return Math.floor((replicas ?? 1) / 2);
}

export function changeOf(wish: Wish, offer: Offer, objects: ReadonlyMap<ObjectKey, KubeObject>): RaceChange {
  const space = offer.value.indexOf(" ");
  const [type, of] = [offer.value.slice(0, space), offer.value.slice(space + 1)];
  if (type === "drain") return { type, node: of };
  const deployment = of as ObjectKey;
  return type === "scale"
    ? { type, deployment, replicas: replicasOf(wish, offer, objects) }
    : { type: "rollout", deployment };
}

/** "Rolling update of shop/web", as the result names it. */
export function changeText(change: RaceChange): string {
  switch (change.type) {
    case "rollout":
      return `Rolling update of ${nameOf(change.deployment)}`;
    case "scale":
      return `Scaling ${nameOf(change.deployment)} down to ${String(change.replicas)}`;
    case "drain":
      return `Drain of ${change.node}`;
  }
}

/** Why a race cannot be run as it stands in the form; null: it can. */
export function wrongWith({ rate, seconds, seeds }: Wish): string | null {
  const within = (value: number, most: number): boolean => Number.isFinite(value) && value >= 1 && value <= most;
  if (!within(rate, LIMITS.rate)) return `Requests per second are a number from 1 to ${String(LIMITS.rate)}.`;
  if (!within(seconds, LIMITS.seconds)) return `The load lasts from 1 to ${String(LIMITS.seconds)} s.`;
  if (!within(seeds, LIMITS.seeds) || !Number.isInteger(seeds))
    return `Histories are a whole number from 1 to ${String(LIMITS.seeds)}.`;
  if (rate * seconds > LIMITS.requests) return "A history has 10,000 requests at most: lower the rate or the time.";
  return null;
}
