/** About so many entries stand in one bucket when a map is made. */
const PER_BUCKET = 48;
const MOST_BUCKETS = 4096;

function bucketOf(key: string, mask: number): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  // The low bits of a product are the weak ones.
  return (hash ^ (hash >>> 15)) & mask;
}

/**
 * An immutable map of strings that is cheap to change: the changed copy shares every bucket in which nothing changed. A node's
 * 70,000 chains become another node's 70,000 chains in a few microseconds. Iteration has no particular order.
 */
export class BucketMap<V> implements ReadonlyMap<string, V> {
  readonly size: number;
  private readonly buckets: readonly ReadonlyMap<string, V>[];
  private readonly mask: number;

  private constructor(buckets: readonly ReadonlyMap<string, V>[], size: number) {
    this.buckets = buckets;
    this.mask = buckets.length - 1;
    this.size = size;
  }

  /** A map of these entries; of entries with the same key the last one counts. `expected` is about how many there will be. */
  static of<V>(entries: Iterable<readonly [string, V]>, expected: number): BucketMap<V> {
    const maker = BucketMap.maker<V>(expected);
    for (const [key, value] of entries) maker.bucket(key).set(key, value);
    return maker.done();
  }

  /** Makes a map key by key: `bucket` is where a key stands or would stand, until `done`. */
  static maker<V>(expected: number): { bucket(key: string): Map<string, V>; done(): BucketMap<V> } {
    let count = 1;
    while (count < MOST_BUCKETS && count * PER_BUCKET < expected) count *= 2;
    const buckets = Array.from({ length: count }, () => new Map<string, V>());
    return {
      bucket: (key) => buckets[bucketOf(key, count - 1)] as Map<string, V>,
      done: () =>
        new BucketMap(
          buckets,
          buckets.reduce((sum, bucket) => sum + bucket.size, 0),
        ),
    };
  }

  /** The map after removals and then additions; what is not touched is shared. */
  with(removed: Iterable<string>, added: Iterable<readonly [string, V]>): BucketMap<V> {
    const buckets = [...this.buckets];
    const own = new Set<number>();
    let size = this.size;
    const ownBucket = (key: string): Map<string, V> => {
      const at = bucketOf(key, this.mask);
      if (!own.has(at)) {
        own.add(at);
        buckets[at] = new Map(buckets[at]);
      }
      return buckets[at] as Map<string, V>;
    };
    for (const key of removed) if (this.has(key) && ownBucket(key).delete(key)) size -= 1;
    for (const [key, value] of added) {
      const bucket = ownBucket(key);
      if (!bucket.has(key)) size += 1;
      bucket.set(key, value);
    }
    // Buckets that have grown long make copies dear: start over with more of them.
    const crowded = size > 4 * PER_BUCKET * buckets.length && buckets.length < MOST_BUCKETS;
    const changed = new BucketMap(buckets, size);
    return crowded ? BucketMap.of(changed, size) : changed;
  }

  get(key: string): V | undefined {
    return this.buckets[bucketOf(key, this.mask)]?.get(key);
  }

  has(key: string): boolean {
    return this.buckets[bucketOf(key, this.mask)]?.has(key) ?? false;
  }

  forEach(each: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) each(value, key, this);
  }

  *entries(): MapIterator<[string, V]> {
    for (const bucket of this.buckets) yield* bucket;
  }

  *keys(): MapIterator<string> {
    for (const bucket of this.buckets) yield* bucket.keys();
  }

  *values(): MapIterator<V> {
    for (const bucket of this.buckets) yield* bucket.values();
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }
}

/** A few entries that keep their order, and before which no other stands; then those of a {@link BucketMap}. */
export class LayeredMap<V> implements ReadonlyMap<string, V> {
  readonly size: number;
  readonly first: ReadonlyMap<string, V>;
  readonly rest: BucketMap<V>;

  /** No key may stand in both. */
  constructor(first: ReadonlyMap<string, V>, rest: BucketMap<V>) {
    this.first = first;
    this.rest = rest;
    this.size = first.size + rest.size;
  }

  get(key: string): V | undefined {
    return this.first.get(key) ?? this.rest.get(key);
  }

  has(key: string): boolean {
    return this.first.has(key) || this.rest.has(key);
  }

  forEach(each: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this) each(value, key, this);
  }

  *entries(): MapIterator<[string, V]> {
    yield* this.first;
    yield* this.rest;
  }

  *keys(): MapIterator<string> {
    yield* this.first.keys();
    yield* this.rest.keys();
  }

  *values(): MapIterator<V> {
    yield* this.first.values();
    yield* this.rest.values();
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }
}
