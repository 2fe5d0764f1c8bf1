/**
 * Reads that nothing hangs on: before a rollback is accepted, and after its last compensation. A cancel cuts them short, for a
 * cloud that never answers must not keep anybody from ending a rollback. Knows nothing of what is read.
 */
import { CancellationScope, isCancellation, patched } from '@temporalio/workflow';

export class CutShort {
  private scope: CancellationScope | null = null;

  /** What `reads` gives. Throws what it throws; its activities are cancelled by `cut`. */
  async run<T>(reads: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    this.scope = scope;
    try {
      return await scope.run(reads);
    } finally {
      this.scope = null;
    }
  }

  cut(): void {
    // Older versions let them go on.
    if (this.scope !== null && patched('cut-short')) this.scope.cancel();
  }
}

export function wasCut(error: unknown): boolean {
  return isCancellation(error);
}
