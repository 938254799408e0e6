import { useShow } from "./show.ts";

/** Over the whole screen, or in a window; leaving it so does not end the presentation. */
export function toggleFullScreen(): void {
  if (document.fullscreenElement === null) {
    void document.documentElement.requestFullscreen?.().catch(() => undefined);
    return;
  }
  useShow.setState({ windowed: true });
  void document.exitFullscreen().catch(() => undefined);
}
