/** Breaks something and sends the same request again; takes it all back. Both are in the history, so a link carries them. */
import { mirror } from "../../mirror/store.ts";
import { perform } from "../actions/perform.ts";
import { useActs } from "../actions/state.ts";
import { usePlayback } from "../playback.ts";
import { say } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { useUi } from "../state.ts";
import type { Break } from "./breaks.ts";
import { toEnd } from "./control.ts";
import { useShow } from "./show.ts";

/** Breaks it; the walk of the same request comes on stage, and stops where the room can guess again. */
export async function breakIt(session: Session, { title, deed, object }: Break): Promise<void> {
  const { walk } = usePlayback.getState();
  if (walk === null) return;
  await session.flush();
  const before = session.client.history();
  useShow.setState(({ broken }) => ({
    breaking: false,
    shown: null,
    trouble: null,
    // Mending goes back to before the first of several.
    broken: broken === null ? { title, before, walk: walk.id } : { ...broken, title: `${broken.title}, ${title}` },
  }));
  await perform(session, deed, object);
  await session.flush();
  const { note } = useActs.getState();
  // It is told below the map, not at the element.
  useActs.setState({ note: null });
  const { report } = mirror.getState();
  if (note?.refused === true || !report.accepted) {
    useShow.setState({
      trouble: `Not done: ${note?.refused === true ? note.message : "the API server refuses the text."}`,
    });
    return;
  }
  const { refusal } = await session.send(walk.request);
  if (refusal !== null) useShow.setState({ trouble: `Not sent: ${refusal.message}` });
}

/** Back to before the first break, and to the walk that was on stage then. */
export async function mend(session: Session): Promise<void> {
  const { broken } = useShow.getState();
  if (broken === null) return;
  const { refusal } = await session.client.load(broken.before, null);
  if (refusal !== null) {
    useShow.setState({ trouble: refusal.message });
    return;
  }
  useShow.setState({ broken: null, trouble: null, shown: null, breaking: false });
  const walk = mirror.getState().walks.find(({ id }) => id === broken.walk);
  if (walk === undefined) return;
  useUi.getState().set({ walk: walk.id });
  toEnd(walk);
  say(`Mended: ${broken.title}. ${walk.summary}`);
}
