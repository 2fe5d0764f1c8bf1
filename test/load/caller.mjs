// A caller with one token, many requests at once, and a clock.
import { setTimeout as sleep } from 'node:timers/promises';

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
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** Asked again where the service says "not now", as Retry-After wants it; how often is told. */
  async start(plan) {
    for (let asked = 1; ; asked += 1) {
      const { status, body } = await this.ask(
        'POST',
        `/v1/action_plans/${plan}/rollback`,
        'respond-async',
      );
      if (status === 200) return asked;
      if (status !== 503 && status !== 429)
        throw new Error(`POST answered ${status}: ${JSON.stringify(body)}`);
      if (asked === 60) throw new Error(`POST was answered ${status} sixty times`);
      await sleep(1000);
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

/** Asks for the health every tenth of a second until it is stopped; how long the answers took, ms. */
export function healthChecks(url) {
  const times = [];
  const state = { over: false };
  const running = (async () => {
    while (!state.over) {
      const startedAt = performance.now();
      const answer = await fetch(`${url}/healthz`);
      await answer.text();
      if (answer.status !== 200) throw new Error(`/healthz answered ${answer.status}`);
      times.push(performance.now() - startedAt);
      await sleep(100);
    }
  })();
  return async () => {
    state.over = true;
    await running;
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share) => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    return { checks: times.length, medianMs: at(0.5), p99Ms: at(0.99), longestMs: at(1) };
  };
}
