import { layoutOf, type Layout, type LayoutOptions } from "../../graph/layout.ts";
import { settled } from "../../graph/settled.ts";
import type { Slots } from "../../graph/slots.ts";
import type { MirrorState } from "../../mirror/types.ts";

type Lays = (mirror: MirrorState, options: Omit<LayoutOptions, "previous">, about: string) => Layout;

/**
 * Lays out with the slots of the last layout, so that what is there stays where it is; another scenario (`about`) begins anew. What
 * comes out as it was is the very same value, so that only what differs is drawn. Asked twice the same, it answers the same.
 */
export function keepSlots(): Lays {
  const none: Slots = new Map();
  let layout: Layout | null = null;
  let last = "";
  return (mirror, options, about) => {
    const previous = about === last ? (layout?.slots ?? none) : none;
    last = about;
    layout = settled(layout, layoutOf(mirror, { ...options, previous }));
    return layout;
  };
}
