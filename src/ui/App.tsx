import { useEffect } from "react";
import { useMirror } from "../mirror/store.ts";
import { usePlayback } from "./playback.ts";
import { ClientContext } from "./shell/client.ts";
import { Help } from "./shell/Help.tsx";
import { LiveRegion } from "./shell/LiveRegion.tsx";
import { Phone } from "./shell/Phone.tsx";
import { SessionContext, type Session } from "./shell/session.ts";
import { TopBar } from "./shell/TopBar.tsx";
import { REGIONS, useKeys } from "./shell/useKeys.ts";
import { useLayout } from "./shell/useMedia.ts";
import { Workbench } from "./shell/Workbench.tsx";
import { useUi } from "./state.ts";
import styles from "./App.module.css";

/** The page. It renders at once; the cluster arrives in the mirror when the worker has it. */
export function App({ session }: { readonly session: Session }) {
  const layout = useLayout();
  useKeys(session, layout);
  useWalkOnStage();
  return (
    <SessionContext value={session}>
      <ClientContext value={session.client}>
        <div className={styles["page"]}>
          <a className={styles["skip"]} href={`#${REGIONS.map}`} onClick={skipToMap}>
            Skip to the map
          </a>
          <h1 className="kh-hidden">kubehop: see every hop of a Kubernetes Service request</h1>
          <TopBar layout={layout} />
          {layout === "phone" ? <Phone /> : <Workbench layout={layout} />}
        </div>
        <Help />
        <LiveRegion />
      </ClientContext>
    </SessionContext>
  );
}

/** By script, not by hash: the hash belongs to shared links. */
function skipToMap(event: { preventDefault(): void }): void {
  event.preventDefault();
  useUi.getState().set({ phone: "map", center: "map" });
  requestAnimationFrame(() => document.getElementById(REGIONS.map)?.focus());
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
