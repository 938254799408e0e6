import { useRef, type KeyboardEvent, type ReactElement } from "react";
import { useActs, type TrafficView } from "../actions/state.ts";
import { BalancersView } from "./BalancersView.tsx";
import { CommandsView } from "./CommandsView.tsx";
import { ConnectionsView } from "./ConnectionsView.tsx";
import { ConntrackView } from "./ConntrackView.tsx";
import { LoadView } from "./LoadView.tsx";
import styles from "./Traffic.module.css";

const VIEWS: readonly (readonly [TrafficView, string])[] = [
  ["load", "Steady load"],
  ["connections", "Connections"],
  ["conntrack", "Conntrack"],
  ["balancers", "Balancers"],
  ["commands", "Commands"],
];

/** Many packets, what stays of them in kernels and balancers, and everything that has been done so far. */
export function Traffic(): ReactElement {
  const view = useActs((state) => state.trafficView);
  const list = useRef<HTMLDivElement>(null);
  const show = (to: TrafficView): void => useActs.setState({ trafficView: to });
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const at = VIEWS.findIndex(([id]) => id === view);
    const next = VIEWS[(at + by + VIEWS.length) % VIEWS.length];
    if (next === undefined) return;
    show(next[0]);
    list.current?.querySelector<HTMLElement>(`[data-view="${next[0]}"]`)?.focus();
  };
  return (
    <div className={styles["traffic"]}>
      <div
        ref={list}
        className={styles["views"]}
        role="tablist"
        aria-label="Traffic"
        aria-orientation="vertical"
        onKeyDown={onKeyDown}
      >
        {VIEWS.map(([id, label]) => (
          <button
            key={id}
            type="button"
            role="tab"
            id={`kh-traffic-${id}`}
            aria-selected={view === id}
            aria-controls="kh-traffic"
            tabIndex={view === id ? 0 : -1}
            data-view={id}
            className={styles["view"]}
            onClick={() => show(id)}
          >
            {label}
          </button>
        ))}
      </div>
      <div
        id="kh-traffic"
        className={styles["body"]}
        role="tabpanel"
        aria-labelledby={`kh-traffic-${view}`}
        tabIndex={0}
      >
        {view === "load" && <LoadView />}
        {view === "connections" && <ConnectionsView />}
        {view === "conntrack" && <ConntrackView />}
        {view === "balancers" && <BalancersView />}
        {view === "commands" && <CommandsView />}
      </div>
    </div>
  );
}
