import { useCallback, useEffect, useMemo, useRef, useState, type MouseEvent } from "react";
import { mirror as store, useMirror } from "../../mirror/store.ts";
import type { MirrorState } from "../../mirror/types.ts";
import type { Exploration } from "../../model/trace/types.ts";
import { readLab } from "../../scenarios/lab.ts";
import { useLesson } from "../lessons/state.ts";
import { usePlayback } from "../playback.ts";
import { Boundary } from "../shell/Boundary.tsx";
import { usePage } from "../shell/page.ts";
import { usePanelProps } from "../shell/panels.ts";
import { useSession } from "../shell/session.ts";
import { Stage } from "../stage/Stage.tsx";
import type { Presented } from "../stage/presented.ts";
import { BreakPanel } from "./BreakPanel.tsx";
import { ask, roomSpeed, watchPlay } from "./control.ts";
import { Foot } from "./Foot.tsx";
import { Follow } from "./Follow.tsx";
import { HopPanel } from "./HopPanel.tsx";
import { Laser } from "./Laser.tsx";
import { NotesPanel } from "./NotesPanel.tsx";
import { questionOfLesson, questionsOf } from "./questions.ts";
import { QuestionPanel } from "./QuestionPanel.tsx";
import { aboutWalk, beginShow, isAnswered, isVeiled, shownQuestion, standing, takeUp, useShow } from "./show.ts";
import { Speaker } from "./Speaker.tsx";
import { takeSnapshot } from "./snapshot.ts";
import { closePresent } from "./state.ts";
import { Top } from "./Top.tsx";
import { useKeysOfShow } from "./useKeysOfShow.ts";
import styles from "./Present.module.css";

/** The walk before a room: the map as it is, larger, a sentence per hop, and questions before what decides. */
export function Present() {
  const session = useSession();
  const root = useRef<HTMLDivElement>(null);
  const [putBack] = useState(takeSnapshot);
  const leave = useCallback(() => {
    putBack();
    closePresent();
  }, [putBack]);

  useEffect(() => {
    begin();
    root.current?.focus({ preventScroll: true });
  }, []);
  useQuestions();
  useEffect(() => watchPlay(), []);
  useRoomSpeed();
  useLeftFullScreen(leave);
  useKeysOfShow(session, root, leave);

  const title = useTitle();
  const { mirror, exploration } = usePanelProps();
  const spotlight = useShow((state) => state.spotlight);
  const laser = useShow((state) => state.laser);
  const notes = useShow((state) => state.notes);
  const onClick = (event: MouseEvent<HTMLDivElement>): void => {
    // What was clicked does not keep the keys: Space and the arrows are the walk's again.
    const typing = event.target instanceof Element && event.target.closest("input, textarea") !== null;
    if (event.detail > 0 && !typing) root.current?.focus({ preventScroll: true });
  };
  return (
    <div
      ref={root}
      className={styles["present"]}
      role="dialog"
      aria-modal="true"
      aria-label={`Present: ${title}`}
      tabIndex={-1}
      data-spotlight={spotlight || undefined}
      data-laser={laser || undefined}
      data-notes={notes || undefined}
      onClick={onClick}
    >
      <Top title={title} />
      <section className={styles["map"]} aria-label="Map" tabIndex={-1}>
        <Picture mirror={mirror} exploration={exploration} />
      </section>
      <Words exploration={exploration} />
      <Foot onLeave={leave} />
      {notes && <NotesPanel />}
      {laser && <Laser />}
      <Speaker />
    </div>
  );
}

/** From the walk's start, unless its reader stands somewhere on the way: then from there. */
function begin(): void {
  beginShow();
  const { walk, at, reading, show } = usePlayback.getState();
  if (walk !== null && !(reading && at < walk.endedAt)) show(walk, { paused: true });
}

function useTitle(): string {
  const lesson = useLesson((state) => state.lesson);
  const scenario = usePage((state) => state.scenario.title);
  const text = useMirror((state) => state.text);
  return lesson === null ? (readLab(text).title ?? scenario) : `Lesson ${String(lesson.number)}: ${lesson.title}`;
}

/** The questions are the open lesson's own, else those about the walk on stage. */
function useQuestions(): void {
  const walk = usePlayback((state) => state.walk);
  const slug = useLesson((state) => state.lesson?.slug ?? null);
  const step = useLesson((state) => state.step);
  const predict = useLesson((state) => state.lesson?.steps[state.step]?.predict ?? null);
  useEffect(() => {
    if (slug !== null) {
      const question = predict === null ? null : questionOfLesson(predict);
      useShow.setState({
        about: `${slug} ${String(step)}`,
        questions: question === null ? [] : [question],
        shown: null,
      });
      if (question !== null && useShow.getState().asking && !isAnswered(useShow.getState(), question)) ask(question);
      return;
    }
    if (walk === null) useShow.setState({ about: "", questions: [], shown: null });
    // As the cluster is when the walk comes on stage: what is broken later does not change what was asked.
    else takeUp(aboutWalk(walk), questionsOf(walk, store.getState().objects), walk);
  }, [walk, slug, step, predict]);
}

/** A room reads more slowly than one reader. */
function useRoomSpeed(): void {
  const walk = usePlayback((state) => state.walk);
  const chosen = usePlayback((state) => state.speedChosen);
  useEffect(() => {
    if (walk !== null && !chosen) usePlayback.setState({ speed: roomSpeed(walk) });
  }, [walk, chosen]);
}

/** Escape leaves full screen before any script hears of it: that ends the presentation too. */
function useLeftFullScreen(leave: () => void): void {
  useEffect(() => {
    let was = document.fullscreenElement !== null;
    const onChange = (): void => {
      const is = document.fullscreenElement !== null;
      const byButton = useShow.getState().windowed;
      if (was && !is && !byButton) leave();
      useShow.setState({ windowed: false });
      was = is;
    };
    document.addEventListener("fullscreenchange", onChange);
    return () => document.removeEventListener("fullscreenchange", onChange);
  }, [leave]);
}

interface PictureProps {
  readonly mirror: MirrorState;
  readonly exploration: Exploration | null;
}

function Picture({ mirror, exploration }: PictureProps) {
  const veiled = useShow(isVeiled);
  const asked = useShow((state) => standing(state)?.half ?? null);
  const presented = useMemo<Presented>(
    () => ({ veiled, asked, over: ({ layout }) => <Follow layout={layout} /> }),
    [veiled, asked],
  );
  return (
    <Boundary name="The map">
      <Stage mirror={mirror} exploration={exploration} presented={presented} />
    </Boundary>
  );
}

/** Below the map: what can be broken, a question, or the hop. */
function Words({ exploration }: Pick<PictureProps, "exploration">) {
  const breaking = useShow((state) => state.breaking);
  const question = useShow(shownQuestion);
  if (breaking) return <BreakPanel />;
  return question === null ? <HopPanel exploration={exploration} /> : <QuestionPanel question={question} />;
}
