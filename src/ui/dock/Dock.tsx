import { Tabs } from "radix-ui";
import { lazy, Suspense, useEffect, useRef, type ReactElement } from "react";
import type { PanelProps } from "../inspector/types.ts";
import { useUi, type DockTab } from "../state.ts";
import styles from "./Dock.module.css";
import { Timeline } from "./Timeline.tsx";
import { Transport } from "./Transport.tsx";

// Not part of the first picture.
const Rules = lazy(() => import("./Rules.tsx").then(({ Rules: component }) => ({ default: component })));
const DriftPanel = lazy(() =>
  import("../exchange/DriftPanel.tsx").then(({ DriftPanel: component }) => ({ default: component })),
);
const TraceTable = lazy(() => import("./TraceTable.tsx").then(({ TraceTable: component }) => ({ default: component })));
const Outcomes = lazy(() => import("./Outcomes.tsx").then(({ Outcomes: component }) => ({ default: component })));
const Console = lazy(() => import("../console/Console.tsx").then(({ Console: component }) => ({ default: component })));

const Traffic = lazy(() => import("../traffic/Traffic.tsx").then(({ Traffic: component }) => ({ default: component })));

const TABS: readonly (readonly [DockTab, string])[] = [
  ["timeline", "Timeline"],
  ["rules", "Rules"],
  ["drift", "Drift"],
  ["trace", "Trace table"],
  ["outcomes", "Outcomes"],
  ["traffic", "Traffic"],
  ["console", "Console"],
];

/** The lower panel: time, rules, every hop as a table, all outcomes; and the transport that moves the playhead. */
export function Dock({ bare, ...props }: PanelProps & { readonly bare: boolean }): ReactElement {
  const tab = useUi((state) => state.dock);
  const set = useUi((state) => state.set);
  const list = useRef<HTMLDivElement>(null);
  // There are more tabs than room for them: the open one is in sight, however it was opened.
  useEffect(() => {
    list.current?.querySelector(`[data-state="active"]`)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);
  return (
    <Tabs.Root className={styles.dock} value={tab} onValueChange={(value) => set({ dock: value as DockTab })}>
      <div className={styles.bar}>
        <Tabs.List className={styles.tabs} aria-label="Panels" ref={list}>
          {TABS.map(([id, label]) => (
            <Tabs.Trigger key={id} value={id} className={styles.tab}>
              {label}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        {!bare && <Transport />}
      </div>
      <Tabs.Content value="timeline" className={styles.panel} tabIndex={-1}>
        <Timeline {...props} />
      </Tabs.Content>
      <Tabs.Content value="rules" className={styles.panel} tabIndex={-1}>
        <Suspense>
          <Rules {...props} />
        </Suspense>
      </Tabs.Content>
      <Tabs.Content value="drift" className={styles.panel} tabIndex={-1}>
        <Suspense>
          <DriftPanel {...props} />
        </Suspense>
      </Tabs.Content>
      <Tabs.Content value="trace" className={styles.panel} tabIndex={-1}>
        <Suspense>
          <TraceTable />
        </Suspense>
      </Tabs.Content>
      <Tabs.Content value="outcomes" className={styles.panel} tabIndex={-1}>
        <Suspense>
          <Outcomes {...props} />
        </Suspense>
      </Tabs.Content>
      <Tabs.Content value="traffic" className={styles.panel} tabIndex={-1}>
        <Suspense>
          <Traffic />
        </Suspense>
      </Tabs.Content>
      <Tabs.Content value="console" className={styles.panel} tabIndex={-1}>
        <Suspense>
          <Console />
        </Suspense>
      </Tabs.Content>
    </Tabs.Root>
  );
}
