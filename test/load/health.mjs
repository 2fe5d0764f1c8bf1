// Asks for the health of the API every tenth of a second until it is told to stop; then tells how long the answers took.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const state = { over: false };
parentPort.once('message', () => {
  state.over = true;
});
const times = [];
const firstAt = performance.now();
/** Seconds from the first check, and how long the answer took: those over the limit. */
const slow = [];
while (!state.over) {
  const startedAt = performance.now();
  const answer = await fetch(`${workerData.url}/healthz`, { signal: AbortSignal.timeout(30_000) });
  await answer.text();
  if (answer.status !== 200) throw new Error(`/healthz answered ${answer.status}`);
  const took = performance.now() - startedAt;
  times.push(took);
  if (took > 100) slow.push([Math.round((startedAt - firstAt) / 1000), Math.round(took)]);
  await sleep(100);
}
const sorted = times.toSorted((a, b) => a - b);
const at = (share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
const told = {
  checks: times.length,
  medianMs: at(0.5),
  p99Ms: at(0.99),
  longestMs: at(1),
  over100Ms: slow.length,
  slow: slow.slice(0, 50),
};
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort.postMessage(told);
