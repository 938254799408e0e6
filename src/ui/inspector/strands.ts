import { isRelayed } from "../../mirror/joined.ts";
import type { Hop, Walk } from "../../model/trace/types.ts";

/** What a strand of the path is coloured by: untouched, rewritten by DNAT or SNAT, on the way back, or carrying bad news. */
export type Ink = "request" | "reply" | "dnat" | "snat" | "reject";

/** The two strands of a path; the source runs on the left of travel. */
export interface Strands {
  readonly src: Ink;
  readonly dst: Ink;
}

/** How many translations each half carries: balancer and node may both rewrite the destination. */
interface Depth {
  readonly dnat: number;
  readonly snat: number;
}

const step = (depth: Depth, hop: Hop, by: 1 | -1): Depth => {
  if (isRelayed(hop)) return { dnat: Math.max(0, depth.dnat + by), snat: Math.max(0, depth.snat + by) };
  switch (hop.verdict) {
    case "dnat":
      return { ...depth, dnat: depth.dnat + 1 };
    case "snat":
      return { ...depth, snat: depth.snat + 1 };
    case "undo-dnat":
      return { ...depth, dnat: Math.max(0, depth.dnat - 1) };
    case "undo-snat":
      return { ...depth, snat: Math.max(0, depth.snat - 1) };
    default:
      return depth;
  }
};

/**
 * The strands behind every hop (after it has done its work), per leg. The request starts blue and takes on colours; the reply
 * starts with the colours the request arrived with and sheds them, each undoing one translation.
 */
export function strandsOf(walk: Walk): { readonly request: readonly Strands[]; readonly reply: readonly Strands[] } {
  let depth: Depth = { dnat: 0, snat: 0 };
  const request = walk.hops.map((hop): Strands => {
    depth = step(depth, hop, 1);
    return { src: depth.snat > 0 ? "snat" : "request", dst: depth.dnat > 0 ? "dnat" : "request" };
  });
  const plain: Ink = walk.outcome === "delivered" || walk.outcome === "timeout" ? "reply" : "reject";
  // Going back, what was translated as a destination is now the source.
  const reply = walk.reply.map((hop): Strands => {
    depth = step(depth, hop, -1);
    return { src: depth.dnat > 0 ? "dnat" : plain, dst: depth.snat > 0 ? "snat" : plain };
  });
  return { request, reply };
}
