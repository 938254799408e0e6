/** Frames folded into the mirror: pure, and what did not change keeps its identity. */
import { deepEqual } from "../base/json.ts";
import { keyOf, type KubeObject, type ObjectKey } from "../model/meta/types.ts";
import type { Walk } from "../model/trace/types.ts";
import type { Frame } from "../wire/protocol.ts";
import { joined } from "./joined.ts";
import type { MirrorState } from "./types.ts";

/** Before the first frame. */
export const EMPTY: MirrorState = {
  status: "starting",
  trouble: null,
  objects: new Map(),
  revision: 0,
  now: 0,
  end: 0,
  report: { accepted: true, diagnostics: [], admitted: 0, revision: 0 },
  text: "",
  commands: [],
  seed: 1,
  mode: "iptables",
  walks: [],
  journal: [],
  proxies: [],
  sigils: [],
  cloud: "none",
  broken: { nodes: [], proxies: [], lag: {}, hung: [], unready: [] },
};

/**
 * The state after a frame. A full frame replaces the objects and a restarted one walks and journal, and yet an object or walk that is equal to the one
 * it replaces stays the same reference, so that a seek redraws only what differs. Other frames add, replace and remove; walks
 * and journal entries append, by id and seq, so that a frame seen twice changes nothing.
 */
export function fold(state: MirrorState, frame: Frame): MirrorState {
  return {
    ...state,
    objects: foldObjects(state.objects, frame),
    revision: frame.revision,
    now: frame.now,
    end: frame.end,
    report: keep(state.report, frame.report),
    text: frame.text,
    commands: keep(state.commands, frame.commands),
    seed: frame.seed,
    mode: frame.mode,
    walks: foldWalks(state.walks, { ...frame, walks: frame.walks.map(joined) }),
    journal: foldJournal(state.journal, frame),
    proxies: keep(state.proxies, frame.proxies),
    sigils: keep(state.sigils, frame.sigils),
    cloud: frame.cloud,
    broken: keep(state.broken, frame.broken),
  };
}

const keep = <T>(old: T, next: T): T => (deepEqual(old, next) ? old : next);

function foldObjects(old: ReadonlyMap<ObjectKey, KubeObject>, frame: Frame): ReadonlyMap<ObjectKey, KubeObject> {
  // A frame that brings nothing costs nothing, however large the cluster is.
  if (!frame.full && frame.removes.length === 0 && frame.upserts.length === 0) return old;
  const next = new Map(frame.full ? [] : old);
  let isSame = true;
  for (const key of frame.removes) if (next.delete(key)) isSame = false;
  for (const object of frame.upserts) {
    const key = keyOf(object);
    const before = old.get(key);
    const kept = before !== undefined && sameObject(before, object) ? before : object;
    if (kept !== before) isSame = false;
    next.set(key, kept);
  }
  return isSame && next.size === old.size ? old : next;
}

/** An equal resourceVersion is not enough: after a seek and another command, revisions are given out anew. */
const sameObject = (a: KubeObject, b: KubeObject): boolean =>
  a.metadata.resourceVersion === b.metadata.resourceVersion && deepEqual(a, b);

function foldWalks(old: readonly Walk[], frame: Frame): readonly Walk[] {
  const by = new Map(old.map((walk) => [walk.id, walk]));
  if (frame.restarted) {
    const said = frame.walks.map((walk) => keep(by.get(walk.id) ?? walk, walk));
    const next = [...old.slice(0, frame.kept?.walks ?? 0), ...said];
    return next.length === old.length && next.every((walk, i) => walk === old[i]) ? old : next;
  }
  if (frame.walks.length === 0) return old;
  for (const walk of frame.walks) by.set(walk.id, keep(by.get(walk.id) ?? walk, walk));
  return [...by.values()];
}

function foldJournal(old: MirrorState["journal"], frame: Frame): MirrorState["journal"] {
  if (frame.restarted) {
    const kept = frame.kept?.journal ?? 0;
    if (kept === 0) return keep(old, frame.journal);
    return frame.journal.length === 0 && kept === old.length ? old : [...old.slice(0, kept), ...frame.journal];
  }
  if (frame.journal.length === 0) return old;
  const known = seqsOf(old);
  const fresh = frame.journal.filter((entry) => !known.has(entry.seq));
  if (fresh.length === 0) return old;
  const next = [...old, ...fresh];
  for (const { seq } of fresh) known.add(seq);
  SEQS.set(next, known);
  return next;
}

/** The seqs of a journal, handed on from one to the next, so that a frame costs what it brings and not what came before. */
const SEQS = new WeakMap<MirrorState["journal"], Set<number>>();

function seqsOf(journal: MirrorState["journal"]): Set<number> {
  const known = SEQS.get(journal);
  // A journal that was gone on from twice has a set that knows too much.
  return known !== undefined && known.size === journal.length ? known : new Set(journal.map(({ seq }) => seq));
}
