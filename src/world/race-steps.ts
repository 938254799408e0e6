/** What happened in one history of a race: pods that come and go, what EndpointSlices and rules then say, and which requests were lost. */
import type { Micros } from "../base/time.ts";
import type { EndpointSlice } from "../model/endpointslice/types.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Node } from "../model/node/types.ts";
import { type Pod, podReady } from "../model/pod/types.ts";
import type { RaceStep } from "../model/trace/race.ts";
import type { OutcomeKind, Walk } from "../model/trace/types.ts";
import type { Cluster } from "./simulation.ts";

/** A request that was lost. */
export interface Lost {
  /** When it was sent. */
  readonly at: Micros;
  readonly outcome: OutcomeKind;
  readonly text: string;
  readonly walk?: Walk;
}

type Told = Pick<RaceStep, "kind" | "at" | "event" | "text">;

/** An endpoint as it is named, and what its slice says of it. */
type Said = ReadonlyMap<string, "ready" | "not ready" | "terminating">;

const NONE: Said = new Map();

function saidBy(slice: EndpointSlice | undefined): Said {
  return new Map(
    (slice?.endpoints ?? []).map(({ addresses, conditions, targetRef }) => [
      targetRef?.name ?? addresses[0] ?? "",
      conditions?.terminating === true ? "terminating" : conditions?.ready === false ? "not ready" : "ready",
    ]),
  );
}

/** "web-1 is terminating, web-2 is gone"; empty: the slice says what it said before. */
function differences(before: Said, after: Said): string {
  const news = [...after]
    .filter(([name, state]) => before.get(name) !== state)
    .map(([name, state]) => `${name} is ${state}`);
  const gone = [...before.keys()].filter((name) => !after.has(name)).map((name) => `${name} is gone`);
  return [...news, ...gone].join(", ");
}

/** Whom rules made of these slices lead to. */
function ledTo(slices: ReadonlyMap<ObjectKey, Said>): ReadonlySet<string> {
  const all = [...slices.values()].flatMap((said) => [...said]);
  return new Set(all.filter(([, state]) => state === "ready").map(([name]) => name));
}

const isOwn = ({ metadata }: KubeObject): boolean => metadata.namespace !== "kube-system";
const isSlice = (object: KubeObject): object is EndpointSlice => object.kind === "EndpointSlice" && isOwn(object);
const isPod = (object: KubeObject): object is Pod => object.kind === "Pod" && isOwn(object);

/** "web-1", "web-1 and web-2", "web-1, web-2 and web-3" */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;

function podStep(old: Pod, next: Pod): Pick<Told, "kind" | "text"> | null {
  const { name } = next.metadata;
  if (next.metadata.deletionTimestamp !== undefined && old.metadata.deletionTimestamp === undefined) {
    const hook = next.spec.containers.some(({ lifecycle }) => lifecycle?.preStop !== undefined);
    const how = hook ? "its preStop hook runs, SIGTERM comes after it" : "SIGTERM comes at once";
    return { kind: "terminating", text: `${name} is told to end: ${how}.` };
  }
  if (podReady(next) && !podReady(old) && next.metadata.deletionTimestamp === undefined)
    return { kind: "ready", text: `${name} is ready on ${next.spec.nodeName ?? "no node"}.` };
  return null;
}

/** Everything from `changedAt` on that decides what is lost, in order. Pods and slices of kube-system are left out. */
export function raceSteps(cluster: Cluster, changedAt: Micros, lost: readonly Lost[]): readonly RaceStep[] {
  const { store, log } = cluster;
  const steps: Told[] = [];
  const slices = new Map<ObjectKey, Said>();
  /** Whom rules of a revision lead to, at every revision that changed it. */
  const led: { readonly revision: number; readonly to: ReadonlySet<string> }[] = [];
  for (const { revision, at, cause, added, updated, removed } of store.journal) {
    const tell = (kind: Told["kind"], text: string): void => {
      if (at >= changedAt) steps.push({ kind, at, event: cause, text });
    };
    for (const [old, next] of updated) {
      if (!isPod(next)) continue;
      const step = podStep(old as Pod, next);
      if (step !== null) tell(step.kind, step.text);
    }
    for (const pod of removed.filter(isPod))
      tell("gone", `${pod.metadata.name} has ended and is removed from ${pod.spec.nodeName ?? "the cluster"}.`);
    const written = [...added, ...updated.map(([, next]) => next)].filter(isSlice);
    for (const slice of written) {
      const key = keyOf(slice);
      const said = saidBy(slice);
      const news = differences(slices.get(key) ?? NONE, said);
      slices.set(key, said);
      if (news !== "") tell("slice", `EndpointSlice ${slice.metadata.name}: ${news}.`);
    }
    for (const slice of removed.filter(isSlice)) slices.delete(keyOf(slice));
    if (written.length > 0 || removed.some(isSlice)) led.push({ revision, to: ledTo(slices) });
  }
  const all = [...steps, ...ruleSteps(cluster, changedAt, led)].sort((a, b) => a.at - b.at);
  const first = log.find((entry) => entry.at >= changedAt && entry.actor === "user" && entry.kind !== "load");
  const told: RaceStep[] = [
    { kind: "change", at: changedAt, event: first?.seq ?? null, text: `${first?.title ?? "The change"}`, after: 0 },
    ...all.map((step) => ({ ...step, after: step.at - changedAt })),
  ];
  const requests = lost.map(({ at, outcome, text, walk }): RaceStep => ({
    kind: "lost",
    at,
    after: at - changedAt,
    event: log.findLast((entry) => entry.at === at && entry.actor.startsWith("load/"))?.seq ?? null,
    text,
    outcome,
    ...(walk === undefined ? {} : { walk }),
  }));
  // Of one moment the news comes first: sorting is stable.
  return [...told, ...requests].sort((a, b) => a.at - b.at);
}

/** Nodes whose rules begin or cease to lead to somebody; those that do so at one moment are one step. */
function ruleSteps(
  { store, log }: Cluster,
  changedAt: Micros,
  led: readonly { readonly revision: number; readonly to: ReadonlySet<string> }[],
): readonly Told[] {
  const nodes = store.list<Node>("Node").length;
  const before = new Map<string, ReadonlySet<string>>();
  const groups = new Map<
    string,
    { readonly at: Micros; readonly event: number; readonly says: string; readonly on: string[] }
  >();
  for (const { seq, at, actor, title } of log) {
    if (!actor.startsWith("kube-proxy/")) continue;
    const upTo = /^rules written, up to revision (\d+)/.exec(title)?.[1];
    if (upTo === undefined) continue;
    const node = actor.slice("kube-proxy/".length);
    const to = led.findLast(({ revision }) => revision <= Number(upTo))?.to ?? new Set<string>();
    const was = before.get(node) ?? new Set<string>();
    before.set(node, to);
    if (at < changedAt) continue;
    const out = [...was].filter((name) => !to.has(name));
    const into = [...to].filter((name) => !was.has(name));
    if (out.length + into.length === 0) continue;
    const parts = [
      ...(out.length === 0 ? [] : [`no longer lead to ${listed(out)}`]),
      ...(into.length === 0 ? [] : [`now lead to ${listed(into)}`]),
    ];
    const says = parts.join(" and ");
    const key = `${String(at)} ${says}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { at, event: seq, says, on: [node] });
    else groups.set(key, { ...group, event: seq, on: [...group.on, node] });
  }
  return [...groups.values()].map(({ at, event, says, on }) => ({
    kind: "rules",
    at,
    event,
    text: `Rules of ${on.length === nodes && nodes > 1 ? `all ${String(nodes)} nodes` : listed(on)} ${says}.`,
  }));
}
