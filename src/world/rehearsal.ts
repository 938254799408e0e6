import type { Commit, Store } from "../apiserver/types.ts";
import type { Micros } from "../base/time.ts";
import type { Known } from "./packets.ts";
import type { Rest, State } from "./state.ts";

/** Where a cluster stands: if none of this is another, nothing has happened in between. */
interface Place {
  readonly at: Micros;
  readonly handled: number;
  readonly revision: number;
  readonly rest: Rest;
}

interface Rehearsed {
  readonly subject: object;
  readonly place: Place;
  readonly commits: readonly Commit[];
  readonly rest: Rest;
}

/**
 * What the latest dry run wrote. A command is tried before it is taken, so that a refused one changes nothing; when it is then
 * taken at the same place, what it wrote is written again instead of being worked out twice.
 */
export class Rehearsal {
  private readonly store: Store;
  private readonly state: State;
  private readonly clock: () => Pick<Place, "at" | "handled">;
  private latest: Rehearsed | null = null;
  private known: { readonly subject: object; readonly place: Place; readonly result: Known } | null = null;

  constructor(store: Store, state: State, clock: () => Pick<Place, "at" | "handled">) {
    this.store = store;
    this.state = state;
    this.clock = clock;
  }

  /** Runs writes and undoes them by `undo`. Kept for `subject`, if `keeps` says so of the result. */
  try<T>(subject: object, write: () => T, undo: () => void, keeps: (result: T) => boolean): T {
    const place = this.place();
    const result = write();
    const commits = this.store.journal.slice(place.revision);
    const rest = this.state.share();
    undo();
    this.latest = keeps(result) ? { subject, place, commits, rest } : null;
    return result;
  }

  /** Writes what was rehearsed of this subject at this very place, as the work of an event. False when nothing was. */
  perform(subject: object, cause: number): boolean {
    const { latest } = this;
    this.latest = null;
    if (latest === null || latest.subject !== subject || !isSame(latest.place, this.place())) return false;
    for (const commit of latest.commits) this.store.redo({ ...commit, cause });
    this.state.rest = latest.rest;
    return true;
  }

  /** Keeps what was worked out for a subject without writing anything. */
  keep(subject: object, result: Known): void {
    this.known = { subject, place: this.place(), result };
  }

  /** What was worked out for this subject at this very place; asked once. */
  recall(subject: object): Known {
    const { known } = this;
    this.known = null;
    return known === null || known.subject !== subject || !isSame(known.place, this.place()) ? {} : known.result;
  }

  /** The cluster went elsewhere in its history. */
  forget(): void {
    this.latest = null;
    this.known = null;
  }

  private place(): Place {
    return { ...this.clock(), revision: this.store.revision, rest: this.state.share() };
  }
}

function isSame(a: Place, b: Place): boolean {
  return a.at === b.at && a.handled === b.handled && a.revision === b.revision && a.rest === b.rest;
}
