/**
 * Ask Nova to confirm a cold migration. Whatever keeps Nova from it is said as that, because what it leaves is a server in
 * VERIFY_RESIZE. It must not know whose migration it is.
 */
import type { Asked, NovaRequests } from './ask-nova.js';
import { failure, saying, toFailure } from './failures.js';
import type { Kit } from './kit.js';
import type { Run } from './waiting.js';

/**
 * Fails: MigrationFailed (to be tried again, unless Nova knows of nothing to confirm), or what the call failed with. No server is
 * left in VERIFY_RESIZE for what may pass: it is asked again as long as there are attempts.
 */
export async function askToConfirm(
  kit: Kit,
  run: Run,
  requests: NovaRequests,
  server: { serverId: string; serverName: string },
): Promise<Exclude<Asked, { is: 'refused' }>> {
  const unconfirmed = `The migration of ${server.serverName} could not be confirmed`;
  try {
    const asked = await requests.finish(() =>
      kit.cloud.compute.confirmResize(server.serverId, { signal: run.signal }),
    );
    if (asked.is !== 'refused') return asked;
    throw failure('MigrationFailed', asked.said, { retryable: !asked.forGood });
  } catch (error) {
    throw saying(unconfirmed, toFailure(error, run.signal, true));
  }
}
