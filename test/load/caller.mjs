// A caller with one token, many requests at once, and a clock.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

const FINAL = new Set(['SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED']);

export class Caller {
  constructor(url, token) {
    this.url = url;
    this.headers = { 'x-auth-token': token, 'content-type': 'application/json' };
  }

  async ask(method, path, prefer) {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...this.headers, ...(prefer === undefined ? {} : { prefer }) },
    });
    const text = await answer.text();
    const retryAfter = Number(answer.headers.get('retry-after') ?? 1);
    return {
      status: answer.status,
      retryAfter,
      body: text.startsWith('{') ? JSON.parse(text) : text,
    };
  }

  /** Asked again where the service says "not now", as Retry-After wants it; how often is told. */
  async start(plan) {
    for (let asked = 1; ; asked += 1) {
      const { status, body, retryAfter } = await this.ask(
        'POST',
        `/v1/action_plans/${plan}/rollback`,
        'respond-async',
      );
      if (status === 200) return asked;
      if (status !== 503 && status !== 429)
        throw new Error(`POST answered ${status}: ${JSON.stringify(body)}`);
      if (asked === 60) throw new Error(`POST was answered ${status} sixty times`);
      await sleep(retryAfter * 1000);
    }
  }

  async state(plan) {
    const { status, body } = await this.ask('GET', `/v1/action_plans/${plan}/rollback`);
    return status === 200 && FINAL.has(body.state) ? body.state : null;
  }
}

/** At most `width` at once; the results in the order of `all`. */
export async function atOnce(all, width, work) {
  const results = [];
  let next = 0;
  const lane = async () => {
    for (let index = next++; index < all.length; index = next++)
      results[index] = await work(all[index]);
  };
  await Promise.all(Array.from({ length: Math.min(width, all.length) }, lane));
  return results;
}

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
