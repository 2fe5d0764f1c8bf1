// Loaded into a program before its own code (--import), into each of its threads: tells of every time in which the thread's event
// loop was held up for long enough to be of interest.
import { threadId } from 'node:worker_threads';

const OF_INTEREST_MS = 10;

const say = (inside) => process.stdout.write(`${JSON.stringify({ inside })}\n`);
say({ thread: threadId, loaded: true });
let last = performance.now();
// A histogram of perf_hooks that is reset misses the turn that comes next.
setInterval(() => {
  const now = performance.now();
  const ms = now - last;
  last = now;
  if (ms >= OF_INTEREST_MS) say({ thread: threadId, endedAt: Date.now(), ms });
}, 1).unref();
