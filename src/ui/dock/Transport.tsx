import { useEffect, useRef, type ReactElement } from "react";
import { Icon } from "../inspector/glyphs.tsx";
import { clock } from "../inspector/wording.ts";
import { mirror } from "../../mirror/store.ts";
import { SPEEDS, usePlayback } from "../playback.ts";
import { useSession } from "../shell/session.ts";
import { speedOf, useTime } from "../time/time.ts";
import styles from "./Transport.module.css";

/** A speed as it is written: "1/1000", "10×". */
function speedText(speed: number): string {
  return speed >= 1 ? `${speed}×` : `1/${Math.round(1 / speed)}`;
}

/** Previous hop or event, play or pause, the next one, the virtual time and how fast it runs. */
export function Transport(): ReactElement {
  const { time } = useSession();
  const history = useTime((state) => state.scope === "history");
  const noWalk = usePlayback((state) => state.walk === null);
  const idle = noWalk && !history;
  const walking = usePlayback((state) => state.playing);
  const running = useTime((state) => state.playing);
  const playing = history ? running : walking;
  const { play, pause, step } = history
    ? { ...time, step: (by: 1 | -1) => time.stepEvent(by) }
    : usePlayback.getState();
  const what = history ? "event" : "hop";
  return (
    <div className={styles.transport} role="group" aria-label="Playback">
      <Scope />
      <button
        type="button"
        className={styles.step}
        disabled={idle}
        onClick={() => step(-1)}
        aria-label={`Previous ${what}`}
      >
        <Icon name="previous" />
      </button>
      <button
        type="button"
        className={styles.play}
        disabled={idle}
        onClick={() => (playing ? pause() : play())}
        aria-label={playing ? "Pause" : "Play"}
      >
        <Icon name={playing ? "pause" : "play"} />
      </button>
      <button type="button" className={styles.step} disabled={idle} onClick={() => step(1)} aria-label={`Next ${what}`}>
        <Icon name="next" />
      </button>
      <Readout />
      <Speed />
    </div>
  );
}

/** What play, steps and speeds move: the packet on stage, or the time of the whole cluster. */
function Scope(): ReactElement {
  const { time } = useSession();
  const scope = useTime((state) => state.scope);
  const set = useTime((state) => state.set);
  return (
    <div className={styles.scope} role="group" aria-label="Time of">
      {(["walk", "history"] as const).map((one) => (
        <button
          key={one}
          type="button"
          aria-pressed={scope === one}
          onClick={() => {
            time.pause();
            if (usePlayback.getState().playing) usePlayback.getState().pause();
            set({ scope: one });
          }}
        >
          {one === "walk" ? "Packet" : "Cluster"}
        </button>
      ))}
    </div>
  );
}

/** The virtual time. Written past React: it changes with every frame. */
function Readout(): ReactElement {
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const show = (): void => {
      const { walk, at } = usePlayback.getState();
      const { scope, playing, at: moment } = useTime.getState();
      const shown = scope === "history" ? (playing ? moment : mirror.getState().now) : walk === null ? null : at;
      if (ref.current !== null) ref.current.textContent = shown === null ? "–" : clock(shown);
    };
    show();
    const stops = [usePlayback.subscribe(show), useTime.subscribe(show), mirror.subscribe(show)];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  return <span className={styles.readout} ref={ref} role="timer" aria-live="off" aria-label="Virtual time" />;
}

function Speed(): ReactElement {
  const history = useTime((state) => state.scope === "history");
  const walkSpeed = usePlayback((state) => state.speed);
  const historySpeed = useTime(speedOf);
  const speed = history ? historySpeed : walkSpeed;
  const setSpeed = (value: number): void => {
    if (history) useTime.getState().set({ chosenSpeed: value });
    else usePlayback.getState().setSpeed(value);
  };
  return (
    <select
      className={styles.speed}
      aria-label="Speed: virtual time per second"
      title="Virtual time per second"
      value={SPEEDS.findIndex((value) => value === speed)}
      onChange={(event) => setSpeed(SPEEDS[Number(event.target.value)] ?? SPEEDS[0])}
    >
      {SPEEDS.map((value, i) => (
        <option key={value} value={i}>
          {speedText(value)}
        </option>
      ))}
    </select>
  );
}
