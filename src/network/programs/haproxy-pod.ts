/** A plain haproxy in a pod, with the haproxy.cfg of a mounted ConfigMap. The file counts as it is now: a reload is taken for granted. */
import { commandWords, PROGRAM_ANNOTATION } from "../../model/ingress/controller.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Program } from "../program.ts";
import type { ProgramInputs } from "./endpoints.ts";
import { haproxyReaction } from "./haproxy.ts";
import type { HaproxyConfig, Problem } from "./haproxy-config.ts";
import { parseHaproxy } from "./haproxy-parse.ts";
import { mountedFile } from "./mounted.ts";

const IMAGE = /(^|\/)haproxy(-alpine|-debian|-ubuntu)?([:@]|$)/;
const DEFAULT_FILE = "/usr/local/etc/haproxy/haproxy.cfg";

export function isHaproxy(pod: Pod): boolean {
  const program = pod.metadata.annotations?.[PROGRAM_ANNOTATION];
  return program === undefined ? pod.spec.containers.some((c) => IMAGE.test(c.image ?? "")) : program === "haproxy";
}

/** Parsing is pure, and a walk asks often: the last texts are kept. */
const PARSED = new Map<string, HaproxyConfig>();
const KEPT = 8;

function parsed(text: string): HaproxyConfig {
  const known = PARSED.get(text);
  if (known !== undefined) return known;
  const config = parseHaproxy(text);
  const [oldest] = PARSED.keys();
  if (PARSED.size >= KEPT && oldest !== undefined) PARSED.delete(oldest);
  PARSED.set(text, config);
  return config;
}

/** What haproxy in this pod was started with, or why it has nothing. */
export function haproxyConfigOf(
  { reader }: ProgramInputs,
  pod: Pod,
): { readonly config: HaproxyConfig } | { readonly missing: string } {
  const container = pod.spec.containers.find((c) => IMAGE.test(c.image ?? "")) ?? pod.spec.containers[0];
  if (container === undefined) return { missing: "the pod has no container" };
  const words = commandWords(pod);
  const at = words.indexOf("-f");
  const given = at < 0 ? DEFAULT_FILE : (words[at + 1] ?? DEFAULT_FILE);
  const file = given.endsWith(".cfg") || given.endsWith(".conf") ? given : `${given.replace(/\/$/, "")}/haproxy.cfg`;
  const found = mountedFile(reader, pod, container, file);
  return "text" in found ? { config: parsed(found.text) } : found;
}

export function problemText({ line, message }: Problem): string {
  return line === 0 ? message : `line ${line}: ${message}`;
}

export function haproxyInPod(inputs: ProgramInputs, pod: Pod): Program {
  const name = "HAProxy";
  const found = haproxyConfigOf(inputs, pod);
  if ("missing" in found) {
    return {
      name,
      react: () => ({
        kind: "close",
        note: `has no configuration, so that a real one would not have started: ${found.missing}`,
      }),
    };
  }
  const { config } = found;
  const [first] = config.problems;
  const more = config.problems.length > 1 ? `, and ${config.problems.length - 1} more (kubectl logs)` : "";
  const remark = first === undefined ? "" : ` (of its configuration not all counts here: ${problemText(first)}${more})`;
  return {
    name,
    react: (heard) => {
      const reaction = haproxyReaction(config, heard, inputs);
      return reaction === null ? null : { ...reaction, note: `${reaction.note}${remark}` };
    },
  };
}
