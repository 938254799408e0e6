/** What became of files that were dropped, pasted or chosen, for the footer to say. */
import { create } from "zustand";

export interface ImportState {
  /** How far it is, once it takes longer than a moment. */
  readonly progress: { readonly read: number; readonly of: number } | null;
  /** Files that were added last, by the names of their tabs. */
  readonly added: readonly string[];
  /** What was not taken, and what to do about it. One sentence or two each. */
  readonly refused: readonly string[];
}

const NOTHING: ImportState = { progress: null, added: [], refused: [] };

export const useImport = create<ImportState>()(() => NOTHING);

export const dismissImport = (): void => useImport.setState(NOTHING);
