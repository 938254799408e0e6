import type { CSSProperties } from "react";
import { positionAt, sequence, usePlayback } from "../playback.ts";
import { Button } from "../shell/Button.tsx";
import styles from "./PlayBar.module.css";

/** Back, play, on and a scrubber: the dock's controls for a screen that has no dock. */
export function PlayBar() {
  const walk = usePlayback((state) => state.walk);
  const playing = usePlayback((state) => state.playing);
  const { play, pause, step } = usePlayback.getState();
  return (
    <div className={styles["bar"]} role="group" aria-label="Playback">
      <Button look="bare" icon="previous" aria-label="One hop back" disabled={walk === null} onClick={() => step(-1)} />
      <Button
        look="primary"
        icon={playing ? "pause" : "play"}
        className={styles["play"]}
        aria-label={playing ? "Pause" : "Play"}
        disabled={walk === null}
        onClick={playing ? pause : play}
      />
      <Button look="bare" icon="next" aria-label="One hop on" disabled={walk === null} onClick={() => step(1)} />
      <Scrubber />
    </div>
  );
}

const STEPS = 1_000;

function Scrubber() {
  const walk = usePlayback((state) => state.walk);
  // Rounded to the slider's own steps, so that it redraws no more often than it can move.
  const at = usePlayback((state) =>
    state.walk === null
      ? 0
      : Math.round(
          ((state.at - state.walk.startedAt) / Math.max(1, state.walk.endedAt - state.walk.startedAt)) * STEPS,
        ),
  );
  const position = usePlayback((state) => (state.walk === null ? 0 : positionAt(state.walk, state.at)));
  const all = walk === null ? [] : sequence(walk);
  const hop = all[position]?.hop;
  return (
    <input
      className={styles["scrubber"]}
      type="range"
      min={0}
      max={STEPS}
      value={at}
      style={{ "--at": `${String(at / 10)}%` } as CSSProperties}
      disabled={walk === null}
      aria-label="Position in the walk"
      aria-valuetext={
        hop === undefined ? "no walk" : `hop ${String(position + 1)} of ${String(all.length)}, ${hop.label}`
      }
      onChange={(event) => {
        const { walk: shown, pause, seek } = usePlayback.getState();
        if (shown === null) return;
        pause();
        seek(shown.startedAt + ((shown.endedAt - shown.startedAt) * Number(event.target.value)) / STEPS);
      }}
    />
  );
}
