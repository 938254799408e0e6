/** Makes the edit of a fix, sends the same request again and says what became of it. */
import { mirror } from "../../mirror/store.ts";
import { objectKey } from "../../model/meta/types.ts";
import type { Pod } from "../../model/pod/types.ts";
import type { Fix } from "../../model/trace/finding.ts";
import type { Request } from "../../model/trace/types.ts";
import { ownerOf } from "../actions/deeds.ts";
import { useActs } from "../actions/state.ts";
import { say } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { focusRegion, REGIONS } from "../shell/useKeys.ts";
import { useUi } from "../state.ts";

/** Over the foot of the page, and to screen readers. */
function tell(message: string, refused: boolean): void {
  useActs.setState({ note: { object: null, message, refused } });
  say(message);
}

/** Pods' generated names change with their template: then another pod of the same Deployment sends. */
function standInFor({ from }: Request): string | null {
  const [kind, namespace = "", name = ""] = from.split("/");
  if (kind !== "pod") return null;
  const { objects } = mirror.getState();
  const pod = objects.get(objectKey("Pod", namespace, name)) as Pod | undefined;
  const owner = pod === undefined ? null : ownerOf(pod, objects);
  return owner?.startsWith("Deployment/") === true ? `deploy/${namespace}/${owner.split("/").at(-1) ?? ""}` : null;
}

/** The first line that differs, from 1. */
export const firstChanged = (before: string, after: string): number => {
  const [a, b] = [before.split("\n"), after.split("\n")];
  const at = b.findIndex((line, i) => line !== a[i]);
  return (at < 0 ? b.length - 1 : at) + 1;
};

/** True when the text was taken. The edit is one step of undo in the editor. */
export async function applyFix(session: Session, fix: Fix, request: Request): Promise<boolean> {
  await session.flush();
  const { text, report } = mirror.getState();
  if (!report.accepted) {
    tell("Not applied: the text as it stands is refused. Mend that first, below the editor.", true);
    return false;
  }
  const edited = await session.client.query("editedText", { edits: fix.edits }).catch(() => null);
  if (edited === null) {
    tell("Not applied: the text has changed since. Ask again with W.", true);
    return false;
  }
  const standIn = standInFor(request);
  // What the API server lets nobody change is deleted first; the text then brings it anew.
  const { replaces = [] } = fix;
  if (replaces.length > 0) {
    const writes = replaces.map((key) => ({ verb: "delete", key, force: true }) as const);
    const { refusal } = await session.client.command({ type: "write", title: "kubectl replace --force", writes });
    if (refusal !== null) {
      tell(`Not applied: ${refusal.message}`, true);
      return false;
    }
  }
  session.replaceText(edited.text);
  await session.flush();
  if (!mirror.getState().report.accepted) {
    tell(`${fix.title}: the edit stands in the text, and the API server refuses it. Undo takes it back.`, true);
    return false;
  }
  useUi.getState().set({ revealLine: firstChanged(text, edited.text) });
  const [kind, namespace = "", name = ""] = request.from.split("/");
  const isGone = kind === "pod" && !mirror.getState().objects.has(objectKey("Pod", namespace, name));
  const { refusal } = await session.send(isGone && standIn !== null ? { ...request, from: standIn } : request);
  const walk = mirror.getState().walks.at(-1);
  const fate =
    refusal === null ? (walk === undefined ? "" : `Sent again: ${walk.outcome}.`) : `Not sent: ${refusal.message}`;
  const how = replaces.length > 0 ? ", with kubectl replace --force" : "";
  tell(`Applied: ${fix.title}${how}. ${fate} Undo in the editor takes the edit back.`, refusal !== null);
  focusRegion(REGIONS.inspector);
  return true;
}
