/** The one mirror of the page: a store that frames are folded into, and the hook that reads it. */
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Frame } from "../wire/protocol.ts";
import { EMPTY, fold } from "./fold.ts";
import type { MirrorState } from "./types.ts";

export type Mirror = StoreApi<MirrorState>;

export const createMirror = (): Mirror => createStore<MirrorState>()(() => EMPTY);

/** What the page shows. */
export const mirror: Mirror = createMirror();

/** Reads the mirror in React. Select small parts: a component redraws when its part changes identity. */
export function useMirror<T>(select: (state: MirrorState) => T): T {
  return useStore(mirror, select);
}

export function applyFrame(store: Mirror, frame: Frame): void {
  store.setState((state) => fold(state, frame), true);
}
