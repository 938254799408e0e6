import type { ProxyMode } from "../../model/config/types.ts";
import { mirror } from "../../mirror/store.ts";
import { focusRegion, REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";
import type { Action } from "./registry.ts";
import { useActs, type TrafficView } from "./state.ts";

const loadPerform = () => import("./perform.ts");

const mode = (to: ProxyMode, name: string): Action => ({
  id: `mode.${to}`,
  title: `kube-proxy mode: ${name}`,
  group: "Cluster",
  hint: "restart",
  enabled: () => mirror.getState().mode !== to,
  run: ({ session }) => void loadPerform().then(({ command }) => command(session, { type: "mode", mode: to }, null)),
});

const traffic = (view: TrafficView, title: string, hint: string): Action => ({
  id: `traffic.${view}`,
  title,
  group: view === "load" || view === "connections" ? "Send" : "Cluster",
  hint,
  run: () => {
    useUi.getState().set({ dock: "traffic", phone: "details" });
    useActs.setState({ trafficView: view });
    focusRegion(REGIONS.dock);
  },
});

/** What is done to the cluster as a whole. */
export const CLUSTER_ACTIONS: readonly Action[] = [
  {
    id: "cluster.check",
    title: "Check the whole cluster: everything that keeps requests from arriving",
    group: "Cluster",
    hint: "why diagnosis findings problems",
    run: ({ session, layout }) => {
      const { set } = useUi.getState();
      set({ editorView: "objects" });
      if (layout === "phone") set({ phone: "yaml" });
      else if (layout !== "wide") set({ drawer: "editor" });
      void import("../why/all.ts").then(({ checkCluster }) => checkCluster(session));
    },
  },
  {
    id: "cluster.reach",
    title: "Reachability: who reaches what, every client and every Service port",
    group: "Cluster",
    hint: "matrix table connectivity",
    run: () => {
      useUi.getState().set({ dock: "reach", phone: "details" });
      focusRegion(REGIONS.dock);
    },
  },
  {
    id: "cluster.race",
    title: "Races: what does a rollout, a scale-down or a drain lose?",
    group: "Cluster",
    hint: "rolling update restart deployment lost requests preStop seeds explorer",
    run: () => {
      useUi.getState().set({ dock: "race", phone: "details" });
      focusRegion(REGIONS.dock);
    },
  },
  traffic("load", "Steady load: many requests and their report", "traffic requests per second"),
  traffic("connections", "Standing connections: open, use, close", "traffic keep-alive tcp"),
  traffic("conntrack", "Connection tables of the nodes", "traffic conntrack flush"),
  traffic("balancers", "Load balancers: listeners, targets, health", "traffic lb"),
  traffic("commands", "What has been done: the list of commands", "history undo"),
  mode("iptables", "iptables"),
  mode("nftables", "nftables"),
  mode("ipvs", "IPVS"),
  mode("userspace", "userspace"),
  {
    id: "cluster.undo",
    title: "Take back the last command",
    group: "Cluster",
    hint: "undo",
    enabled: () => mirror.getState().commands.length > 1,
    run: ({ session }) => void loadPerform().then(({ undoLast }) => undoLast(session)),
  },
];
