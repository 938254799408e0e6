import { create } from "zustand";
import { NO_FILTER, type MapFilter } from "../../graph/filter.ts";
import type { Slots } from "../../graph/slots.ts";
import { recall, remember } from "../shell/storage.ts";

/** How the reader has arranged the map. Nothing of the cluster, and nothing that a link carries. */
export interface MapView {
  readonly filter: MapFilter;
  /** Is the bar with the filters and the search open? */
  readonly bar: boolean;
  /** Scenario that `moved` is about. */
  readonly slug: string | null;
  /** Where nodes and pods were put by hand. */
  readonly moved: Slots;
  /** How often everything was put back: the layout then forgets where things stood. */
  readonly resets: number;
  /** Node of a large cluster whose cards are on show in place of the cells. */
  readonly opened: string | null;
  narrow(patch: Partial<MapFilter>): void;
  move(next: Slots): void;
  /** Everything back where it stands by itself. */
  resetPlaces(): void;
  /** The places of another scenario, as they were left. */
  turnTo(slug: string): void;
}

const NOWHERE: Slots = new Map();
const keyOf = (slug: string): string => `places.${slug}`;

export const useMapView = create<MapView>()((set, get) => ({
  filter: NO_FILTER,
  bar: false,
  slug: null,
  moved: NOWHERE,
  resets: 0,
  opened: null,
  narrow: (patch) => set({ filter: { ...get().filter, ...patch } }),
  move: (next) => {
    const moved = new Map([...get().moved, ...next]);
    set({ moved });
    const { slug } = get();
    if (slug !== null) remember(keyOf(slug), JSON.stringify([...moved]));
  },
  resetPlaces: () => {
    const { slug } = get();
    set({ moved: NOWHERE, resets: get().resets + 1 });
    if (slug !== null) remember(keyOf(slug), null);
  },
  turnTo: (slug) => {
    if (slug !== get().slug) set({ slug, moved: readPlaces(recall(keyOf(slug))), filter: NO_FILTER, opened: null });
  },
}));

/** What was stored, or nothing when it is not what this page stores. */
function readPlaces(stored: string | null): Slots {
  if (stored === null) return NOWHERE;
  try {
    const read: unknown = JSON.parse(stored);
    if (!Array.isArray(read)) return NOWHERE;
    return new Map(
      read.flatMap((pair: unknown) => {
        const [key, place] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
        return typeof key === "string" && typeof place === "number" && Number.isInteger(place) && place >= 0
          ? [[key, place] as const]
          : [];
      }),
    );
  } catch {
    return NOWHERE;
  }
}
