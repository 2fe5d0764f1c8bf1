/** The REST API of the service as a caller sees it, wherever it runs. */
import { call } from './cloud.mjs';

/** What the API waits at most for the end of a rollback; the caller waits a little longer. */
const WAIT_SECONDS = 300;

export class Caller {
  /** @param {string} url */
  constructor(url) {
    this.url = url;
  }

  async ready() {
    try {
      return (await call('GET', `${this.url}/readyz`, { timeoutMs: 5000 })).status === 200;
    } catch {
      return false;
    }
  }

  rollbackPath(plan) {
    return `${this.url}/v1/action_plans/${plan}/rollback`;
  }
  /** POST, waiting for the end; the answer and how long it took. `headers` go over the usual ones. */
  async post(plan, token, { headers = {}, ...options } = {}) {
    const startedAt = Date.now();
    const answer = await call('POST', this.rollbackPath(plan), {
      ...options,
      headers: { 'x-auth-token': token, prefer: `wait=${WAIT_SECONDS}`, ...headers },
      timeoutMs: (WAIT_SECONDS + 30) * 1000,
    });
    return { ...answer, elapsedMs: Date.now() - startedAt };
  }
  get(plan, token) {
    return call('GET', this.rollbackPath(plan), { headers: { 'x-auth-token': token } });
  }
  list(token, query = '') {
    return call('GET', `${this.url}/v1/rollbacks${query}`, { headers: { 'x-auth-token': token } });
  }
}
