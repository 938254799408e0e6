/** Where each way that a request can go came to its end. */
import type { FailingHop } from "../model/trace/finding.ts";
import type { Exploration, Hop, Walk } from "../model/trace/types.ts";
import type { Branch, Ending } from "./types.ts";

const FATAL: ReadonlySet<Hop["verdict"]> = new Set(["drop", "reject", "refuse", "lost"]);

/** The hop that ended a walk which was not delivered: the one that dropped, rejected, refused or lost the packet, else its last. */
function lastWord(walk: Walk): { readonly leg: "request" | "reply"; readonly hop: Hop } | null {
  const request = walk.hops.findLast(({ verdict }) => FATAL.has(verdict));
  if (request !== undefined) return { leg: "request", hop: request };
  const reply = walk.reply.findLast(({ verdict }) => FATAL.has(verdict)) ?? walk.reply.at(-1);
  if (reply !== undefined) return { leg: "reply", hop: reply };
  const last = walk.hops.at(-1);
  return last === undefined ? null : { leg: "request", hop: last };
}

const isNotDelivered = ({ outcome }: Walk): boolean => outcome !== "delivered";

/** Does the server's answer say that it failed? 4xx is an answer; 502, 503 and 504 are a proxy's word that what it asked for failed. */
export function isGatewayError({ response }: Walk): boolean {
  return response !== undefined && response.status >= 502 && response.status <= 504;
}

/** A hop as findings name it. `walk`: position among the exploration's walks; `child`: the way down to a walk made within it. */
export function hopAt(
  walk: number,
  { index, place, label, note }: Hop,
  leg: FailingHop["leg"] = "request",
  child: readonly number[] = [],
): FailingHop {
  return { walk, child, leg, index, place, label, note };
}

/** Goes down into what was made within a walk, to the innermost one that failed. */
function endingOf(walk: Walk, index: number, child: readonly number[] = []): Ending | null {
  const inner = walk.children.findLastIndex((one) => one.role !== "dns" && isNotDelivered(one));
  const lookup = walk.outcome === "name-error" ? walk.children.findLastIndex(isNotDelivered) : -1;
  const deeper = inner >= 0 ? inner : lookup;
  const next = walk.children[deeper];
  if (next !== undefined) {
    const found = endingOf(next, index, [...child, deeper]);
    if (found !== null) return found;
  }
  const last = lastWord(walk);
  if (last === null) return null;
  const { leg, hop } = last;
  return {
    walk,
    hop,
    at: hopAt(index, hop, leg, child),
  };
}

/** Every walk of the exploration, with its end where it did not arrive. */
export function branchesOf({ walks }: Exploration): readonly Branch[] {
  return walks.map((walk, index) => ({
    walk,
    index,
    end: isNotDelivered(walk) || isGatewayError(walk) ? endingOf(walk, index) : null,
  }));
}
