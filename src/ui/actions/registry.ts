/** All that a user can do, in one list: palette, keys, help and menus are made from it. Without React. */
import type { Session } from "../shell/session.ts";
import type { Layout } from "../shell/useMedia.ts";
import { pressed, type Pressed, type Stroke } from "./strokes.ts";

/** Headings of the palette and of the help, in order. */
export const GROUPS = ["The walk", "Time", "Send", "The page", "The map", "Cluster"] as const;

export type ActionGroup = (typeof GROUPS)[number];

export interface ActionContext {
  readonly session: Session;
  readonly layout: Layout;
}

export interface Action {
  /** Stable, as `walk.play`. */
  readonly id: string;
  /** What it does, as the palette and the help say it. */
  readonly title: string;
  readonly group: ActionGroup;
  readonly keys?: readonly Stroke[];
  /** A few more words, also searched in the palette. */
  readonly hint?: string;
  /** A control in focus that has its own use for these keys keeps them: buttons Space and Enter, sliders and tabs the arrows. */
  readonly yields?: "pressable" | "arrowed";
  /** Also while something is typed, and over the browser's own use of the key. */
  readonly anywhere?: true;
  /** Only by key: in a list of words it makes no sense. */
  readonly keyOnly?: true;
  enabled?(context: ActionContext): boolean;
  /** `event` is there when a key did it. False: it did nothing after all, and the key stays the browser's. */
  run(context: ActionContext, event?: Pressed & { readonly isTrusted: boolean }): unknown;
}

const lists = new Set<readonly Action[]>();

/** Adds actions; call what comes back to take them away. Ids and keys are unique: a second of either is our own bug. */
export function register(actions: readonly Action[]): () => void {
  const ids = new Set(allActions().map(({ id }) => id));
  const keys = new Set(allActions().flatMap((action) => action.keys ?? []));
  for (const action of actions) {
    if (ids.has(action.id)) throw new Error(`Two actions are called ${action.id}`);
    for (const key of action.keys ?? []) if (keys.has(key)) throw new Error(`Two actions have the key ${key}`);
  }
  lists.add(actions);
  return () => lists.delete(actions);
}

/** Everything registered, in the order of the groups. */
export function allActions(): readonly Action[] {
  const all = [...lists].flat();
  return GROUPS.flatMap((group) => all.filter((action) => action.group === group));
}

/** The action whose key this is. */
export function actionOf(event: Pressed): Action | undefined {
  return allActions().find(({ keys = [] }) => keys.some((stroke) => pressed(stroke, event)));
}
