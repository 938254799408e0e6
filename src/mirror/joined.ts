import type { Hop, Walk } from "../model/trace/types.ts";

/**
 * A walk through a relay (kube-proxy in userspace mode, an ingress controller) as one way there and back: the relay's own connection
 * stands between the two halves of its client's. Where the one ends and the other begins, a hop's header changes as a whole. Of
 * several connections that a relay tried the last is taken; the others, and lookups, stay children.
 */
export function joined(walk: Walk): Walk {
  const last = walk.children.findLast((child) => child.role === "relay");
  if (last === undefined) return walk;
  const inner = joined(last);
  const [first, ...rest] = inner.hops;
  const relay = walk.hops.at(-1);
  const accepted = walk.hops.findIndex((hop) => hop.stage === "socket" && hop.place === first?.place);
  if (first === undefined || relay === undefined || accepted < 0) return walk;
  const before = walk.hops.slice(0, accepted + 1);
  const at = before.length;
  const header = before[at - 1]?.after ?? first.before;
  // Its last word on the request, made once it is through, is what the reader wants to know where the second connection begins.
  const note = walk.hops.length > at ? relay.note : first.note;
  const opening: Hop = { ...first, before: header, note, label: "second connection" };
  const hops = [...before, ...[opening, ...rest].map((hop, i) => ({ ...hop, index: at + i }))];

  const [answer, ...onward] = walk.reply;
  const inside = inner.reply.map((hop) => ({ ...hop, mirrors: hop.mirrors === null ? null : hop.mirrors + at }));
  const came = inside.at(-1)?.after;
  const passedOn = answer === undefined ? [] : [{ ...answer, before: came ?? answer.before }, ...onward];
  const reply = [...inside, ...passedOn].map((hop, i) => ({
    ...hop,
    index: i,
    mirrors: hop.mirrors !== null && hop.mirrors >= hops.length ? null : hop.mirrors,
  }));
  return { ...walk, hops, reply, children: [...walk.children.filter((child) => child !== last), ...inner.children] };
}

/** Does the packet leave this hop as another connection's? Only a relay that {@link joined} has put between two does that. */
export function isRelayed({ verdict, before, after }: Hop): boolean {
  const same =
    before.src === after.src &&
    before.sport === after.sport &&
    before.dst === after.dst &&
    before.dport === after.dport;
  return !same && verdict === "continue";
}
