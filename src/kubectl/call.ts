/** One kubectl command line as the commands see it. */
import type { KindInfo } from "../model/kinds.ts";
import type { KubeObject } from "../model/meta/types.ts";
import { fromTimestamp, SECOND } from "../base/time.ts";
import type { World } from "../world/types.ts";
import type { Args } from "./args.ts";
import { humanDuration } from "./age.ts";
import { requestLine, requestPath, type Where } from "./requests.ts";

/** Files by name: editor tabs in the browser, what the CLI was given in Node. */
export type Files = Readonly<Record<string, string>>;

export interface Call {
  readonly world: World;
  /** "get", "apply". */
  readonly command: string;
  readonly files: Files;
  /** What a pipe brought; null without one. */
  readonly stdin: string | null;
  readonly args: Args;
  /** Variables set in front of the command. */
  readonly env: Readonly<Record<string, string>>;
  /** As typed, for the history. */
  readonly line: string;
  /** How long a watch looks, in virtual time; null: the default. */
  readonly patience: number | null;
  /** A watch that a terminal stays with: it lets no time pass. A number: it has seen everything up to that revision. */
  readonly follow: "start" | number | null;
  /** Lines that `-v=6` prints, in the order of the requests; commands append. */
  readonly requests: string[];
}

/** `-n`, or the namespace of the current context. */
export const namespaceOf = ({ args }: Call): string => args.flags["--namespace"] ?? "default";

export const everywhere = ({ args }: Call): boolean => args.flags["--all-namespaces"] === "true";

/** The namespace that a kind's objects are looked for in; undefined for kinds of the cluster. */
export const scopeOf = (call: Call, info: KindInfo): string | undefined =>
  info.namespaced ? namespaceOf(call) : undefined;

/** Notes a request for `-v=6`. */
export function noteRequest(call: Call, verb: string, info: KindInfo, where: Where, code = 200): void {
  notePath(call, verb, requestPath(info, where), code);
}

/** Notes a request that is not about objects: `/version?timeout=32s`. */
export function notePath(call: Call, verb: string, path: string, code = 200): void {
  call.requests.push(requestLine(call.world, verb, path, code));
}

/** Age of a moment that an object states, as kubectl shortens it. */
export function since(call: Pick<Call, "world">, timestamp: string | undefined): string {
  if (timestamp === undefined) return "<unknown>";
  return humanDuration((call.world.now - fromTimestamp(timestamp)) / SECOND);
}

/** `service/web`, `deployment.apps/web`: how kubectl names an object it did something to. */
export function objectName(info: KindInfo, object: KubeObject | string): string {
  return `${resourceName(info)}/${typeof object === "string" ? object : object.metadata.name}`;
}

/** `service`, `deployment.apps`. */
export function resourceName(info: KindInfo): string {
  return info.group === "" ? info.singular : `${info.singular}.${info.group}`;
}

/** `services`, `deployments.apps`. */
export function resourcesName(info: KindInfo): string {
  return info.group === "" ? info.plural : `${info.plural}.${info.group}`;
}
