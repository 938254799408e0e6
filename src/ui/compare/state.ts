import { create } from "zustand";
import type { ProxyMode } from "../../model/config/types.ts";
import type { Leg } from "./rows.ts";

export const COMPARABLE: readonly ProxyMode[] = ["iptables", "nftables", "ipvs", "userspace"];

interface CompareState {
  readonly modes: readonly ProxyMode[];
  readonly leg: Leg;
  readonly onlyDifferences: boolean;
  /** Key of the row that all columns stand on; null: the first. */
  readonly row: string | null;
  /** On a phone, the column that is shown. */
  readonly shown: ProxyMode;
  readonly set: (patch: Partial<Omit<CompareState, "set" | "toggle">>) => void;
  /** Adds or takes away a column; two stay. */
  readonly toggle: (mode: ProxyMode) => void;
}

/** What is compared, and where all columns stand. */
export const useCompare = create<CompareState>()((set) => ({
  modes: COMPARABLE,
  leg: "request",
  onlyDifferences: false,
  row: null,
  shown: "iptables",
  set: (patch) => set(patch),
  toggle: (mode) =>
    set(({ modes }) => {
      if (!modes.includes(mode)) return { modes: COMPARABLE.filter((one) => one === mode || modes.includes(one)) };
      return modes.length <= 2 ? {} : { modes: modes.filter((one) => one !== mode) };
    }),
}));
