/** The history as people read it: every event that did something, and every revision it made. */
import type { Commit } from "../apiserver/types.ts";
import type { LogEntry } from "../engine/types.ts";
import { keyOf, type ObjectKey, splitKey } from "../model/meta/types.ts";
import type { JournalEntry } from "../wire/protocol.ts";
import { isLoad, isPacketAction } from "./packets.ts";

/** API lines are numbered apart from events, so that both are unique in one list. */
const API_SEQ = 1_000_000_000;

function laneOf(entry: LogEntry): { readonly lane: JournalEntry["lane"]; readonly node: string } {
  const slash = entry.actor.indexOf("/");
  const [name, node] = slash < 0 ? [entry.actor, ""] : [entry.actor.slice(0, slash), entry.actor.slice(slash + 1)];
  if (name === "kubelet") return { lane: "kubelet", node };
  if (name === "kube-proxy") return { lane: "kube-proxy", node };
  if (name === "user") return { lane: isPacketAction({ type: entry.kind }) ? "packets" : "user", node: "" };
  if (name === "load") return { lane: "packets", node: "" };
  return { lane: "controllers", node: "" };
}

const short = (key: ObjectKey): string => {
  const { kind, namespace, name } = splitKey(key);
  return `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`;
};

/** What load balancers and MetalLB's speakers notice or announce is written nowhere else. */
const isNotice = ({ actor, kind, title }: LogEntry): boolean =>
  (actor === "load-balancer" || actor === "metallb-speaker") && !title.startsWith(`${kind} `);

function titleOf(commit: Commit): string {
  const first = commit.added[0] ?? commit.updated[0]?.[1] ?? commit.removed[0];
  if (first === undefined) return "";
  const verb = commit.added.length > 0 ? "created" : commit.updated.length > 0 ? "updated" : "deleted";
  const more = commit.added.length + commit.updated.length + commit.removed.length - 1;
  return `${short(keyOf(first))} ${verb}${more > 0 ? ` and ${more} more` : ""}`;
}

function apiEntry(commit: Commit): JournalEntry {
  return {
    seq: API_SEQ + commit.revision,
    at: commit.at,
    lane: "api",
    node: "",
    title: titleOf(commit),
    detail: `revision ${commit.revision}, written by ${commit.writer}`,
    revision: commit.revision,
    cause: commit.cause,
    objects: [...commit.added, ...commit.updated.map(([, to]) => to), ...commit.removed].map(keyOf),
  };
}

const NO_COMMITS: readonly Commit[] = [];

/** So many events at once are not looked for one by one. */
const MANY = 256;
/** How far back a cause that is not told itself is looked for. */
const REACH = 20_000;

/**
 * What a journal shows of a log: events that wrote something, and what users and kube-proxies did and balancers noticed. A cause that it
 * leaves out gives way to its own cause.
 */
class Told {
  private readonly log: readonly LogEntry[];
  private readonly commits: readonly Commit[];
  /** Where each event stands in the log, and which events wrote: worth knowing when much is told at once. */
  private readonly places: ReadonlyMap<number, number> | null;
  private readonly writers: ReadonlySet<number> | null;

  /** `handled`: where the telling begins. */
  constructor(log: readonly LogEntry[], commits: readonly Commit[], handled: number) {
    this.log = log;
    this.commits = commits;
    const many = log.length - handled > MANY;
    const first = Math.max(0, handled - REACH);
    this.places = many ? new Map(log.slice(first).map(({ seq }, i) => [seq, first + i])) : null;
    this.writers = many ? new Set(commits.map(({ cause }) => cause)) : null;
  }

  has(entry: LogEntry): boolean {
    return isTold(entry) || this.wrote(entry);
  }

  /** The nearest cause of the entry at `index` that is told, `seq` being the first to look at; null when there is none. */
  causeOf(index: number, seq: number | null): number | null {
    let wanted = seq;
    if (this.places !== null) {
      while (wanted !== null) {
        const place = this.places.get(wanted);
        if (place === undefined || place >= index || index - place >= REACH) return wanted;
        const entry = this.log[place] as LogEntry;
        if (this.has(entry)) return wanted;
        wanted = entry.causedBy;
      }
      return null;
    }
    for (let i = index - 1; wanted !== null && i >= 0 && index - i < REACH; i--) {
      const entry = this.log[i] as LogEntry;
      if (entry.seq !== wanted) continue;
      if (this.has(entry)) return wanted;
      wanted = entry.causedBy;
    }
    return wanted;
  }

  private wrote({ seq, at }: LogEntry): boolean {
    if (this.writers !== null) return this.writers.has(seq);
    for (let i = this.commits.length - 1; i >= 0; i--) {
      const commit = this.commits[i] as Commit;
      if (commit.cause === seq) return true;
      if (commit.at < at) return false;
    }
    return false;
  }
}

function isTold(entry: LogEntry): boolean {
  const { lane } = laneOf(entry);
  return (
    lane === "user" ||
    // Of a load only its losses and its end are told, not every request.
    (lane === "packets" && (!isLoad(entry.actor) || entry.title.startsWith("load "))) ||
    isNotice(entry) ||
    (lane === "kube-proxy" && /^(rules written|kube-proxy (started|failed))/.test(entry.title))
  );
}

/** Where the last `most` events of a log begin, and the commits of those before them end. */
export function latestOf(
  log: readonly LogEntry[],
  commits: readonly Commit[],
  most: number,
): { readonly handled: number; readonly revision: number } {
  if (log.length <= most) return { handled: 0, revision: 0 };
  const handled = log.length - most;
  const seqs = new Set<number>();
  for (let i = handled; i < log.length; i++) seqs.add((log[i] as LogEntry).seq);
  let revision = commits.length;
  while (revision > 0 && seqs.has((commits[revision - 1] as Commit).cause)) revision -= 1;
  return { handled, revision };
}

/**
 * Journal lines from a place in the log and in the store's journal on, in causal order: an event first, then what it wrote.
 * Events that wrote nothing are left out, but for what users and kube-proxies did and balancers noticed.
 */
export function journalEntries(
  log: readonly LogEntry[],
  commits: readonly Commit[],
  from: { readonly handled: number; readonly revision: number },
): readonly JournalEntry[] {
  const byCause = new Map<number, Commit[]>();
  for (let i = from.revision; i < commits.length; i++) {
    const commit = commits[i] as Commit;
    const same = byCause.get(commit.cause);
    if (same === undefined) byCause.set(commit.cause, [commit]);
    else same.push(commit);
  }
  const told = new Told(log, commits, from.handled);
  const entries: JournalEntry[] = [];
  for (let i = from.handled; i < log.length; i++) {
    const entry = log[i] as LogEntry;
    const wrote = byCause.get(entry.seq) ?? NO_COMMITS;
    const { lane, node } = laneOf(entry);
    if (wrote.length === 0 && !isTold(entry)) continue;
    const cause = told.causeOf(i, entry.causedBy);
    const also = new Set(entry.alsoCausedBy?.flatMap((seq) => told.causeOf(i, seq) ?? []));
    if (cause !== null) also.delete(cause);
    const lines = wrote.map(apiEntry);
    const [only] = lines;
    entries.push({
      seq: entry.seq,
      at: entry.at,
      lane,
      node,
      title: entry.title,
      detail: entry.actor,
      revision: wrote.at(-1)?.revision ?? null,
      cause,
      ...(also.size === 0 ? {} : { also: [...also] }),
      objects:
        lines.length === 1 && only?.objects.length === 1
          ? only.objects
          : [...new Set(lines.flatMap(({ objects }) => objects))],
    });
    entries.push(...lines);
  }
  return entries;
}
