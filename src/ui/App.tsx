import { lazy, Suspense, useEffect } from "react";
import { useMirror } from "../mirror/store.ts";
import { useLesson } from "./lessons/state.ts";
import { usePlayback } from "./playback.ts";
import { usePresent } from "./present/state.ts";
import { LiveRegion } from "./shell/LiveRegion.tsx";
import { usePage } from "./shell/page.ts";
import { SessionContext, type Session } from "./shell/session.ts";
import { useToasts } from "./shell/toasts.ts";
import { TopBar } from "./shell/TopBar.tsx";
import { useKeys } from "./shell/useKeys.ts";
import { useLayout, type Layout } from "./shell/useMedia.ts";
import { Workbench } from "./shell/Workbench.tsx";
import { useUi } from "./state.ts";
import styles from "./App.module.css";

// Not needed for the first picture.
const DropTarget = lazy(() =>
  import("./editor/DropTarget.tsx").then(({ DropTarget: component }) => ({ default: component })),
);
const Phone = lazy(() => import("./shell/Phone.tsx").then(({ Phone: component }) => ({ default: component })));
const LessonList = lazy(() =>
  import("./lessons/LessonList.tsx").then(({ LessonList: component }) => ({ default: component })),
);
const Help = lazy(() => import("./shell/Help.tsx").then(({ Help: component }) => ({ default: component })));

const Toasts = lazy(() => import("./shell/Toasts.tsx").then(({ Toasts: component }) => ({ default: component })));
const Palette = lazy(() => import("./actions/Palette.tsx").then(({ Palette: component }) => ({ default: component })));
const WhyAsker = lazy(() => import("./why/useAskWhy.ts").then(({ WhyAsker: component }) => ({ default: component })));
const Present = lazy(() => import("./present/Present.tsx").then(({ Present: component }) => ({ default: component })));
const MenuHost = lazy(() =>
  import("./actions/MenuHost.tsx").then(({ MenuHost: component }) => ({ default: component })),
);

/** The page. It renders at once; the cluster arrives in the mirror when the worker has it. */
export function App({ session }: { readonly session: Session }) {
  const layout = useLayout();
  useKeys(session, layout);
  useWalkOnStage();
  useRevealedEditor(layout);
  const paletteOpen = useUi((state) => state.palette);
  const toasting = useToasts((state) => state.toasts.length > 0);
  const helpOpen = usePage((state) => state.helpOpen);
  const listing = useLesson((state) => state.listing);
  const presenting = usePresent((state) => state.open);
  return (
    <SessionContext value={session}>
      {/* Behind a presentation all of it stays as it is, out of sight and reach. */}
      <div className={styles["page"]} data-behind={presenting || undefined} inert={presenting}>
        <TopBar layout={layout} />
        {layout === "phone" ? (
          <Suspense>
            <Phone />
          </Suspense>
        ) : (
          <Workbench layout={layout} />
        )}
      </div>
      <Suspense>{presenting && <Present />}</Suspense>
      <Suspense>{helpOpen && <Help />}</Suspense>
      <Suspense>{listing && <LessonList />}</Suspense>
      <Suspense>{paletteOpen && <Palette />}</Suspense>
      <Suspense>
        <MenuHost />
      </Suspense>
      <Suspense>{toasting && <Toasts />}</Suspense>
      <Suspense>
        <WhyAsker />
      </Suspense>
      <LiveRegion />
      <Suspense>
        <DropTarget />
      </Suspense>
    </SessionContext>
  );
}

/** Whoever chooses a walk only names it; here it is put on stage, and taken off when the mirror no longer has it. */
function useWalkOnStage(): void {
  const id = useUi((state) => state.walk);
  const walk = useMirror((state) => state.walks.find((one) => one.id === id) ?? null);
  useEffect(() => {
    const { walk: shown, at, show } = usePlayback.getState();
    if (shown === walk) return;
    if (walk !== null && shown !== null && shown.id === walk.id && shown.startedAt === walk.startedAt) {
      // The same walk told anew, as after a seek: the playhead stays.
      show(walk, { paused: true, at });
    } else show(walk, { paused: true });
  }, [walk]);
}

/** A line to be shown needs its editor open, where that is not always there. */
function useRevealedEditor(layout: Layout): void {
  const revealed = useUi((state) => state.revealLine !== null);
  useEffect(() => {
    if (!revealed || usePresent.getState().open) return;
    const { set } = useUi.getState();
    set({ editorView: "text" });
    if (layout !== "wide") set(layout === "phone" ? { phone: "yaml" } : { drawer: "editor" });
  }, [revealed, layout]);
}
