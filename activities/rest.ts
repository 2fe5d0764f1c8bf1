/** Wait until a server has no task in progress. Reads only. */
import type { ComputeServer } from '../src/openstack/cloud.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { readServer } from './reading.js';
import { stopwatch } from './waiting.js';
import type { Run } from './waiting.js';

/** The server at rest; null where it is gone. Fails: ServerBusy after busy_timeout. */
export async function untilRest(
  kit: Kit,
  run: Run,
  serverId: string,
  serverName: string,
): Promise<ComputeServer | null> {
  const first = await readServer(kit, run, serverId);
  if (first === null || first.taskState === null) return first;
  const elapsed = stopwatch();
  const limit = kit.settings.busy_timeout;
  return kit.watch.follow<ComputeServer | null>({
    serverId,
    since: null,
    signal: run.signal,
    judge: ({ server }) => {
      if (server === undefined) return 'read-server';
      if (server === null || server.taskState === null) return { done: server };
      if (elapsed() > limit) {
        throw failure(
          'ServerBusy',
          `${serverName} was busy for ${limit} s: its task_state is ${server.taskState}`,
        );
      }
      return 'wait';
    },
  });
}
