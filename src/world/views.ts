import type { Commit, ObjectReader } from "../apiserver/types.ts";
import { servicesTouched } from "../proxy/changes.ts";
import { type ProxyView, type TrackedView, trackView, updateView } from "../proxy/view.ts";

interface Kept {
  readonly tracked: TrackedView;
  readonly revision: number;
  /** The commit that made the revision: while it stands in the journal, the history is still the same one. */
  readonly commit: Commit | undefined;
}

/**
 * kube-proxy's picture of the cluster at one revision after another, forwards or backwards: what commits between the two did not
 * touch is taken over.
 */
export class ProxyViews {
  private readonly kept = new Map<4 | 6, Kept>();

  /** The view of `reader`, which reads the objects at a revision of the journal. */
  at(reader: ObjectReader, journal: readonly Commit[], family: 4 | 6): ProxyView {
    const { revision } = reader;
    const kept = this.kept.get(family);
    const commit = journal[revision - 1];
    const known = kept !== undefined && kept.revision <= journal.length && journal[kept.revision - 1] === kept.commit;
    const tracked = known
      ? updateView(kept.tracked, reader, servicesTouched(between(journal, kept.revision, revision)))
      : trackView(reader, family);
    this.kept.set(family, { tracked, revision, commit });
    return tracked.view;
  }
}

function between(journal: readonly Commit[], a: number, b: number): readonly Commit[] {
  return journal.slice(Math.min(a, b), Math.max(a, b));
}
