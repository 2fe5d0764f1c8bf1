/** A binary heap of strings, the one with the least rank first. Pure, deterministic: ranks must differ. */
export class Heap {
  private readonly items: string[] = [];

  constructor(private readonly rankOf: (item: string) => number) {}

  get size(): number {
    return this.items.length;
  }

  peek(): string | undefined {
    return this.items[0];
  }

  push(item: string): void {
    this.items.push(item);
    let at = this.items.length - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (this.rank(at) >= this.rank(parent)) return;
      this.swap(at, parent);
      at = parent;
    }
  }

  pop(): string | undefined {
    const first = this.items[0];
    const last = this.items.pop();
    if (last === undefined || this.items.length === 0) return first;
    this.items[0] = last;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let least = at;
      if (left < this.items.length && this.rank(left) < this.rank(least)) least = left;
      const right = left + 1;
      if (right < this.items.length && this.rank(right) < this.rank(least)) least = right;
      if (least === at) return first;
      this.swap(at, least);
      at = least;
    }
  }

  private rank(at: number): number {
    const item = this.items[at];
    return item === undefined ? Infinity : this.rankOf(item);
  }

  private swap(a: number, b: number): void {
    const [itemA, itemB] = [this.items[a], this.items[b]];
    if (itemA === undefined || itemB === undefined) return;
    this.items[a] = itemB;
    this.items[b] = itemA;
  }
}
