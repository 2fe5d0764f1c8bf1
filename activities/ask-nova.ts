/**
 * Ask Nova for a change of a server, once. What a refusal means is told apart here: busy is no failure, and the
 * HTTP status of an accepted request proves nothing.
 */
import type { Accepted } from '../src/openstack/cloud.js';
import {
  isBadRequest,
  isConflict,
  isForbidden,
  isNotFound,
  isUnauthorized,
} from '../src/openstack/errors.js';
import { sentence } from './failures.js';
import type { Kit } from './kit.js';
import { pause } from './waiting.js';
import type { Run } from './waiting.js';

export type Asked =
  | { is: 'accepted'; requestId: string | null }
  /** A task came in between (409), or the server is gone (404): the next reading tells. */
  | { is: 'busy' | 'gone' }
  /** `forGood`: by a 400; what a 409 says may pass (a nova-compute that is down, nova/compute/api.py, confirm_resize). */
  | { is: 'refused'; said: string; forGood: boolean };

/** Remembers what Nova said, over the requests of one attempt. */
export class NovaRequests {
  private lastConflict: string | null = null;

  constructor(
    private readonly kit: Kit,
    private readonly run: Run,
    private readonly serverId: string,
  ) {}

  /**
   * 400 is a refusal for good. 409 names the task_state where the server is busy; of a server that rests, said twice,
   * it is a refusal as well (nova/api/openstack/common.py, raise_http_conflict_for_instance_invalid_state).
   */
  async ask(call: () => Promise<Accepted>): Promise<Asked> {
    await this.run.asking();
    return await this.finish(async () => {
      try {
        return await call();
      } catch (error) {
        // Nothing is under way by a request that was refused: a cancel or a stop holds the next one back.
        if (isRefused(error)) this.run.notAsked();
        throw error;
      }
    });
  }

  /** The same for what ends a change under way (a confirmation): that is never held back. */
  async finish(call: () => Promise<Accepted>): Promise<Asked> {
    this.kit.recent.forget(this.serverId);
    try {
      const { requestId } = await call();
      this.lastConflict = null;
      return { is: 'accepted', requestId };
    } catch (error) {
      if (isNotFound(error)) return { is: 'gone' };
      if (isBadRequest(error)) return { is: 'refused', said: sentence(error), forGood: true };
      if (!isConflict(error)) throw error;
      const said = sentence(error);
      if (!/task_state/u.test(said) && said === this.lastConflict)
        return { is: 'refused', said, forGood: false };
      this.lastConflict = said;
    }
    await pause(this.kit.settings.poll_first, this.run.signal);
    return { is: 'busy' };
  }
}

function isRefused(error: unknown): boolean {
  return (
    isBadRequest(error) ||
    isUnauthorized(error) ||
    isForbidden(error) ||
    isNotFound(error) ||
    isConflict(error)
  );
}
