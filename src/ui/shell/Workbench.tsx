import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { Group, Panel, Separator, useDefaultLayout } from "react-resizable-panels";
import { EditorPanel } from "../editor/EditorPanel.tsx";
import { useUi } from "../state.ts";
import { SendBar } from "../controls/SendBar.tsx";
import { Button } from "./Button.tsx";
import { MapState } from "./MapState.tsx";
import { Notices } from "./Notices.tsx";
import { Dock, Inspector, NetfilterView, Stage } from "./slots.tsx";
import { layoutStorage } from "./storage.ts";
import { REGIONS } from "./useKeys.ts";
import type { Layout } from "./useMedia.ts";
import styles from "./Workbench.module.css";

/** Editor, map, inspector and dock side by side; what has no room becomes a drawer. */
export function Workbench({ layout }: { readonly layout: Exclude<Layout, "phone"> }) {
  const editor = layout === "wide";
  const inspector = layout !== "narrow";
  const columns = useDefaultLayout({
    id: `columns-${layout}`,
    panelIds: inspector ? ["main", "inspector"] : ["main"],
    storage: layoutStorage,
  });
  const rows = useDefaultLayout({ id: `rows-${layout}`, panelIds: ["upper", "dock"], storage: layoutStorage });
  const upper = useDefaultLayout({
    id: `upper-${layout}`,
    panelIds: editor ? ["editor", "center"] : ["center"],
    storage: layoutStorage,
  });
  return (
    // The key makes a fresh set of panels per layout: their sizes do not carry over.
    <div className={styles["bench"]} key={layout}>
      <Group orientation="horizontal" {...columns}>
        <Panel id="main" minSize={360} className={styles["panel"]}>
          <Group orientation="vertical" {...rows}>
            <Panel id="upper" minSize={160} className={styles["panel"]}>
              <Group orientation="horizontal" {...upper}>
                {editor && (
                  <>
                    <Panel
                      id="editor"
                      defaultSize={320}
                      minSize={220}
                      maxSize="60%"
                      groupResizeBehavior="preserve-pixel-size"
                      className={styles["panel"]}
                    >
                      <EditorPanel />
                    </Panel>
                    <Separator className={styles["handle"]} aria-label="Width of the editor" />
                  </>
                )}
                <Panel id="center" minSize={240} className={styles["panel"]}>
                  <Center layout={layout} />
                </Panel>
              </Group>
            </Panel>
            <Separator className={styles["handle"]} data-flat aria-label="Height of the dock" />
            <Panel
              id="dock"
              defaultSize={212}
              minSize={96}
              maxSize="70%"
              groupResizeBehavior="preserve-pixel-size"
              className={styles["panel"]}
            >
              <section
                id={REGIONS.dock}
                className={styles["region"]}
                aria-label="Timeline, rules and trace"
                tabIndex={-1}
              >
                <Dock />
              </section>
            </Panel>
          </Group>
        </Panel>
        {inspector && (
          <>
            <Separator className={styles["handle"]} aria-label="Width of the inspector" />
            <Panel
              id="inspector"
              defaultSize={392}
              minSize={280}
              maxSize="50%"
              groupResizeBehavior="preserve-pixel-size"
              className={styles["panel"]}
            >
              <InspectorRegion />
            </Panel>
          </>
        )}
      </Group>
      {!editor && (
        <Drawer name="editor" title="Editor" side="left">
          <EditorPanel />
        </Drawer>
      )}
      {!inspector && (
        <Drawer name="inspector" title="Inspector" side="right">
          <InspectorRegion />
        </Drawer>
      )}
    </div>
  );
}

function InspectorRegion() {
  return (
    <section id={REGIONS.inspector} className={styles["region"]} aria-label="Walk and hop" tabIndex={-1}>
      <Inspector />
    </section>
  );
}

function Center({ layout }: { readonly layout: Exclude<Layout, "phone"> }) {
  const center = useUi((state) => state.center);
  const set = useUi((state) => state.set);
  return (
    <main className={styles["center"]}>
      <div className={styles["toolbar"]}>
        {layout !== "wide" && (
          <Button
            icon="editor"
            look="bare"
            aria-label="Open the editor"
            aria-haspopup="dialog"
            onClick={() => set({ drawer: "editor" })}
          />
        )}
        <SendBar />
        {layout === "narrow" && (
          <Button
            icon="inspector"
            look="bare"
            aria-label="Open the inspector"
            aria-haspopup="dialog"
            onClick={() => set({ drawer: "inspector" })}
          />
        )}
      </div>
      <Notices />
      <MapState />
      <section id={REGIONS.map} className={styles["stage"]} aria-label="Map" tabIndex={-1}>
        {center === "map" ? <Stage /> : <NetfilterView />}
      </section>
    </main>
  );
}

interface DrawerProps {
  readonly name: "editor" | "inspector";
  readonly title: string;
  readonly side: "left" | "right";
  readonly children: ReactNode;
}

function Drawer({ name, title, side, children }: DrawerProps) {
  const open = useUi((state) => state.drawer === name);
  const set = useUi((state) => state.set);
  return (
    <Dialog.Root open={open} onOpenChange={(next) => set({ drawer: next ? name : null })}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles["scrim"]} />
        <Dialog.Content
          className={styles["drawer"]}
          data-side={side}
          aria-describedby={undefined}
          // Escape in the editor closes its suggestions or frees Tab; the drawer closes by its button and its scrim then.
          onEscapeKeyDown={(event) => {
            if (event.target instanceof Element && event.target.closest(".monaco-editor") !== null)
              event.preventDefault();
          }}
        >
          <header className={styles["drawerHead"]}>
            <Dialog.Title>{title}</Dialog.Title>
            <Dialog.Close asChild>
              <Button look="bare" icon="close" aria-label={`Close the ${title.toLowerCase()}`} />
            </Dialog.Close>
          </header>
          <div className={styles["drawerBody"]}>{children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
