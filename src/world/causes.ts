/** Why things happened: the chain from a user's command to a node's rules, walked either way. */
import type { Commit } from "../apiserver/types.ts";
import type { LogEntry } from "../engine/types.ts";

/** A handled event with the revisions that its handling wrote. */
export interface Link {
  readonly entry: LogEntry;
  readonly commits: readonly Commit[];
}

/** The log and the journal of one history, tied together. Built once per look, in time that depends on both. */
export interface Causality {
  /** The event itself last, and before it what caused it, up to what came from outside. Empty for an unknown seq. */
  causes(seq: number): readonly Link[];
  /** Events that this one's handling queued or had a part in, in order. */
  effects(seq: number): readonly Link[];
  /** The event whose handling wrote a revision. */
  writerOf(revision: number): Link | null;
  /** One way from an event to a later one, absorbed causes included; null when the first had no part in the second. */
  chain(from: number, to: number): readonly Link[] | null;
  /** Everything that follows from an event, in the order in which it was handled; the event itself first. */
  consequences(seq: number): readonly Link[];
}

function causesOf(entry: LogEntry): readonly number[] {
  const first = entry.causedBy === null ? [] : [entry.causedBy];
  return entry.alsoCausedBy === undefined ? first : [...first, ...entry.alsoCausedBy];
}

export function causality(log: readonly LogEntry[], journal: readonly Commit[]): Causality {
  const bySeq = new Map(log.map((entry) => [entry.seq, entry]));
  const wrote = new Map<number, Commit[]>();
  for (const commit of journal) {
    const same = wrote.get(commit.cause);
    if (same === undefined) wrote.set(commit.cause, [commit]);
    else same.push(commit);
  }
  const followers = new Map<number, LogEntry[]>();
  for (const entry of log) {
    for (const cause of causesOf(entry)) {
      const same = followers.get(cause);
      if (same === undefined) followers.set(cause, [entry]);
      else same.push(entry);
    }
  }
  const link = (entry: LogEntry): Link => ({ entry, commits: wrote.get(entry.seq) ?? [] });
  return {
    causes(seq) {
      const chain: Link[] = [];
      for (let entry = bySeq.get(seq); entry !== undefined;) {
        chain.push(link(entry));
        entry = entry.causedBy === null ? undefined : bySeq.get(entry.causedBy);
      }
      return chain.reverse();
    },
    effects: (seq) => (followers.get(seq) ?? []).map(link),
    writerOf(revision) {
      const commit = journal[revision - 1];
      const entry = commit === undefined ? undefined : bySeq.get(commit.cause);
      return entry === undefined ? null : link(entry);
    },
    chain(from, to) {
      // Breadth first, backwards: the shortest explanation.
      const next = new Map<number, number | null>([[to, null]]);
      const queue = [to];
      for (let i = 0; i < queue.length && !next.has(from); i++) {
        const entry = bySeq.get(queue[i] as number);
        for (const cause of entry === undefined ? [] : causesOf(entry)) {
          if (next.has(cause)) continue;
          next.set(cause, queue[i] as number);
          queue.push(cause);
        }
      }
      if (!next.has(from)) return null;
      const chain: Link[] = [];
      for (let seq: number | null | undefined = from; seq !== null && seq !== undefined; seq = next.get(seq)) {
        const entry = bySeq.get(seq);
        if (entry !== undefined) chain.push(link(entry));
      }
      return chain;
    },
    consequences(seq) {
      const first = bySeq.get(seq);
      if (first === undefined) return [];
      const found: LogEntry[] = [first];
      const seen = new Set([seq]);
      for (let i = 0; i < found.length; i++) {
        for (const next of followers.get((found[i] as LogEntry).seq) ?? []) {
          if (!seen.has(next.seq)) found.push(next);
          seen.add(next.seq);
        }
      }
      const order = new Map(log.map((entry, i) => [entry.seq, i]));
      return found.sort((a, b) => (order.get(a.seq) ?? 0) - (order.get(b.seq) ?? 0)).map(link);
    },
  };
}
