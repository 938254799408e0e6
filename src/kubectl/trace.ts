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

/** `walks[i]` belongs to `outcomes[i]`; `unexplored` is there when branches were too many to follow, and is their weight. */
export function traceJson({ walks, unexplored }: Exploration): string {
  const report = {
    outcomes: walks.map(({ probability, outcome, symptom, summary, backend, sourceSeen }) => ({
      probability,
      outcome,
      symptom,
      summary,
      backend,
      sourceSeen,
    })),
    walks: walks.map(({ hops, reply }) => ({ hops: hops.map(hopJson), reply: reply.map(hopJson) })),
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

function walkText(walk: Walk): string {
  const who =
    walk.backend === null ? "" : `  ${walk.backend.pod ?? walk.backend.ip} sees ${walk.sourceSeen ?? "nobody"}`;
  return [
    `${percent(walk.probability)}  ${walk.outcome}${who}`,
    `  ${walk.symptom}`,
    `  ${walk.summary}`,
    ...walk.hops.flatMap((hop) => hopLines("->", hop)),
    ...walk.reply.flatMap((hop) => hopLines("<-", hop)),
  ].join("\n");
}

/** Every outcome with its share, what the client sees, and each hop out and back with the rule that decided. */
export function traceText({ walks, unexplored }: Exploration): string {
  const rest = unexplored === undefined ? [] : [`${percent(unexplored)}  not followed: the branches are too many`];
  return `${[...walks.map(walkText), ...rest].join("\n\n")}\n`;
}
