/** Events: what components tell of their work. They are kept beside the store, as many clusters keep them in an etcd of their own. */
import type { ObjectReader } from "../apiserver/types.ts";
import { fnv1a32 } from "../base/hash.ts";
import { HOUR, type Micros, timestamp } from "../base/time.ts";
import type { EventNote } from "../controllers/types.ts";
import { type KubeObject, splitKey, type ObjectKey } from "../model/meta/types.ts";

/** core/v1 Event as `kubectl get events` reads it. */
export interface ClusterEvent extends KubeObject {
  readonly apiVersion: "v1";
  readonly kind: "Event";
  readonly involvedObject: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly fieldPath?: string;
  };
  readonly reason: string;
  readonly message: string;
  readonly type: "Normal" | "Warning";
  readonly count: number;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly source: { readonly component: string; readonly host?: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
}

/** One telling: who, when, and the event whose handling it was part of. */
export interface ToldEvent extends EventNote {
  readonly at: Micros;
  readonly cause: number;
  /** "kubelet/worker-1", "replicaset-controller" ... */
  readonly by: string;
}

/** `--event-ttl`. */
const TTL = HOUR;

/** Append-only, like the journal: a checkpoint is a length. What lies behind it stays for a later checkpoint to come back to. */
export class EventLog {
  private told: ToldEvent[] = [];
  private done = 0;
  private last: KubeObject | null = null;
  private read: { readonly done: number; readonly now: Micros; readonly objects: readonly ClusterEvent[] } | null =
    null;

  add(event: ToldEvent): void {
    const known = this.told[this.done];
    const slim: ToldEvent = { ...event, about: this.named(event.about) };
    // Going on differently from before: the old future is not this one's.
    if (known !== undefined && (known.cause !== slim.cause || known.message !== slim.message))
      this.told.length = this.done;
    this.told[this.done] = slim;
    this.done += 1;
  }

  /** What an event keeps of the object that it is about; one for all that a component tells of it in a row. */
  private named({ apiVersion, kind, metadata: { uid, name, namespace } }: KubeObject): KubeObject {
    const { last } = this;
    if (last?.kind === kind && last.metadata.name === name && last.metadata.namespace === namespace) {
      if (last.metadata.uid === uid && last.apiVersion === apiVersion) return last;
    }
    this.last = {
      apiVersion,
      kind,
      metadata: { name, ...(namespace === undefined ? {} : { namespace }), ...(uid === undefined ? {} : { uid }) },
    };
    return this.last;
  }

  /** Everything told so far, oldest first. */
  get all(): readonly ToldEvent[] {
    return this.done === this.told.length ? this.told : this.told.slice(0, this.done);
  }

  snapshot(): number {
    return this.done;
  }

  restore(done: number): void {
    this.done = done;
    this.read = null;
  }

  /** Begins a trial; what it returns takes back all that is told from now on. */
  branch(): () => void {
    const { told, done } = this;
    this.told = told.slice(0, done);
    return () => {
      this.told = told;
      this.restore(done);
    };
  }

  /** As the API shows them: equal ones counted, those older than an hour gone; in the order of their last occurrence. */
  objects(now: Micros): readonly ClusterEvent[] {
    if (this.read?.done !== this.done || this.read.now !== now) {
      this.read = { done: this.done, now, objects: aggregated(this.all.filter(({ at }) => at > now - TTL)) };
    }
    return this.read.objects;
  }
}

/** Source: client-go/tools/record/events_cache.go. */
function aggregated(told: readonly ToldEvent[]): readonly ClusterEvent[] {
  const groups = new Map<string, { readonly first: ToldEvent; last: ToldEvent; count: number }>();
  for (const event of told) {
    const { kind, metadata } = event.about;
    const id = [
      event.by,
      kind,
      metadata.uid ?? metadata.name,
      event.fieldPath,
      event.type,
      event.reason,
      event.message,
    ].join("\n");
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { first: event, last: event, count: 1 });
    else {
      group.last = event;
      group.count += 1;
      // Moves to the end: lists are by last occurrence.
      groups.delete(id);
      groups.set(id, group);
    }
  }
  return [...groups].map(([id, { first, last, count }]) => objectOf(id, first, last, count));
}

function objectOf(id: string, first: ToldEvent, last: ToldEvent, count: number): ClusterEvent {
  const { kind, apiVersion, metadata } = first.about;
  const slash = first.by.indexOf("/");
  const component = slash < 0 ? first.by : first.by.slice(0, slash);
  const host = slash < 0 ? undefined : first.by.slice(slash + 1);
  const suffix = `${(first.at + 0x18_0000_0000).toString(16)}${fnv1a32(id).toString(16).padStart(8, "0")}`;
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: {
      name: `${metadata.name}.${suffix.slice(-16)}`,
      namespace: metadata.namespace ?? "default",
      creationTimestamp: timestamp(first.at),
    },
    involvedObject: {
      apiVersion,
      kind,
      name: metadata.name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
      ...(first.fieldPath === undefined ? {} : { fieldPath: first.fieldPath }),
    },
    reason: first.reason,
    message: first.message,
    type: first.type,
    count,
    firstTimestamp: timestamp(first.at),
    lastTimestamp: timestamp(last.at),
    source: { component, ...(host === undefined ? {} : { host }) },
    reportingComponent: component,
    reportingInstance: host ?? "",
  };
}

/** The reader with the Events of the log among its objects. */
export function withEvents(reader: ObjectReader, events: () => readonly ClusterEvent[]): ObjectReader {
  const inNamespace = (namespace: string | undefined): readonly ClusterEvent[] =>
    namespace === undefined ? events() : events().filter(({ metadata }) => metadata.namespace === namespace);
  return {
    get revision() {
      return reader.revision;
    },
    get<T extends KubeObject = KubeObject>(key: ObjectKey): T | undefined {
      const found = reader.get<T>(key);
      if (found !== undefined || !key.startsWith("Event/")) return found;
      const { namespace, name } = splitKey(key);
      const event = inNamespace(namespace).find(({ metadata }) => metadata.name === name);
      return event as KubeObject | undefined as T | undefined;
    },
    list<T extends KubeObject = KubeObject>(kind: string, namespace?: string): readonly T[] {
      const stored = reader.list<T>(kind, namespace);
      if (kind !== "Event") return stored;
      return [...stored, ...(inNamespace(namespace) as readonly KubeObject[] as readonly T[])];
    },
    podsMatching: (namespace, selector) => reader.podsMatching(namespace, selector),
    servicesSelecting: (namespace, labels) => reader.servicesSelecting(namespace, labels),
    podsOnNode: (node) => reader.podsOnNode(node),
    podCountOnNode: (node) => reader.podCountOnNode(node),
    podsKeepingAway: (node) => reader.podsKeepingAway(node),
    podByIP: (ip) => reader.podByIP(ip),
    slicesOf: (namespace, service) => reader.slicesOf(namespace, service),
    workloadsFor: (kind, namespace, labels) => reader.workloadsFor(kind, namespace, labels),
    podsWithoutOwner: (namespace, selector) => reader.podsWithoutOwner(namespace, selector),
    replicaSetsWithoutOwner: (namespace) => reader.replicaSetsWithoutOwner(namespace),
    ownedBy: (uid) => reader.ownedBy(uid),
  };
}
