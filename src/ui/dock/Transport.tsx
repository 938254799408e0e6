import { useEffect, useRef, type ReactElement } from "react";
import { Icon } from "../inspector/glyphs.tsx";
import { clock } from "../inspector/wording.ts";
import { SPEEDS, usePlayback } from "../playback.ts";
import styles from "./Transport.module.css";

/** A speed as it is written: "1/1000", "10×". */
function speedText(speed: number): string {
  return speed >= 1 ? `${speed}×` : `1/${Math.round(1 / speed)}`;
}

/** Previous hop, play or pause, next hop, the virtual time and how fast it runs. */
export function Transport(): ReactElement {
  const idle = usePlayback((state) => state.walk === null);
  const playing = usePlayback((state) => state.playing);
  const { play, pause, step } = usePlayback.getState();
  return (
    <div className={styles.transport} role="group" aria-label="Playback">
      <button type="button" className={styles.step} disabled={idle} onClick={() => step(-1)} aria-label="Previous hop">
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
      <button type="button" className={styles.step} disabled={idle} onClick={() => step(1)} aria-label="Next hop">
        <Icon name="next" />
      </button>
      <Readout />
      <Speed />
    </div>
  );
}

/** The virtual time. Written past React: it changes with every frame. */
function Readout(): ReactElement {
  const ref = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const show = (): void => {
      const { walk, at } = usePlayback.getState();
      if (ref.current !== null) ref.current.textContent = walk === null ? "–" : clock(at);
    };
    show();
    return usePlayback.subscribe(show);
  }, []);
  return <span className={styles.readout} ref={ref} role="timer" aria-live="off" aria-label="Virtual time" />;
}

function Speed(): ReactElement {
  const speed = usePlayback((state) => state.speed);
  const setSpeed = usePlayback((state) => state.setSpeed);
  return (
    <>
      <div className={styles.speeds} role="radiogroup" aria-label="Speed: virtual time per second">
        {SPEEDS.map((value, i) => (
          <label key={value} className={styles.speed} data-checked={value === speed}>
            <input type="radio" name="speed" value={i} checked={value === speed} onChange={() => setSpeed(value)} />
            {speedText(value)}
          </label>
        ))}
      </div>
      <select
        className={styles.select}
        aria-label="Speed"
        value={SPEEDS.findIndex((value) => value === speed)}
        onChange={(event) => setSpeed(SPEEDS[Number(event.target.value)] ?? SPEEDS[0])}
      >
        {SPEEDS.map((value, i) => (
          <option key={value} value={i}>
            {speedText(value)}
          </option>
        ))}
      </select>
    </>
  );
}
