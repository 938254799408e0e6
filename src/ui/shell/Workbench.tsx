import { lazy, Suspense, useState } from "react";
import { SendBar } from "../controls/SendBar.tsx";
import { useUi } from "../state.ts";
import { Button } from "./Button.tsx";
import { LeftPane } from "./LeftPane.tsx";
import { Notices } from "./Notices.tsx";
import { Replaying } from "./Replaying.tsx";
import { Compare, Dock, Inspector, NetfilterView, Stage } from "./slots.tsx";
import { Splitter, tracks, useSize } from "./Splitter.tsx";
import { REGIONS } from "./useKeys.ts";
import { useWindowSize, type Layout } from "./useMedia.ts";
import styles from "./Workbench.module.css";

// It has something to say only when the map does not show the text as it stands.
const MapState = lazy(() => import("./MapState.tsx").then(({ MapState: component }) => ({ default: component })));
const Drawer = lazy(() => import("./Drawer.tsx").then(({ Drawer: component }) => ({ default: component })));

type Bench = Exclude<Layout, "phone">;

const EDITOR = 320;
const INSPECTOR = 392;
/** Timeline with the lanes of three nodes. */
const DOCK = 254;
/** On a low screen the map comes first: the lanes scroll. */
const dockOf = (height: number): number => Math.max(200, Math.min(DOCK, Math.round(height * 0.284)));
/** A race is three lists side by side: the dock is at least as high while it shows one. */
const RACE = 340;
/** What is left to the map at least. */
const MAP_WIDTH = 320;
const MAP_HEIGHT = 200;

/** Editor, map, inspector and dock side by side; what has no room becomes a drawer. */
export function Workbench({ layout }: { readonly layout: Bench }) {
  const editor = layout === "wide";
  const inspector = layout !== "narrow";
  const open = useUi((state) => state.drawer);
  const comparing = useUi((state) => state.center === "compare");
  const { width, height } = useWindowSize();
  const editorSize = useSize("editor", EDITOR);
  const inspectorSize = useSize("inspector", INSPECTOR);
  const [dockInitial] = useState(() => dockOf(height));
  const dockChosen = useSize("dock", dockInitial);
  const editorMax = Math.max(EDITOR, width - MAP_WIDTH - Math.max(280, Math.min(inspectorSize.value, width / 2)));
  const inspectorMax = Math.max(INSPECTOR, Math.floor(width / 2));
  const dockMax = Math.max(DOCK, height - 48 - MAP_HEIGHT);
  const racing = useUi((state) => state.dock === "race");
  const dockMin = racing ? Math.min(RACE, dockMax) : 96;
  const dockSize = { ...dockChosen, value: Math.max(dockMin, dockChosen.value) };
  return (
    <main
      id={REGIONS.main}
      className={styles["bench"]}
      data-layout={layout}
      style={tracks({
        "editor-size": Math.min(editorSize.value, editorMax),
        "inspector-size": Math.min(inspectorSize.value, inspectorMax),
        "dock-size": Math.min(dockSize.value, dockMax),
      })}
    >
      {comparing && (
        <div className={styles["compare"]}>
          <Compare />
        </div>
      )}
      {/* Behind the comparison all of it stays as it is, and out of reach. */}
      <div className={styles["behind"]} inert={comparing}>
        {editor && (
          <>
            <div className={styles["editor"]} id="kh-editor-pane">
              <LeftPane />
            </div>
            <div className={styles["editorHandle"]}>
              <Splitter
                label="Width of the editor"
                controls="kh-editor-pane"
                orientation="vertical"
                panel="before"
                size={editorSize}
                initial={EDITOR}
                min={220}
                max={editorMax}
              />
            </div>
          </>
        )}
        <Center layout={layout} />
        <div className={styles["dockHandle"]}>
          <Splitter
            label="Height of the dock"
            controls={REGIONS.dock}
            orientation="horizontal"
            panel="after"
            size={dockSize}
            initial={dockInitial}
            min={dockMin}
            max={dockMax}
          />
        </div>
        <section
          id={REGIONS.dock}
          className={`${styles["region"] ?? ""} ${styles["dock"] ?? ""}`}
          aria-label="Timeline, rules and trace"
          tabIndex={-1}
        >
          <Dock />
        </section>
        {inspector && (
          <>
            <div className={styles["inspectorHandle"]}>
              <Splitter
                label="Width of the inspector"
                controls={REGIONS.inspector}
                orientation="vertical"
                panel="after"
                size={inspectorSize}
                initial={INSPECTOR}
                min={280}
                max={inspectorMax}
              />
            </div>
            <div className={styles["inspector"]}>
              <InspectorRegion />
            </div>
          </>
        )}
      </div>
      <Suspense>
        {!editor && open === "editor" && (
          <Drawer title="Editor" side="left">
            <LeftPane />
          </Drawer>
        )}
        {!inspector && open === "inspector" && (
          <Drawer title="Inspector" side="right">
            <InspectorRegion />
          </Drawer>
        )}
      </Suspense>
    </main>
  );
}

function InspectorRegion() {
  return (
    <section id={REGIONS.inspector} className={styles["region"]} aria-label="Walk and hop" tabIndex={-1}>
      <Inspector />
    </section>
  );
}

function Center({ layout }: { readonly layout: Bench }) {
  const center = useUi((state) => state.center);
  const set = useUi((state) => state.set);
  return (
    <div className={styles["center"]}>
      <div className={styles["toolbar"]}>
        {layout !== "wide" && (
          <Button icon="editor" aria-haspopup="dialog" onClick={() => set({ drawer: "editor" })}>
            YAML
          </Button>
        )}
        <SendBar />
        {layout === "narrow" && (
          <Button
            icon="inspector"
            aria-label="Open the inspector"
            aria-haspopup="dialog"
            onClick={() => set({ drawer: "inspector" })}
          />
        )}
      </div>
      <div className={styles["stageBox"]}>
        <section id={REGIONS.map} className={styles["stage"]} aria-label="Map" tabIndex={-1}>
          {center === "netfilter" ? <NetfilterView /> : <Stage />}
        </section>
        {/* Over the map, not beside it: what the reader looks at does not move. */}
        <div className={styles["notices"]}>
          <Suspense>
            <MapState />
          </Suspense>
          <Replaying />
          <Notices />
        </div>
      </div>
    </div>
  );
}
