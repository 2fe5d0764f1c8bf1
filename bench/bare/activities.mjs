// The activities of the bare workflows.
import { setTimeout as sleep } from 'node:timers/promises';
import { wholeSecond } from '../../dist/bench/lib/lots.js';
import { connections, DEFAULT_TIMEOUTS, MAX_ANSWER_BYTES } from '../../dist/src/openstack/http.js';
import { wholeAnswer } from '../../dist/src/openstack/whole-answer.js';

/** `ms`: how long it waits, as a migration that goes on in the cloud does. */
export async function nothing({ ms = 0 } = {}) {
  if (ms > 0) await sleep(ms);
}

/** `origin`, `token`: of the cloud. `lookBackMs`: a listing of what has changed since so long before it is asked for. */
export function requestsTo(origin, token) {
  // As the service asks: the same connections, and whole answers.
  const agent = connections({ ca: null, insecure: false }, DEFAULT_TIMEOUTS);
  const limits = {
    signal: undefined,
    totalMs: DEFAULT_TIMEOUTS.readMs,
    maxBytes: () => MAX_ANSWER_BYTES,
  };
  const headers = { 'x-auth-token': token, 'content-type': 'application/json' };
  const ofCompute = { ...headers, 'openstack-api-version': 'compute 2.90' };
  return async function requests(all) {
    for (const { method, path, lookBackMs, body } of all) {
      const url = new URL(`${origin}${path}`);
      // The cloud's clock is behind this machine's (bench/lib/stage.mjs), and so is what was recorded of it: by the same.
      if (lookBackMs !== undefined)
        url.searchParams.set('changes-since', wholeSecond(Date.now() - lookBackMs));
      const call = {
        url,
        method,
        headers: path.startsWith('/compute') ? ofCompute : headers,
        body: body === undefined ? null : JSON.stringify(body),
      };
      const { status, body: text } = await wholeAnswer(agent, call, limits);
      if (status >= 400 || text === null) throw new Error(`${method} ${path}: ${status}`);
    }
  };
}
