// Loaded into a program before its own code (--import), into each of its threads: how long the thread's event loop was held up at
// most, every tenth of a second in which it was for long enough to be of interest.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { threadId } from 'node:worker_threads';

const EVERY_MS = 100;
const OF_INTEREST_MS = 10;

const turns = monitorEventLoopDelay({ resolution: 1 });
turns.enable();
setInterval(() => {
  const longestMs = turns.max / 1e6;
  turns.reset();
  if (longestMs < OF_INTEREST_MS) return;
  const inside = { thread: threadId, at: Date.now(), longestMs };
  process.stdout.write(`${JSON.stringify({ inside })}\n`);
}, EVERY_MS).unref();
