/** Puts the walk behind a cell on stage. */
import { joined } from "../../mirror/joined.ts";
import { mirror } from "../../mirror/store.ts";
import type { MatrixCell } from "../../model/trace/matrix.ts";
import { useActs } from "../actions/state.ts";
import { usePlayback } from "../playback.ts";
import { say } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useUi } from "../state.ts";
import { cellText, failure } from "./table.ts";

function refuse(message: string): void {
  useActs.setState({ note: { object: null, message, refused: true } });
  say(message);
}

/** The likeliest walk that does not arrive or, when all do, the likeliest. What a cell says of another mode is shown beside the present one. */
export async function openCell(session: Session, cell: MatrixCell): Promise<void> {
  const share = failure(cell) ?? cell.shares[0];
  if (share === undefined || share.branch === null) {
    refuse(share === undefined ? "Nothing is known of this cell." : `Not sent: ${share.symptom}`);
    return;
  }
  const { mode } = mirror.getState();
  const elsewhere = cell.mode !== null && cell.mode !== mode;
  const answer = await session.client.query("explore", { request: cell.request }).catch(() => null);
  if (answer === null) return;
  if (!("walks" in answer)) {
    refuse(answer.message);
    return;
  }
  // In another mode the branches are others.
  const walk = answer.walks[elsewhere ? 0 : share.branch];
  if (walk === undefined) return;
  usePlayback.getState().show(joined(walk), { paused: elsewhere });
  useUi.getState().set({ center: elsewhere ? "compare" : "map", phone: elsewhere ? "map" : "walk" });
  say(elsewhere ? `In ${cell.mode}: ${cellText(cell)}. Compared with ${mode}.` : `${walk.outcome}: ${walk.summary}`);
}
