/** Asks why, and what each fix would make of the text. */
import { mirror } from "../../mirror/store.ts";
import type { Request } from "../../model/trace/types.ts";
import type { Session } from "../shell/session.ts";
import { isDiagnosis, type Answer, type Told } from "./state.ts";

/** Null when the simulator is gone: that has a notice of its own. */
export async function askWhy(session: Session, request: Request): Promise<Answer | null> {
  const { client } = session;
  const { text, report } = mirror.getState();
  const diagnosis = await client.query("why", { request }).catch(() => null);
  if (diagnosis === null) return null;
  if (!isDiagnosis(diagnosis)) return { request, diagnosis, told: [], text };
  const told = await Promise.all(
    diagnosis.findings.map(async (finding): Promise<Told> => {
      // A text that was not admitted is not what the edits were proved in.
      if (finding.fix === null || !report.accepted) return { finding, edited: null };
      const edited = await client.query("editedText", { edits: finding.fix.edits }).catch(() => null);
      return { finding, edited: edited?.text ?? null };
    }),
  );
  return { request, diagnosis, told, text };
}
