/** What happens to a cluster once it stands: lines of a terminal, time that passes, and what breaks by itself. */
import { type Micros, SECOND } from "../base/time.ts";
import { parseDuration } from "../controllers/behavior.ts";
import type { Lab } from "../model/kubehop/types.ts";
import type { Protocol } from "../model/trace/types.ts";
import type { Command } from "../wire/protocol.ts";
import type { World } from "../world/types.ts";
import { runConsole } from "./console.ts";
import { Refused } from "./refused.ts";
import { senderOf, targetOf } from "./senders.ts";

const FORMS =
  "kubectl ..., wait 5s, connect FROM TO [udp], stop kube-proxy NODE, start kube-proxy NODE, delay kube-proxy NODE 3s, stop node NODE, start node NODE";

const PROTOCOLS: readonly Protocol[] = ["tcp", "udp", "sctp"];

function durationOf(text: string, line: string): Micros {
  const micros = parseDuration(/^\d+(\.\d+)?$/.test(text) ? `${text}s` : text);
  if (micros === null) throw new Refused(`after: ${JSON.stringify(line)}: "${text}" is not a duration such as 5s`);
  return micros;
}

/** The command that a line means; null: it is one for the terminal. */
function commandOf(world: World, line: string): Command | null {
  const words = line.trim().split(/\s+/);
  const [verb = "", second = "", third = "", fourth = ""] = words.filter((word) => !/^(on|to|of|by|from)$/.test(word));
  if (verb === "wait") return { type: "run", micros: durationOf(second, line) };
  if (verb === "connect" && third !== "") {
    const said = PROTOCOLS.find((one) => one === fourth.toLowerCase()) ?? null;
    const from = senderOf(world.objects, second);
    const target = targetOf(world, from, third, said);
    return { type: "connect", request: { from, to: target.to, protocol: said ?? target.protocol ?? "tcp" } };
  }
  const on = verb === "start" ? true : verb === "stop" ? false : null;
  if (on !== null && second === "kube-proxy" && third !== "")
    return { type: "fault", fault: "kube-proxy", node: third, on };
  if (on !== null && second === "node" && third !== "") return { type: "fault", fault: "node", node: third, on };
  if (verb === "delay" && second === "kube-proxy" && fourth !== "")
    return { type: "fault", fault: "watch-lag", node: third, micros: durationOf(fourth, line) };
  return null;
}

/** Does all of it in turn: what the text's Lab says, then `lines`. Throws {@link Refused} at the first that cannot be done. */
export function happen(world: World, lines: readonly string[]): void {
  const told = world.objects.list<Lab>("Lab").flatMap(({ spec }) => spec.after ?? []);
  const all = [...told, ...lines];
  if (all.length === 0) return;
  // Nothing settles behind anybody's back: what is seen is the moment after the last line.
  world.dispatch({ type: "pace", pace: "run" });
  for (const line of all) {
    const command = commandOf(world, line);
    if (command !== null) {
      const { refusal } = world.dispatch(command);
      if (refusal !== null) throw new Refused(`after: ${JSON.stringify(line)}: ${refusal.message}`);
      continue;
    }
    if (!/^\s*kubectl\s/.test(line))
      throw new Refused(`after: cannot read ${JSON.stringify(line)}: write one of ${FORMS}`);
    const { code, stderr } = runConsole(world, [line]);
    if (code !== 0) throw new Refused(`after: ${JSON.stringify(line)}: ${stderr.trim()}`);
  }
  // An event of this very instant has happened.
  world.dispatch({ type: "run", micros: SECOND / 1000 });
}
