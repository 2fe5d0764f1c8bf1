// Health checks beside a load.
import { Worker } from 'node:worker_threads';

/** Asks for the health every tenth of a second until it is stopped; how long that took. In a thread, for this one is busy. */
export function healthChecks(url) {
  const thread = new Worker(new URL('health.mjs', import.meta.url), { workerData: { url } });
  const failed = new Promise((_, reject) => thread.once('error', reject));
  failed.catch(() => undefined);
  return async () => {
    const told = new Promise((resolve) => thread.once('message', resolve));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage('stop');
    return await Promise.race([told, failed]);
  };
}
