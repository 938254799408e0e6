/** A memory of the last few results by key: what is compiled when somebody looks, and looked at many times. */
export class Recent<T> {
  private readonly kept = new Map<string, T>();
  private readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  /** The kept result for the key, or a new one; the one not asked for the longest is forgotten. */
  get(key: string, make: () => T): T {
    const found = this.kept.get(key);
    if (found !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, found);
      return found;
    }
    const made = make();
    this.kept.set(key, made);
    const oldest = this.kept.keys().next();
    if (this.kept.size > this.size && oldest.done !== true) this.kept.delete(oldest.value);
    return made;
  }

  clear(): void {
    this.kept.clear();
  }
}
