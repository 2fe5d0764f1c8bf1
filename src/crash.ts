/**
 * The last words of a process: Node itself would print an error with all that hangs on it, a request with its token too. It must
 * not know what went wrong.
 */
import type { Logger } from './log.js';

/** From now on; rejections that nobody handles come here as well. */
export function reportCrashes(log: Logger): void {
  process.on('uncaughtException', (error: unknown) => {
    log.fatal({ err: error instanceof Error ? error : new Error(String(error)) }, 'crashed');
    process.exit(1);
  });
}
