/** Lines of the command palette, from all that there is. */
import type { MirrorState } from "../../mirror/types.ts";
import { splitKey, type ObjectKey } from "../../model/meta/types.ts";
import type { Choices } from "../controls/requests.ts";
import type { Scenario } from "../../scenarios/index.ts";
import { deedsOf, type Deed, type Entry } from "./deeds.ts";
import { allActions, type Action, type ActionContext } from "./registry.ts";

export type Chosen =
  | { readonly kind: "action"; readonly action: Action }
  | { readonly kind: "deed"; readonly deed: Deed; readonly object: ObjectKey | null }
  | { readonly kind: "object"; readonly object: ObjectKey }
  | { readonly kind: "scenario"; readonly scenario: Scenario }
  | { readonly kind: "walk"; readonly walk: number };

export interface Line {
  readonly id: string;
  readonly group: string;
  readonly title: string;
  readonly detail?: string;
  readonly keys?: readonly string[];
  /** What is searched. */
  readonly words: string;
  readonly chosen: Chosen;
}

/** `Pod shop/web-1`. */
export function nameOf(object: ObjectKey): string {
  const { kind, namespace, name } = splitKey(object);
  return `${kind} ${namespace === "" ? "" : `${namespace}/`}${name}`;
}

/** Kinds that a reader does something with; the rest is only looked at. */
const ACTED_ON = ["Pod", "Service", "Node", "Deployment", "Client"];
/** More objects than this and their deeds are listed only once an object is chosen. */
const MANY = 150;

/** Entries with what stands in their submenus, each with the titles above it. */
function flat(
  entries: readonly Entry[],
  above = "",
): readonly (Entry & { readonly deed: Deed; readonly path: string })[] {
  return entries.flatMap((entry) => {
    const path = above === "" ? entry.title : `${above}: ${entry.title}`;
    if (entry.entries !== undefined) return flat(entry.entries, path);
    return entry.deed === undefined ? [] : [{ ...entry, deed: entry.deed, path }];
  });
}

/** All that can be done with one object. */
export function linesOf(object: ObjectKey, mirror: MirrorState, choices: Choices, named = false): readonly Line[] {
  const name = nameOf(object);
  return flat(deedsOf(object, { objects: mirror.objects, broken: mirror.broken, choices })).map(
    ({ path, detail, deed }, at) => ({
      id: `${object} ${String(at)}`,
      group: named ? "Do with an object" : name,
      title: named ? `${path} · ${name}` : path,
      ...(detail === undefined ? {} : { detail }),
      words: `${path} ${name} ${detail ?? ""}`,
      chosen: { kind: "deed", deed, object },
    }),
  );
}

/** The first page of the palette. `typed`: deeds of all objects are among the lines only when something was typed. */
export function paletteLines(
  context: ActionContext,
  mirror: MirrorState,
  choices: Choices,
  scenarios: readonly Scenario[],
  selected: ObjectKey | null,
  typed: boolean,
): readonly Line[] {
  const actions = allActions()
    .filter((action) => action.keyOnly !== true && action.enabled?.(context) !== false)
    .map((action): Line => ({
      id: action.id,
      group: action.group,
      title: action.title,
      ...(action.keys === undefined ? {} : { keys: action.keys }),
      words: `${action.title} ${action.hint ?? ""} ${action.group}`,
      chosen: { kind: "action", action },
    }));
  const objects = [...mirror.objects.keys()].sort((a, b) => rank(a) - rank(b));
  const sends = choices.to
    .filter(({ group }) => group === "services" || group === "load balancers")
    .map(({ value, label, protocol = "tcp" }): Line => ({
      id: `send ${value} ${protocol}`,
      group: "Send to",
      title: `Send to ${value.slice(value.indexOf("/") + 1)}${value.startsWith("lb/") ? ", external address" : ""}`,
      detail: `${label.split(" ").at(-1) ?? ""} ${protocol.toUpperCase()}`,
      words: `send request to ${value} ${label} ${protocol}`,
      chosen: { kind: "deed", deed: { do: "pick-source", to: value, protocol }, object: null },
    }));
  const walks = [...mirror.walks].reverse().map((walk): Line => ({
    id: `walk ${String(walk.id)}`,
    group: "Walks",
    title: `Walk ${String(walk.id)}: ${walk.request.from} to ${walk.request.to}`,
    detail: walk.outcome,
    words: `walk ${String(walk.id)} ${walk.request.from} ${walk.request.to} ${walk.outcome} ${walk.summary}`,
    chosen: { kind: "walk", walk: walk.id },
  }));
  const again = mirror.commands
    .flatMap(({ command }) => (command.type === "write" ? [command.title] : []))
    .reverse()
    .filter((line, at, all) => all.indexOf(line) === at)
    .map((line): Line => ({
      id: `again ${line}`,
      group: "Console lines",
      title: line,
      words: `${line} again`,
      chosen: { kind: "deed", deed: { do: "line", line }, object: null },
    }));
  const here = selected === null || !mirror.objects.has(selected) ? [] : linesOf(selected, mirror, choices);
  const acted = objects.filter((object) => ACTED_ON.includes(splitKey(object).kind) && object !== selected);
  const deeds = typed && acted.length <= MANY ? acted.flatMap((object) => linesOf(object, mirror, choices, true)) : [];
  return [
    ...here,
    ...actions,
    ...sends,
    ...objects.map((object): Line => ({
      id: `object ${object}`,
      group: "Objects",
      title: nameOf(object),
      words: `${nameOf(object)} ${object}`,
      chosen: { kind: "object", object },
    })),
    ...deeds,
    ...walks,
    ...scenarios.map((scenario): Line => ({
      id: `scenario ${scenario.slug}`,
      group: "Scenarios",
      title: scenario.title,
      words: `scenario open ${scenario.title} ${scenario.slug}`,
      chosen: { kind: "scenario", scenario },
    })),
    ...again,
  ];
}

function rank(object: ObjectKey): number {
  const at = ACTED_ON.indexOf(splitKey(object).kind);
  return at < 0 ? ACTED_ON.length : at;
}
