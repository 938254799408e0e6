import { lazy, Suspense, useEffect } from "react";
import { useMirror } from "../../mirror/store.ts";
import { readLab } from "../../scenarios/lab.ts";
import { PlayBar } from "../controls/PlayBar.tsx";
import { headerRows } from "../inspector/changes.ts";
import { useCurrentHop, useWholeWalk } from "../inspector/useCurrentHop.ts";
import { OutcomeTag } from "../inspector/Tag.tsx";
import { hopStage, hostTitle } from "../inspector/wording.ts";
import { positionAt, sequence, usePlayback } from "../playback.ts";
import { Button } from "../shell/Button.tsx";
import { Logo } from "../shell/icons.tsx";
import { LiveRegion } from "../shell/LiveRegion.tsx";
import { MapState } from "../shell/MapState.tsx";
import { Notices } from "../shell/Notices.tsx";
import { usePage } from "../shell/page.ts";
import { SessionContext, type Session } from "../shell/session.ts";
import { StripMap } from "../shell/slots.tsx";
import { startApi } from "./api.ts";
import styles from "./Embed.module.css";

const EditorPanel = lazy(() =>
  import("../editor/EditorPanel.tsx").then(({ EditorPanel: component }) => ({ default: component })),
);

/** One walk in a frame of another page: the way in one row, the hop in words, and what moves it. */
export function Embed({ session, editable }: { readonly session: Session; readonly editable: boolean }) {
  useEffect(() => startApi(), []);
  return (
    <SessionContext value={session}>
      <main className={styles["embed"]} data-editable={editable}>
        <Head session={session} />
        {editable && (
          <div className={styles["editor"]}>
            <Suspense>
              <EditorPanel />
            </Suspense>
          </div>
        )}
        <section className={styles["map"]} aria-label="Map">
          <StripMap />
          <div className={styles["notices"]}>
            {editable && <MapState />}
            <Notices />
          </div>
        </section>
        <HopLine />
        <div className={styles["play"]}>
          <PlayBar />
          <Count />
        </div>
      </main>
      <LiveRegion />
    </SessionContext>
  );
}

function Head({ session }: { readonly session: Session }) {
  const text = useMirror((state) => state.text);
  const mode = useMirror((state) => state.mode);
  const scenario = usePage((state) => state.scenario);
  const open = async (): Promise<void> => {
    const hash = await session.hash();
    window.open(`${location.pathname}${hash ?? ""}`, "_blank", "noopener");
  };
  return (
    <header className={styles["head"]}>
      <Logo size={24} />
      <h1>{readLab(text).title ?? scenario.title}</h1>
      <span className={styles["mode"]}>{mode}</span>
      <Button onClick={() => void open()}>Open in kubehop</Button>
    </header>
  );
}

/** The hop under the playhead in a sentence, with the addresses that it changed. */
function HopLine() {
  const { walk, selection, hop } = useCurrentHop();
  const whole = useWholeWalk();
  if (walk === null || selection === null || hop === null) {
    return <div className={styles["hop"]}>The cluster is being built.</div>;
  }
  const rows = headerRows(hop).filter(({ field }) => field === "src" || field === "dst");
  return (
    <section className={styles["hop"]} aria-label="Current hop">
      <div className={styles["words"]}>
        <p>
          <b>
            {whole ? "What happened" : `${selection.leg === "request" ? "Hop" : "Reply hop"} ${String(hop.index + 1)}`}
          </b>{" "}
          {whole ? <OutcomeTag outcome={walk.outcome} /> : `${hostTitle(hop.place)}, ${hopStage(hop)}`}
        </p>
        <p>{whole ? walk.summary : hop.note}</p>
      </div>
      {!whole && (
        <dl>
          {rows.map(({ field, after, changed }) => (
            <div key={field} data-changed={changed ? field : undefined}>
              <dt>{field}</dt>
              <dd>{after}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function Count() {
  const of = usePlayback(({ walk }) => (walk === null ? 0 : sequence(walk).length));
  const hop = usePlayback(({ walk, at }) => (walk === null ? 0 : positionAt(walk, at) + 1));
  return <span className={styles["count"]}>{of === 0 ? "" : `${String(hop)} of ${String(of)}`}</span>;
}
