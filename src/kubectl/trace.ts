/** Walks as the command line prints them. */
import type { Exploration, Header, Hop, Walk } from "../model/trace/types.ts";

const hopJson = (hop: Hop): unknown => ({
  place: hop.place,
  iface: hop.iface,
  stage: hop.stage,
  rule: hop.rule?.text ?? null,
  considered: hop.considered,
  before: hop.before,
  after: hop.after,
  verdict: hop.verdict,
  draw: hop.draw,
  note: hop.note,
});

/** A connection that a proxy made on behalf of the walk, as part of it. */
const childJson = ({ outcome, symptom, summary, hops, reply, children }: Walk): unknown => ({
  outcome,
  symptom,
  summary,
  hops: hops.map(hopJson),
  reply: reply.map(hopJson),
  children: children.map(childJson),
});

/** `walks[i]` belongs to `outcomes[i]`; `unexplored` is there when branches were too many to follow, and is their weight. */
export function traceJson({ walks, unexplored }: Exploration): string {
  const report = {
    outcomes: walks.map(({ probability, outcome, symptom, summary, backend, sourceSeen, response }) => ({
      probability,
      outcome,
      symptom,
      summary,
      backend,
      sourceSeen,
      ...(response === undefined ? {} : { response }),
    })),
    walks: walks.map(({ hops, reply, children }) => ({
      hops: hops.map(hopJson),
      reply: reply.map(hopJson),
      ...(children.length === 0 ? {} : { children: children.map(childJson) }),
    })),
    ...(unexplored === undefined ? {} : { unexplored }),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}

const ends = (h: Header): string =>
  h.protocol === "icmp" ? `${h.src} > ${h.dst}` : `${h.src}:${h.sport} > ${h.dst}:${h.dport}`;

function hopLines(arrow: string, hop: Hop): readonly string[] {
  const change = ends(hop.before) === ends(hop.after) ? "" : `  =>  ${ends(hop.after)}`;
  const rule = hop.rule === null ? [] : [`       ${hop.rule.text}`];
  return [`  ${arrow} ${hop.place}  ${hop.stage}  ${ends(hop.before)}${change}`, ...rule, `       ${hop.note}`];
}

const percent = (weight: number): string => `${(weight * 100).toFixed(2)} %`;

/** How long a walk took: "212 µs", "250 ms", "2.03 s". */
function duration(micros: number): string {
  if (micros < 1_000) return `${micros} µs`;
  return micros < 1_000_000
    ? `${Number((micros / 1_000).toPrecision(3))} ms`
    : `${Number((micros / 1_000_000).toPrecision(3))} s`;
}

/** What a proxy's own connections came to, each with its hops, indented below the request that they were made for. */
function childLines(child: Walk): readonly string[] {
  return [
    `  ** ${child.request.from} dials ${child.request.to}: ${child.outcome} after ${duration(child.endedAt - child.startedAt)}`,
    `       ${child.symptom}`,
    ...hopsOf(child).map((line) => `     ${line}`),
  ];
}

function hopsOf(walk: Walk): readonly string[] {
  return [
    ...walk.hops.flatMap((hop) => hopLines("->", hop)),
    ...walk.children.flatMap(childLines),
    ...walk.reply.flatMap((hop) => hopLines("<-", hop)),
  ];
}

/** The rest of what `curl -i` would print. */
function responseLines({ response }: Walk): readonly string[] {
  if (response === undefined) return [];
  const headers = response.headers.map(({ name, value }) => `${name}: ${value}`);
  return [...headers, "", ...response.body.split("\n")].map((line) => `  ${line}`.trimEnd());
}

function walkText(walk: Walk): string {
  const who =
    walk.backend === null ? "" : `  ${walk.backend.pod ?? walk.backend.ip} sees ${walk.sourceSeen ?? "nobody"}`;
  return [
    `${percent(walk.probability)}  ${walk.outcome}${who}`,
    `  ${walk.symptom}`,
    ...responseLines(walk),
    `  ${walk.summary}`,
    ...hopsOf(walk),
  ].join("\n");
}

/** Every outcome with its share, what the client sees, and each hop out and back with the rule that decided. */
export function traceText({ walks, unexplored }: Exploration): string {
  const rest = unexplored === undefined ? [] : [`${percent(unexplored)}  not followed: the branches are too many`];
  return `${[...walks.map(walkText), ...rest].join("\n\n")}\n`;
}
