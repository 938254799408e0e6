/** Which request a form or a button offers, out of what can be chosen. */
import type { Choice, Queries } from "../../wire/protocol.ts";

export type Choices = Queries["choices"]["answer"];

export interface Ends {
  readonly from: string;
  readonly to: string;
}

/** `lb/shop/web:81` to `lb/shop/web`. */
const nameOf = (value: string): string => value.replace(/:\d*$/, "");

/** A named end (`lb/shop/web:80`) is there or not, whichever port of it is meant; addresses, DNS names and URLs may always be dialled. */
export const known = (list: readonly Choice[], value: string): boolean =>
  !value.includes("/") ||
  value.includes("://") ||
  value.startsWith("deploy/") ||
  list.some((choice) => nameOf(choice.value) === nameOf(value));

/** The first choice of the first group that has one; else the first of all; empty when there is none. */
export function firstOf(list: readonly Choice[], groups: readonly Choice["group"][]): string {
  for (const group of groups) {
    const found = list.find((choice) => choice.group === group);
    if (found !== undefined) return found.value;
  }
  return list[0]?.value ?? "";
}

/** The API server and what else every cluster has: hardly what a reader came for. */
const ofEveryCluster = ({ value }: Choice): boolean =>
  value === "service/default/kubernetes:443" || /^\w+\/kube-[a-z]+\//.test(value);

/** The reader's own, or all where there is nothing else. */
function ownOf(list: readonly Choice[]): readonly Choice[] {
  const own = list.filter((choice) => !ofEveryCluster(choice));
  return own.length > 0 ? own : list;
}

/** The target that tells most about the text: from outside in. */
function bestTarget(to: readonly Choice[]): Choice | undefined {
  const own = ownOf(to);
  for (const group of ["load balancers", "nodes", "services", "pods"] as const) {
    const found = own.find((choice) => choice.group === group);
    if (found !== undefined) return found;
  }
  return to[0];
}

/** Who may ask: the reader's own, and first those that are not, by their names, the pods behind the target. */
function clientsOf(from: readonly Choice[], to: string): readonly Choice[] {
  const own = ownOf(from);
  const [, namespace, name] = /^(?:service|lb)\/([^/]+)\/([^/:]+)/.exec(to) ?? [];
  const isBehind = ({ value }: Choice): boolean => value.startsWith(`pod/${namespace ?? ""}/${name ?? ""}-`);
  return [...own.filter((choice) => !isBehind(choice)), ...own.filter(isBehind)];
}

/** What the form shows: the request wanted, with an end that is not there any more replaced by one that is and can reach it. */
export function offered(choices: Choices, wanted: Ends | null): Ends {
  if (wanted !== null && (choices.from.length === 0 || choices.to.length === 0)) return wanted;
  const keep = wanted !== null && known(choices.to, wanted.to);
  const target = keep ? null : bestTarget(choices.to);
  const to = keep ? wanted.to : (target?.value ?? "");
  if (wanted !== null && keep && known(choices.from, wanted.from)) return { from: wanted.from, to };
  // A ClusterIP means nothing outside of the cluster.
  const outside = /^(lb|node)\//.test(to);
  return {
    from: firstOf(clientsOf(choices.from, to), outside ? ["outside", "pods", "nodes"] : ["pods", "nodes", "outside"]),
    to,
  };
}

/** A request from outside or from a pod: the scenario's own when it is one and both its ends are there. */
export function requestFrom(choices: Choices, from: "outside" | "pod", open: Ends | null): Ends | null {
  if (
    open !== null &&
    open.from.startsWith("client/") === (from === "outside") &&
    known(choices.from, open.from) &&
    known(choices.to, open.to)
  )
    return { from: open.from, to: open.to };
  const group = from === "outside" ? "outside" : "pods";
  const source = ownOf(choices.from.filter((choice) => choice.group === group))[0];
  const to = firstOf(ownOf(choices.to), from === "outside" ? ["load balancers", "nodes"] : ["services"]);
  return source === undefined || to === "" ? null : { from: source.value, to };
}
