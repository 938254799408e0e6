import { usePlayback } from "../playback.ts";
import { useCurrentHop } from "../inspector/useCurrentHop.ts";

/** Says the hop under the playhead while the reader steps; a playing walk would only chatter. */
export function HopSpeaker() {
  const { walk, selection, hop } = useCurrentHop();
  const playing = usePlayback((state) => state.playing);
  const place = hop?.place.slice(hop.place.indexOf("/") + 1) ?? "";
  const count = walk === null ? 0 : walk.hops.length + walk.reply.length;
  const number =
    walk === null || selection === null ? 0 : selection.index + 1 + (selection.leg === "reply" ? walk.hops.length : 0);
  return (
    <p className="kh-hidden" aria-live="polite" data-testid="hop-live">
      {playing || hop === null ? "" : `Hop ${String(number)} of ${String(count)}, ${place}, ${hop.label}. ${hop.note}`}
    </p>
  );
}
