/** How a change travels through the control plane: journal entries that follow from one, as steps between stations. Pure. */
import type { Micros } from "../../base/time.ts";
import { splitKey, type ObjectKey } from "../../model/meta/types.ts";
import type { JournalEntry } from "../../wire/protocol.ts";

/** Who does something, and where it arrives: the things that the intent band and the nodes show. */
export type Station =
  | "kubectl"
  | "api"
  | "etcd"
  /** By its own name: "deployment-controller", "default-scheduler". */
  | { readonly controller: string }
  | { readonly kubelet: string }
  | { readonly proxy: string }
  | { readonly rules: string };

export interface StoryStep {
  readonly entry: JournalEntry;
  readonly from: Station;
  readonly to: Station;
  /** What travels, in a few words. */
  readonly title: string;
  readonly detail: string;
  readonly at: Micros;
  readonly objects: readonly ObjectKey[];
  /** How many steps led here. */
  readonly depth: number;
}

export interface Story {
  readonly root: JournalEntry;
  readonly steps: readonly StoryStep[];
}

/** The entries that follow from one, itself first, in the order of the journal. One that also had another cause follows from both. */
export function consequencesOf(journal: readonly JournalEntry[], seq: number): readonly JournalEntry[] {
  const found = new Set([seq]);
  return journal.filter((entry) => {
    if (entry.seq === seq) return true;
    const follows =
      (entry.cause !== null && found.has(entry.cause)) || entry.also?.some((one) => found.has(one)) === true;
    if (follows) found.add(entry.seq);
    return follows;
  });
}

/** Entries from the first cause to this one: why it happened. */
export function causesOf(journal: readonly JournalEntry[], seq: number): readonly JournalEntry[] {
  const bySeq = new Map(journal.map((entry) => [entry.seq, entry]));
  const chain: JournalEntry[] = [];
  for (let entry = bySeq.get(seq); entry !== undefined && !chain.includes(entry);) {
    chain.push(entry);
    entry = entry.cause === null ? undefined : bySeq.get(entry.cause);
  }
  return chain.reverse();
}

/** What an apply, or whatever else changed an object, did, step by step; null when it changed nothing. */
export function storyOf(journal: readonly JournalEntry[], seq: number): Story | null {
  const entries = consequencesOf(journal, seq);
  const [root] = entries;
  if (root === undefined || entries.length < 2) return null;
  const depths = new Map<number, number>();
  const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
  const steps = entries.map((entry): StoryStep => {
    const before = entry.cause === null ? undefined : depths.get(entry.cause);
    const depth = before === undefined ? 0 : before + 1;
    depths.set(entry.seq, depth);
    const writer = entry.lane === "api" && entry.cause !== null ? bySeq.get(entry.cause) : undefined;
    return { entry, ...legOf(entry, writer), at: entry.at, objects: entry.objects, depth };
  });
  return { root, steps };
}

/** The last command of the reader's that changed an object, and so has a story. */
export function lastApply(journal: readonly JournalEntry[]): JournalEntry | null {
  const causes = new Set(journal.flatMap(({ lane, cause }) => (lane === "api" && cause !== null ? [cause] : [])));
  return journal.findLast(({ lane, seq }) => lane === "user" && causes.has(seq)) ?? null;
}

const actorOf = (entry: JournalEntry): Station => {
  switch (entry.lane) {
    case "controllers":
      return { controller: entry.detail };
    case "kubelet":
      return { kubelet: entry.node };
    case "kube-proxy":
      return { proxy: entry.node };
    case "api":
      return "api";
    default:
      return "kubectl";
  }
};

const plain = (count: number, one: string): string => `${String(count)} ${one}${count === 1 ? "" : "s"}`;

function legOf(
  entry: JournalEntry,
  writer: JournalEntry | undefined,
): Omit<StoryStep, "entry" | "at" | "objects" | "depth"> {
  const { title, detail, objects, node, revision } = entry;
  switch (entry.lane) {
    case "api": {
      const by = writer === undefined ? "api" : actorOf(writer);
      const stored = `etcd holds it as revision ${String(revision)}`;
      // Whoever writes does so by the API server; what kubectl asked for has come there already.
      return by === "kubectl" || by === "api"
        ? { from: "api", to: "etcd", title, detail: stored }
        : { from: by, to: "api", title, detail: stored };
    }
    case "controllers":
      return { from: "api", to: { controller: detail }, title, detail: `${detail} hears of it by its watch` };
    case "kubelet":
      return { from: "api", to: { kubelet: node }, title, detail: kubeletDetail(node, title) };
    case "kube-proxy":
      return {
        from: { proxy: node },
        to: { rules: node },
        title,
        detail: `kube-proxy of ${node} writes what it has heard of`,
      };
    default:
      return {
        from: "kubectl",
        to: "api",
        title,
        detail:
          objects.length === 0
            ? "a request"
            : `validated and admitted, defaults and addresses filled in: ${plain(objects.length, "object")} written`,
      };
  }
}

function kubeletDetail(node: string, title: string): string {
  const ip = /sandbox with IP (\S+?)[;,]?(?:\s|$)/.exec(title)?.[1];
  return ip === undefined
    ? `kubelet of ${node} hears of it by its watch`
    : `kubelet of ${node} asks CNI for a network: a veth pair into the pod, and the address ${ip}`;
}

/** A station by the name that people use. */
export function stationName(station: Station): string {
  if (station === "kubectl") return "kubectl";
  if (station === "api") return "API server";
  if (station === "etcd") return "etcd";
  if ("controller" in station) return station.controller;
  if ("kubelet" in station) return `kubelet ${station.kubelet}`;
  return "proxy" in station ? `kube-proxy ${station.proxy}` : `rules of ${station.rules}`;
}

/** `Pod shop/web-x`. */
export function objectName(key: ObjectKey): string {
  const { kind, namespace, name } = splitKey(key);
  return `${kind} ${namespace === "" ? name : `${namespace}/${name}`}`;
}
