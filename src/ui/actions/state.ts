/** What is being done on the map at the moment: an open menu, a target being picked, what was said at an element. */
import { create } from "zustand";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { HostId, Protocol } from "../../model/trace/types.ts";

/** One end of a request is chosen, the other is being pointed at. */
export interface Picking {
  /** What comes of it: one request, or a connection that stays. */
  readonly what: "send" | "connect";
  readonly from: string | null;
  readonly to: { readonly value: string; readonly protocol: Protocol } | null;
}

export type TrafficView = "load" | "connections" | "conntrack" | "balancers" | "commands";

export interface ActState {
  /** Menu of an object, at a point of the window. */
  readonly menu: { readonly object: ObjectKey; readonly x: number; readonly y: number; readonly byKey: boolean } | null;
  readonly picking: Picking | null;
  /** What came of the last action, said at its element until something else is done. */
  /** Whose connection table the Traffic tab shows; null: the first node's. */
  readonly conntrackHost: HostId | null;
  /** What the connection table is filtered by. */
  readonly conntrackFilter: string;
  readonly trafficView: TrafficView;
  readonly note: { readonly object: ObjectKey | null; readonly refused: boolean; readonly message: string } | null;
}

export const useActs = create<ActState>()(() => ({
  menu: null,
  picking: null,
  note: null,
  conntrackHost: null,
  conntrackFilter: "",
  trafficView: "load",
}));
