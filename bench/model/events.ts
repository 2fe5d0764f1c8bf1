/** What is to happen, the earliest first; of what happens at once, what was added first. Pure. */
export interface Event<T> {
  at: number;
  what: T;
}

interface Numbered<T> extends Event<T> {
  number: number;
}

export class Events<T> {
  private readonly heap: Numbered<T>[] = [];
  private added = 0;

  get next(): number | undefined {
    return this.heap[0]?.at;
  }

  add(at: number, what: T): void {
    let place = this.heap.length;
    const event = { at, what, number: this.added };
    this.added += 1;
    while (place > 0) {
      const above = (place - 1) >>> 1;
      const other = this.heap[above];
      if (other === undefined || isBefore(other, event)) break;
      this.heap[place] = other;
      place = above;
    }
    this.heap[place] = event;
  }

  take(): Event<T> | undefined {
    const first = this.heap[0];
    const last = this.heap.pop();
    if (last !== undefined && this.heap.length > 0) this.sink(last);
    return first;
  }

  private sink(event: Numbered<T>): void {
    let place = 0;
    for (;;) {
      const [left, right] = [this.heap[2 * place + 1], this.heap[2 * place + 2]];
      const isRight = right !== undefined && left !== undefined && isBefore(right, left);
      const least = isRight ? right : left;
      if (least === undefined || isBefore(event, least)) break;
      this.heap[place] = least;
      place = 2 * place + (isRight ? 2 : 1);
    }
    this.heap[place] = event;
  }
}

function isBefore<T>(a: Numbered<T>, b: Numbered<T>): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number);
}
