// Asks for the health of the API every tenth of a second until it is told to stop; then tells how long the answers took.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';

const state = { over: false };
parentPort.once('message', () => {
  state.over = true;
});
const times = [];
while (!state.over) {
  const startedAt = performance.now();
  const answer = await fetch(`${workerData.url}/healthz`, { signal: AbortSignal.timeout(30_000) });
  await answer.text();
  if (answer.status !== 200) throw new Error(`/healthz answered ${answer.status}`);
  times.push(performance.now() - startedAt);
  await sleep(100);
}
const sorted = times.toSorted((a, b) => a - b);
const at = (share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
const told = {
  checks: times.length,
  medianMs: at(0.5),
  p99Ms: at(0.99),
  longestMs: at(1),
  over100Ms: times.filter((ms) => ms > 100).length,
};
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort.postMessage(told);
