// The activities of the bare workflows.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { CONNECTIONS_PER_ORIGIN } from '../../dist/src/openstack/http.js';

/** `ms`: how long it waits, as a migration that goes on in the cloud does. */
export async function nothing({ ms = 0 } = {}) {
  if (ms > 0) await sleep(ms);
}

/** `origin`, `token`: of the cloud. */
export function requestsTo(origin, token) {
  // As many as the service's: without a bound a thousand activities at once time out connecting.
  const dispatcher = new Agent({ connections: CONNECTIONS_PER_ORIGIN });
  const headers = { 'x-auth-token': token, 'content-type': 'application/json' };
  const ofCompute = { ...headers, 'openstack-api-version': 'compute 2.90' };
  return async function requests(all) {
    for (const { method, path, body } of all) {
      const answer = await request(`${origin}${path}`, {
        method,
        headers: path.startsWith('/compute') ? ofCompute : headers,
        dispatcher,
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      await answer.body.dump();
      if (answer.statusCode >= 400) throw new Error(`${method} ${path}: ${answer.statusCode}`);
    }
  };
}
