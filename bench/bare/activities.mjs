// The activities of the bare workflows.
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';

/** `ms`: how long it waits, as a migration that goes on in the cloud does. */
export async function nothing({ ms = 0 } = {}) {
  if (ms > 0) await sleep(ms);
}

/** `origin`, `token`: of the cloud. */
export function requestsTo(origin, token) {
  const dispatcher = new Agent();
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
