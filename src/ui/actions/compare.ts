import { useUi } from "../state.ts";
import type { Action } from "./registry.ts";

/** The view in which modes stand side by side. Its own keys stand in ui/compare. */
export const COMPARE_ACTIONS: readonly Action[] = [
  {
    id: "compare.open",
    title: "Compare: the same packet in several modes, side by side",
    group: "The page",
    keys: ["C"],
    hint: "iptables nftables IPVS userspace kube-proxy",
    run: () => {
      const { center, set } = useUi.getState();
      set(center === "compare" ? { center: "map" } : { center: "compare", phone: "map", drawer: null });
    },
  },
];
