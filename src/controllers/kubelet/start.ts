/** What starting and stopping a container takes, and what the kubelet tells of it. */
import { type Micros, MILLISECOND, SECOND } from "../../base/time.ts";
import type { Container } from "../../model/pod/types.ts";
import type { ContainerRuntime } from "./container.ts";
import type { RuntimeContext } from "./runtime.ts";

/** Pull and start of a container, unless its behaviour says otherwise. */
export const START = 700 * MILLISECOND;

/** Something that the kubelet tells by an Event; `container` gives the field path. */
export interface Told {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly container: string | null;
}

/** What comes of an advance besides the runtime. */
export interface Output {
  readonly titles: string[];
  readonly events: Told[];
}

/** An init container that keeps running beside the others: a sidecar. */
export function isSidecar(container: Container): boolean {
  return (container as { readonly restartPolicy?: string }).restartPolicy === "Always";
}

/** `sleep N` in the command is what it takes; else half a second of work. */
function workOf(container: Container): Micros {
  const match = /\bsleep (\d+)\b/.exec([...(container.command ?? []), ...(container.args ?? [])].join(" "));
  return match === null ? 500 * MILLISECOND : Number(match[1]) * SECOND;
}

export function nextOfInit(
  c: ContainerRuntime,
  container: Container,
  context: RuntimeContext,
  out: Output,
): ContainerRuntime {
  const { now, revision } = context;
  if (c.stage === "starting") {
    started(out, [container.name]);
    const due = isSidecar(container) ? null : now + context.latency({ class: "start", micros: workOf(container) });
    return { ...c, stage: "running", startedAt: now, upAt: now, ready: { from: now, until: null }, due, revision };
  }
  out.titles.push(`Init container ${container.name} completed`);
  return { ...c, stage: "ended", due: null, lastExit: { code: 0, startedAt: c.startedAt, finishedAt: now } };
}

export function told(out: Output, context: RuntimeContext, container: Container, took: Micros): void {
  const image = container.image ?? "";
  const note = (reason: string, message: string): void => {
    out.events.push({ type: "Normal", reason, message, container: container.name });
  };
  if (context.pulled(image)) {
    note("Pulled", `Container image "${image}" already present on machine`);
    return;
  }
  const time = took >= SECOND ? `${took / SECOND}s` : `${took / MILLISECOND}ms`;
  note("Pulling", `Pulling image "${image}"`);
  note(
    "Pulled",
    `Successfully pulled image "${image}" in ${time} (${time} including waiting). Image size: 59774010 bytes.`,
  );
}

export function started(out: Output, names: readonly string[]): void {
  out.titles.push(`Started container ${names.join(", ")}`);
  for (const container of names) {
    out.events.push({ type: "Normal", reason: "Created", message: "Container created", container });
    out.events.push({ type: "Normal", reason: "Started", message: "Container started", container });
  }
}

/** How long preStop holds SIGTERM back: the sleep action, or the `sleep N` of a command. */
export function preStopOf(container: Container): Micros {
  const hook = container.lifecycle?.preStop;
  if (hook?.sleep?.seconds !== undefined) return hook.sleep.seconds * SECOND;
  const match = /\bsleep (\d+)\b/.exec(hook?.exec?.command?.join(" ") ?? "");
  return match === null ? 0 : Number(match[1]) * SECOND;
}
