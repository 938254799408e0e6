import { useUi, type PhoneTab } from "../state.ts";
import { SendBar } from "../controls/SendBar.tsx";
import { PlayBar } from "../controls/PlayBar.tsx";
import { Icon, type IconName } from "./icons.tsx";
import { MapState } from "./MapState.tsx";
import { LeftPane } from "./LeftPane.tsx";
import { Notices } from "./Notices.tsx";
import { Replaying } from "./Replaying.tsx";
import { Compare, Dock, HopSheet, Ladder, NetfilterView, Stage, StripMap, WhyNot } from "./slots.tsx";
import { REGIONS } from "./useKeys.ts";
import styles from "./Phone.module.css";

const TABS: readonly { readonly tab: PhoneTab; readonly label: string; readonly icon: IconName }[] = [
  { tab: "walk", label: "Walk", icon: "walk" },
  { tab: "map", label: "Map", icon: "map" },
  { tab: "details", label: "Details", icon: "rules" },
  { tab: "yaml", label: "YAML", icon: "file" },
];

/** Below 640 pixels the ladder is the app: a strip map above it, a sheet with the hop below, and tabs for the rest. */
export function Phone() {
  const phone = useUi((state) => state.phone);
  const center = useUi((state) => state.center);
  const set = useUi((state) => state.set);
  return (
    <div className={styles["phone"]}>
      <main id={REGIONS.main} className={styles["main"]}>
        <div className={styles["body"]} data-view={phone}>
          {phone === "walk" && (
            <>
              <div className={styles["strip"]}>
                <StripMap />
              </div>
              <section id={REGIONS.inspector} className={styles["ladder"]} aria-label="Walk" tabIndex={-1}>
                <h2 className="kh-hidden">The walk, hop by hop</h2>
                <Ladder />
                <WhyNot />
              </section>
              <HopSheet />
            </>
          )}
          {phone === "map" && (
            <>
              <SendBar />
              <section id={REGIONS.map} className={styles["map"]} aria-label="Map" tabIndex={-1}>
                {center === "compare" ? <Compare narrow /> : center === "netfilter" ? <NetfilterView /> : <Stage />}
              </section>
            </>
          )}
          {phone === "details" && (
            <section id={REGIONS.dock} className={styles["map"]} aria-label="Timeline, rules and trace" tabIndex={-1}>
              <Dock bare />
            </section>
          )}
          {phone === "yaml" && (
            <div className={styles["map"]}>
              <LeftPane />
            </div>
          )}
          <div className={styles["notices"]}>
            {phone === "map" && <MapState />}
            <Replaying />
            <Notices />
          </div>
        </div>
        {phone !== "yaml" && <PlayBar />}
      </main>
      <nav className={styles["tabs"]} aria-label="Views">
        {TABS.map(({ tab, label, icon }) => (
          <button
            key={tab}
            type="button"
            className={styles["tab"]}
            aria-current={phone === tab ? "page" : undefined}
            onClick={() => set({ phone: tab })}
          >
            <Icon name={icon} size={20} />
            {label}
          </button>
        ))}
      </nav>
    </div>
  );
}
