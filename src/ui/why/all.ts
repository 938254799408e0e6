/** What is wrong with the whole cluster, as it was asked last. */
import { create } from "zustand";
import { mirror } from "../../mirror/store.ts";
import type { ClusterDiagnosis } from "../../model/trace/finding.ts";
import { say } from "../shell/page.ts";
import type { Session } from "../shell/session.ts";
import { tallyText } from "./words.ts";

export interface WhyAllState {
  readonly asking: boolean;
  readonly diagnosis: ClusterDiagnosis | null;
  /** The text as each finding's fix would leave it, in the order of the findings. */
  readonly edited: readonly (string | null)[];
  /** The text that it is about, and the moment. */
  readonly text: string;
  readonly revision: number;
  readonly refused: string | null;
}

export const useWhyAll = create<WhyAllState>()(() => ({
  asking: false,
  diagnosis: null,
  edited: [],
  text: "",
  revision: -1,
  refused: null,
}));

/** Follows the requests that the cluster is meant to answer and keeps what keeps them from arriving. */
export async function checkCluster(session: Session): Promise<void> {
  if (useWhyAll.getState().asking) return;
  useWhyAll.setState({ asking: true, refused: null });
  await session.flush();
  const { text, revision, report } = mirror.getState();
  const answer = await session.client.query("whyAll", {}).catch(() => null);
  if (answer === null || !("findings" in answer)) {
    useWhyAll.setState({ asking: false, diagnosis: null, refused: answer?.message ?? "The simulator did not answer." });
    return;
  }
  const edited = await Promise.all(
    answer.findings.map(async ({ fix }) => {
      if (fix === null || !report.accepted) return null;
      return (await session.client.query("editedText", { edits: fix.edits }).catch(() => null))?.text ?? null;
    }),
  );
  useWhyAll.setState({ asking: false, diagnosis: answer, edited, text, revision });
  say(answer.findings.length === 0 ? "Nothing is wrong with the cluster." : `${tallyText(answer.findings)}.`);
}
