import { usePlayback } from "../playback.ts";
import { useActs } from "../actions/state.ts";
import { mirror } from "../../mirror/store.ts";
import { usePresent } from "./state.ts";
import { useUi } from "../state.ts";

/**
 * Remembers what the reader was looking at; what comes back puts it back. When the cluster was changed meanwhile, what was looked at last
 * stays: the walk on show before may be of another history.
 */
export function takeSnapshot(): () => void {
  const { walk, at, playing, reading, speed, speedChosen } = usePlayback.getState();
  const commands = JSON.stringify(mirror.getState().commands);
  const { object, dock, center, phone, rulesNode, rulesFocus, drawer, editorView, walk: id } = useUi.getState();
  const { from } = usePresent.getState();
  return () => {
    const playback = usePlayback.getState();
    useActs.setState({ note: null });
    if (JSON.stringify(mirror.getState().commands) === commands) {
      useUi.getState().set({ walk: id, object, dock, center, phone, rulesNode, rulesFocus, drawer, editorView });
      // A history that was taken back tells its walks anew.
      const again = mirror.getState().walks.find((one) => one.id === walk?.id) ?? walk;
      playback.show(again, { paused: !playing, at });
      usePlayback.setState({ reading });
    } else if (playback.playing) playback.pause();
    if (!playback.speedChosen || speedChosen) usePlayback.setState({ speed });
    // Once the page takes focus again.
    requestAnimationFrame(() => {
      if (from instanceof HTMLElement && from.isConnected) from.focus({ preventScroll: true });
    });
  };
}
