/** Does what menus and the palette offer, and says what came of it. */
import { mirror } from "../../mirror/store.ts";
import type { ObjectKey } from "../../model/meta/types.ts";
import type { Walk } from "../../model/trace/types.ts";
import type { Command } from "../../wire/protocol.ts";
import { openConsole } from "../console/open.ts";
import { usePlayback } from "../playback.ts";
import { say, usePage } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { focusRegion, REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";
import { titleOf } from "./commandTitle.ts";
import type { Deed } from "./deeds.ts";
import { useActs } from "./state.ts";

/** Says at the element (null: above the map), and to screen readers, what came of it. */
function note(object: ObjectKey | null, message: string, refused: boolean): void {
  useActs.setState({ note: { object, message, refused } });
  say(refused ? `Not done: ${message}` : message);
}

/**
 * Gives a command to the cluster; its walk, if it makes one, comes on stage. What came of it is said at `object`, or over the foot of the
 * page; without one only a refusal is, for then the panel that was used shows the rest.
 */
export async function command(session: Session, given: Command, object?: ObjectKey | null): Promise<boolean> {
  useActs.setState({ picking: null, note: null });
  await session.flush();
  const { refusal, walk } = await session.client.command(given);
  if (refusal !== null) {
    note(object ?? null, refusal.message, true);
    return false;
  }
  const made = walk === null ? null : (mirror.getState().walks.find(({ id }) => id === walk) ?? null);
  if (made !== null) stage(made);
  const message = made === null ? `Done: ${titleOf(given)}` : made.summary;
  if (object === undefined) say(message);
  else note(object, message, false);
  return true;
}

/** Puts a walk on stage, playing. */
export function stage(walk: Walk): void {
  useUi.getState().set({ walk: walk.id });
  usePlayback.getState().show(walk, { paused: false });
}

/** A line of the terminal; what it prints is said. */
async function line(session: Session, text: string, object: ObjectKey | null): Promise<void> {
  await session.flush();
  const answer = await session.client.query("console", { argv: [text] }).catch(() => null);
  if (answer === null) note(object, "The simulator stopped before it answered.", true);
  else if (answer.code === 0) note(object, answer.stdout.trim() || `Done: ${text}`, false);
  else note(object, answer.stderr.trim() || `${text}: exit code ${String(answer.code)}`, true);
}

async function edit(session: Session, object: ObjectKey, path: string, to: string): Promise<void> {
  await session.flush();
  const edited = await session.client.query("fieldEdit", { object, path, to }).catch(() => null);
  if (edited === null) {
    note(
      object,
      `${object} is not in the text, so there is no ${path} to edit. kubectl patch changes it in the cluster.`,
      true,
    );
    return;
  }
  session.replaceText(edited.text);
  const found = await session.client.query("locate", { object, path }).catch(() => null);
  if (found !== null) useUi.getState().set({ revealLine: found.range.startLine });
  note(object, `${path} is ${to}. Undo in the editor takes it back.`, false);
}

async function locate(session: Session, object: ObjectKey): Promise<void> {
  const found = await session.client.query("locate", { object, path: "" }).catch(() => null);
  if (found === null) {
    note(object, `${object} is not in the text: a controller or the API server made it.`, false);
    return;
  }
  useUi.getState().set({ revealLine: found.range.startLine, object });
}

/** Does a deed. `object` is what it was chosen on. */
export async function perform(session: Session, deed: Deed, object: ObjectKey | null): Promise<void> {
  const { set } = useUi.getState();
  useActs.setState({ menu: null, note: null, picking: null });
  switch (deed.do) {
    case "command":
      await command(session, deed.command, object);
      return;
    case "line":
      await line(session, deed.line, object);
      return;
    case "edit":
      await edit(session, deed.object, deed.path, deed.to);
      return;
    case "locate":
      await locate(session, deed.object);
      return;
    case "pick-target":
    case "pick-source":
      useActs.setState({
        picking:
          deed.do === "pick-target"
            ? { what: deed.what, from: deed.from, to: null }
            : { what: "send", from: null, to: { value: deed.to, protocol: deed.protocol } },
      });
      set({ center: "map", phone: "map", drawer: null });
      focusRegion(REGIONS.map);
      return;
    case "rules":
      set({ rulesNode: deed.node, dock: "rules", phone: "details" });
      focusRegion(REGIONS.dock);
      return;
    case "conntrack":
      set({ dock: "traffic", phone: "details" });
      useActs.setState({ conntrackHost: deed.host, trafficView: "conntrack" });
      focusRegion(REGIONS.dock);
      return;
    case "race": {
      const { askAbout } = await import("../race/open.ts");
      askAbout(deed.type, deed.object);
      return;
    }
    case "console":
      openConsole(deed.line);
      return;
  }
}

/** Takes the last command back: the history without it, replayed. */
export async function undoLast(session: Session): Promise<void> {
  await session.flush();
  const { seed, commands } = session.client.history();
  const last = commands.at(-1);
  if (last === undefined || commands.length === 1) {
    say("There is nothing to take back.");
    return;
  }
  usePage.setState({ notice: null });
  const { refusal } = await session.client.load({ seed, commands: commands.slice(0, -1) }, null);
  note(null, refusal === null ? `Taken back: ${titleOf(last.command)}` : refusal.message, refusal !== null);
}
