/** Which request a form or a button offers, out of what can be chosen. */
import type { Choice, Queries } from "../../wire/protocol.ts";

export type Choices = Queries["choices"]["answer"];

export interface Ends {
  readonly from: string;
  readonly to: string;
}

/** A named end (`lb/shop/web:80`) is there or not; an address may always be dialled. */
export const known = (list: readonly Choice[], value: string): boolean =>
  !value.includes("/") || value.startsWith("deploy/") || list.some((choice) => choice.value === value);

/** The first choice of the first group that has one; else the first of all; empty when there is none. */
export function firstOf(list: readonly Choice[], groups: readonly Choice["group"][]): string {
  for (const group of groups) {
    const found = list.find((choice) => choice.group === group);
    if (found !== undefined) return found.value;
  }
  return list[0]?.value ?? "";
}

/** What the form shows: the request wanted, with an end that is not there any more replaced by one that is. */
export function offered(choices: Choices, wanted: Ends | null): Ends {
  const loaded = choices.from.length > 0;
  const from = wanted !== null && (!loaded || known(choices.from, wanted.from)) ? wanted.from : null;
  const to = wanted !== null && (!loaded || known(choices.to, wanted.to)) ? wanted.to : null;
  return {
    from: from ?? firstOf(choices.from, ["outside"]),
    to: to ?? firstOf(choices.to, ["load balancers", "services"]),
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
  const source = choices.from.find(({ group }) => group === (from === "outside" ? "outside" : "pods"));
  const to = firstOf(choices.to, from === "outside" ? ["load balancers", "nodes"] : ["services", "load balancers"]);
  return source === undefined || to === "" ? null : { from: source.value, to };
}
