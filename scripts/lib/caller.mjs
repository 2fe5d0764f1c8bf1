// A caller with one token, many requests at once, and a clock.
import { setTimeout as sleep } from 'node:timers/promises';

/** Below the 300 s after which fetch() itself gives up, accepting the largest plan on a busy machine included. */
const WAIT_S = 120;
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

  /** The result once it is final, in as few requests as the service allows; how it ends is the caller's to judge. */
  async rollBack(plan, { limitMs = 3_600_000 } = {}) {
    for (const until = Date.now() + limitMs; ;) {
      const path = `/v1/action_plans/${plan}/rollback`;
      const { status, body } = await this.ask('POST', path, `wait=${WAIT_S}`);
      if (status !== 200) throw new Error(`POST answered ${status}: ${JSON.stringify(body)}`);
      if (FINAL.has(body.state)) return body;
      if (Date.now() > until) throw new Error(`the rollback of ${plan} did not end`);
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
