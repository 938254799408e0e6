import type { JsonValue } from "../base/json.ts";

type Slots = ReadonlyMap<string, JsonValue>;

/** The notes of all controller instances, as a checkpoint keeps them. */
export type SavedMemory = ReadonlyMap<string, Slots>;

/**
 * What controllers note down between reconciles, by instance and slot. A kubelet has a slot per pod, so writing must not copy:
 * slots change in place, and a snapshot copies only the instances that wrote since the last one.
 */
export class Memory {
  private instances = new Map<string, Map<string, JsonValue>>();
  /** Instances as the last snapshot has them; those that wrote since are missing. */
  private frozen = new Map<string, Slots>();

  get(instance: string, slot: string): JsonValue | undefined {
    return this.instances.get(instance)?.get(slot);
  }

  /** Writes slots of an instance; null forgets one. */
  note(instance: string, slots: Readonly<Record<string, JsonValue>>): void {
    let own = this.instances.get(instance);
    if (own === undefined) this.instances.set(instance, (own = new Map()));
    for (const [slot, value] of Object.entries(slots)) {
      if (value === null) own.delete(slot);
      else own.set(slot, value);
    }
    this.frozen.delete(instance);
  }

  snapshot(): SavedMemory {
    for (const [instance, slots] of this.instances) {
      if (!this.frozen.has(instance)) this.frozen.set(instance, new Map(slots));
    }
    return new Map(this.frozen);
  }

  restore(saved: SavedMemory): void {
    this.instances = new Map([...saved].map(([instance, slots]) => [instance, new Map(slots)]));
    this.frozen = new Map(saved);
  }
}
