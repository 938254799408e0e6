import type { Hop, Walk } from "../../model/trace/types.ts";
import { changesText } from "./changes.ts";
import { percent } from "./fraction.ts";
import { drawsOf, shownRule } from "./ruleText.ts";
import {
  commandLine,
  destination,
  duration,
  hopStage,
  hostTitle,
  OUTCOMES,
  source,
  VERDICTS,
  walkTitle,
} from "./wording.ts";

const INDENT = " ".repeat(15);

/**
 * A whole walk as plain text, for an issue or a chat: what was sent, every hop with its header changes, rule and draw, and how
 * it ended. Lines are not wrapped, so that rules stay pasteable.
 */
export function walkText(walk: Walk): string {
  const { command, from } = commandLine(walk);
  const chance = walk.id === 0 && walk.probability < 1 ? `, ${percent(walk.probability)} of all requests` : "";
  const lines = [
    `${walkTitle(walk)}: ${OUTCOMES[walk.outcome]} after ${duration(walk.endedAt - walk.startedAt)}${chance}`,
    `$ ${command}    (from ${from}; ${walk.request.from} to ${walk.request.to}, ${walk.request.protocol})`,
    ...walk.symptom.split("\n").filter((line) => line !== ""),
    walk.summary,
    ...section("Request", walk.hops, walk),
    ...section("Reply", walk.reply, walk),
    ...(walk.hops.length > 0 && walk.reply.length === 0 ? ["", "No reply."] : []),
  ];
  for (const child of walk.children)
    lines.push(
      "",
      ...walkText(child)
        .trimEnd()
        .split("\n")
        .map((line) => (line === "" ? "" : `    ${line}`)),
    );
  return `${lines.join("\n")}\n`;
}

function section(title: string, hops: readonly Hop[], walk: Walk): readonly string[] {
  if (hops.length === 0) return [];
  const hosts = Math.max(...hops.map((hop) => hostTitle(hop.place).length));
  const stages = Math.max(...hops.map((hop) => hopStage(hop).length));
  return ["", title, ...hops.flatMap((hop) => hopLines(hop, walk, hosts, stages))];
}

function hopLines(hop: Hop, walk: Walk, hosts: number, stages: number): readonly string[] {
  const number = String(hop.index + 1).padStart(3);
  const since = `+${duration(hop.at - walk.startedAt)}`.padStart(9);
  const changes = changesText(hop);
  const header = changes === "" ? `${source(hop.after)} → ${destination(hop.after)}` : changes;
  const verdict = hop.verdict === "continue" ? "" : `  ${VERDICTS[hop.verdict]}`;
  const rule = shownRule(hop);
  const draws = drawsOf(hop).map((draw) => `${draw.label} ${draw.text}`);
  return [
    `${number} ${since}  ${hostTitle(hop.place).padEnd(hosts)}  ${hopStage(hop).padEnd(stages)}  ${header}${verdict}`,
    ...(rule === null ? [] : [`${INDENT}${rule.text}`]),
    ...(hop.rule === null || hop.rule === rule ? [] : [`${INDENT}${hop.rule.text}`]),
    ...(hop.considered === 0
      ? []
      : [
          `${INDENT}${hop.considered} considered, ${hop.matched} matched${draws.length === 0 ? "" : `; drawn: ${draws.join(", ")}`}`,
        ]),
    ...(hop.note === "" ? [] : [`${INDENT}${hop.note}`]),
  ];
}
