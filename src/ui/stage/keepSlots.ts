import { layoutOf, type Layout, type LayoutOptions } from "../../graph/layout.ts";
import type { Slots } from "../../graph/slots.ts";
import type { MirrorState } from "../../mirror/types.ts";

type Lays = (mirror: MirrorState, options: Omit<LayoutOptions, "previous">, about: string) => Layout;

/**
 * Lays out with the slots of the last layout, so that what is there stays where it is; another scenario (`about`) begins anew. Asked
 * twice the same, it answers the same.
 */
export function keepSlots(): Lays {
  let previous: Slots = new Map();
  let last = "";
  return (mirror, options, about) => {
    if (about !== last) previous = new Map();
    last = about;
    const layout = layoutOf(mirror, { ...options, previous });
    previous = layout.slots;
    return layout;
  };
}
