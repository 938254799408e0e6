import type { JsonValue } from "../base/json.ts";

/** Place, note, place, note ...: a third of what a Map takes, and there are as many as there are checkpoints. */
type Slots = readonly JsonValue[];

/** The notes of all controller instances, as a checkpoint keeps them: those that did not change are shared with others. */
export type SavedMemory = readonly Slots[];

/** Enough that a bucket of the largest cluster (150,000 pods) stays small, few enough to list at every checkpoint. */
const BUCKETS = 512;
const EMPTY: Slots = [];

function bucketOf(place: string): number {
  let hash = 0;
  for (let i = 0; i < place.length; i++) hash = (Math.imul(hash, 31) + place.charCodeAt(i)) | 0;
  return ((hash ^ (hash >>> 15)) >>> 0) % BUCKETS;
}

function listed(bucket: ReadonlyMap<string, JsonValue>): Slots {
  if (bucket.size === 0) return EMPTY;
  const slots: JsonValue[] = [];
  for (const [place, note] of bucket) slots.push(place, note);
  return slots;
}

const placeOf = (instance: string, slot: string): string => `${instance}\n${slot}`;

/**
 * What controllers note down between reconciles, by instance and slot. A kubelet has a slot per pod and a Deployment controller
 * one per Deployment, so writing must not copy: slots change in place, and a snapshot copies only the buckets that were written
 * to since the last one.
 */
export class Memory {
  private readonly buckets: Map<string, JsonValue>[] = Array.from({ length: BUCKETS }, () => new Map());
  /** Buckets as the last snapshot has them; null where a note has come since. */
  private readonly frozen: (Slots | null)[] = this.buckets.map(() => EMPTY);
  private count = 0;

  /** Number of notes. */
  get size(): number {
    return this.count;
  }

  get(instance: string, slot: string): JsonValue | undefined {
    const place = placeOf(instance, slot);
    return this.buckets[bucketOf(place)]?.get(place);
  }

  /** Writes slots of an instance; null forgets one. */
  note(instance: string, slots: Readonly<Record<string, JsonValue>>): void {
    for (const [slot, value] of Object.entries(slots)) {
      const place = placeOf(instance, slot);
      const index = bucketOf(place);
      const bucket = this.buckets[index] as Map<string, JsonValue>;
      const before = bucket.size;
      if (value === null) bucket.delete(place);
      else bucket.set(place, value);
      this.count += bucket.size - before;
      this.frozen[index] = null;
    }
  }

  snapshot(): SavedMemory {
    return this.buckets.map((bucket, i) => (this.frozen[i] ??= listed(bucket)));
  }

  restore(saved: SavedMemory): void {
    this.count = 0;
    saved.forEach((slots, i) => {
      this.count += slots.length / 2;
      if (this.frozen[i] === slots) return;
      const bucket = new Map<string, JsonValue>();
      for (let n = 0; n < slots.length; n += 2) bucket.set(slots[n] as string, slots[n + 1] as JsonValue);
      this.buckets[i] = bucket;
      this.frozen[i] = slots;
    });
  }
}
