/** Nova's own bound: so many live migrations of a source host run at once, more wait in their order. Pure. */
import type { Operation } from './operations.js';

interface Source {
  running: number;
  waiting: Operation[];
  /** Those before it have gone. */
  first: number;
}

export class SourceQueues {
  private readonly sources = new Map<string, Source>();

  /** `perSource` undefined: no bound. */
  constructor(private readonly perSource: number | undefined) {}

  /** True where it runs at once. */
  enter(host: string | null, operation: Operation): boolean {
    if (host === null || this.perSource === undefined) return true;
    const source = this.sources.get(host) ?? { running: 0, waiting: [], first: 0 };
    this.sources.set(host, source);
    if (source.running < this.perSource) {
      source.running += 1;
      return true;
    }
    source.waiting.push(operation);
    return false;
  }

  /** One of the host has ended: the one that runs now in its place. */
  leave(host: string | null): Operation | null {
    const source = host === null ? undefined : this.sources.get(host);
    if (source === undefined) return null;
    const next = source.waiting[source.first];
    if (next === undefined) source.running -= 1;
    else source.first += 1;
    return next ?? null;
  }
}
