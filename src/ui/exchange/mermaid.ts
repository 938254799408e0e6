import type { Hop, Walk } from "../../model/trace/types.ts";
import { changesText } from "../inspector/changes.ts";
import { commandLine, destination, hostTitle, OUTCOMES, source, VERDICTS } from "../inspector/wording.ts";

/**
 * Text for a Mermaid diagram: what would end a statement or begin markup is written as its entity code, `#35;` for `#`. A colon ends a
 * participant's name only where one begins a message, and is left alone.
 */
function escaped(text: string): string {
  return text
    .replaceAll("#", "#35;")
    .replace(/(?<!#35);/g, "#59;")
    .replaceAll("<", "#lt;")
    .replaceAll(">", "#gt;")
    .replaceAll(/[{}[\]"`]/g, (mark) => `#${mark.charCodeAt(0)};`)
    .replaceAll(/\s*\n\s*/g, "<br/>");
}

/** Verdicts worth a note: what rewrites a packet or ends its way. */
const TOLD: ReadonlySet<Hop["verdict"]> = new Set([
  "dnat",
  "snat",
  "undo-dnat",
  "undo-snat",
  "drop",
  "reject",
  "refuse",
  "lost",
]);

/** A walk as a Mermaid sequence diagram: hosts are participants, a packet on a wire is a message, rewriting and refusing are notes. */
export function mermaidOf(walk: Walk): string {
  const hosts = [...new Set([...walk.hops, ...walk.reply].map((hop) => hop.place))];
  const ids = new Map(hosts.map((host, i) => [host, `h${i + 1}`]));
  const { command, from } = commandLine(walk);
  const lines = [
    "sequenceDiagram",
    `  title ${escaped(`${command} from ${from}: ${OUTCOMES[walk.outcome]}`)}`,
    "  autonumber",
    ...hosts.map((host) => `  participant ${ids.get(host) ?? ""} as ${escaped(hostTitle(host))}`),
  ];
  const leg = (hops: readonly Hop[], arrow: string): void => {
    for (const [i, hop] of hops.entries()) {
      const id = ids.get(hop.place) ?? "";
      if (TOLD.has(hop.verdict)) {
        const changes = changesText(hop);
        const told = [VERDICTS[hop.verdict], changes].filter((part) => part !== "").join(": ");
        lines.push(`  Note over ${id}: ${escaped(told)}`);
      }
      const next = hops[i + 1];
      if (next === undefined || next.place === hop.place) continue;
      const header = `${source(hop.after)} to ${destination(hop.after)}`;
      lines.push(`  ${id}${arrow}${ids.get(next.place) ?? ""}: ${escaped(header)}`);
    }
  };
  leg(walk.hops, "->>");
  leg(walk.reply, "-->>");
  const last = (walk.reply.at(-1) ?? walk.hops.at(-1))?.place;
  if (last !== undefined && walk.summary !== "")
    lines.push(`  Note over ${ids.get(last) ?? ""}: ${escaped(walk.summary)}`);
  return `${lines.join("\n")}\n`;
}
