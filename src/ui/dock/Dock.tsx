import { DropdownMenu, Tabs } from "radix-ui";
import { lazy, Suspense, useLayoutEffect, useRef, useState, type ReactElement, type RefObject } from "react";
import type { PanelProps } from "../inspector/types.ts";
import { Icon } from "../shell/icons.tsx";
import { useUi, type DockTab } from "../state.ts";
import { overPage } from "../shell/portal.ts";
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

const Reach = lazy(() => import("../reach/Reach.tsx").then(({ Reach: component }) => ({ default: component })));
const Race = lazy(() => import("../race/Race.tsx").then(({ Race: component }) => ({ default: component })));
const Traffic = lazy(() => import("../traffic/Traffic.tsx").then(({ Traffic: component }) => ({ default: component })));

/** Width of the "More" button. */
const MORE = 76;

/** By how often they are wanted: the last ones are the first to go behind "More". */
const TABS: readonly (readonly [DockTab, string])[] = [
  ["timeline", "Timeline"],
  ["console", "Console"],
  ["rules", "Rules"],
  ["reach", "Reachability"],
  ["traffic", "Traffic"],
  ["race", "Races"],
  ["outcomes", "Outcomes"],
  ["trace", "Trace table"],
  ["drift", "Drift"],
];

/** The lower panel: time, rules, every hop as a table, all outcomes; and the transport that moves the playhead. */
export function Dock({ bare, ...props }: PanelProps & { readonly bare: boolean }): ReactElement {
  const tab = useUi((state) => state.dock);
  const set = useUi((state) => state.set);
  const list = useRef<HTMLDivElement>(null);
  const fitting = useFitting(list);
  // The open one is always in sight, in the place of the last one that has room.
  const open = TABS.findIndex(([id]) => id === tab);
  const near = TABS.filter((_, i) => (open < fitting ? i < fitting : i < fitting - 1 || i === open));
  const far = TABS.filter((one) => !near.includes(one));
  return (
    <Tabs.Root className={styles.dock} value={tab} onValueChange={(value) => set({ dock: value as DockTab })}>
      <div className={styles.bar}>
        <div className={styles.tabs} ref={list}>
          <Tabs.List className={styles.list} aria-label="Panels">
            {near.map(([id, label]) => (
              <Tabs.Trigger key={id} value={id} className={styles.tab}>
                {label}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {far.length > 0 && <More tabs={far} />}
          {/* All names at their width, to know how many of them have room. */}
          <span className={styles.gauge} aria-hidden="true">
            {TABS.map(([id, label]) => (
              <span key={id} className={styles.tab} data-gauge={label} />
            ))}
          </span>
        </div>
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
      <Tabs.Content value="reach" className={styles.panel} tabIndex={-1}>
        <Suspense>
          <Reach />
        </Suspense>
      </Tabs.Content>
      <Tabs.Content value="race" className={styles.panel} tabIndex={-1}>
        <Suspense>
          <Race />
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

/** The panels whose tabs have no room. */
function More({ tabs }: { readonly tabs: typeof TABS }): ReactElement {
  const set = useUi((state) => state.set);
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger className={`${styles.tab ?? ""} ${styles.more ?? ""}`} aria-label="More panels">
        More
        <Icon name="chevron" size={14} />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={overPage()}>
        <DropdownMenu.Content className={styles.menu} align="start" sideOffset={2} collisionPadding={8}>
          {tabs.map(([id, label]) => (
            <DropdownMenu.Item key={id} className={styles.item} onSelect={() => set({ dock: id })}>
              {label}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

/** How many tabs have room beside each other in `list`, with the "More" button where not all have. */
function useFitting(list: RefObject<HTMLDivElement | null>): number {
  const [fitting, setFitting] = useState(TABS.length);
  useLayoutEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    const measure = (): void => {
      const widths = [...element.querySelectorAll<HTMLElement>("[data-gauge]")].map((one) => one.offsetWidth);
      const room = element.clientWidth;
      let count = widths.length;
      const width = (n: number): number => widths.slice(0, n).reduce((sum, one) => sum + one, 0);
      if (width(count) > room) while (count > 1 && width(count) + MORE > room) count--;
      setFitting(count);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // Names are wider in the page's own font than in the one before it.
    void document.fonts.ready.then(measure);
    return () => observer.disconnect();
  }, [list]);
  return fitting;
}
