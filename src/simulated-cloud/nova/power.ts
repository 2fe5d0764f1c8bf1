/** Starting and stopping servers (nova/compute/manager.py: start_instance, stop_instance). Knows nothing of HTTP. */
import type { Caller, Server } from '../state.js';
import type { World } from '../world.js';
import type { Done } from './live-migration.js';
import { addEvent, beginAction, ledgerOf, touch } from './records.js';

export function startOrStop(
  world: World,
  server: Server,
  how: 'start' | 'stop',
  caller: Caller,
  done: Done = () => undefined,
): void {
  const action = beginAction(world, server, caller, how);
  const operation = { server, caller, effect: how, action };
  server.taskState = how === 'start' ? 'powering-on' : 'powering-off';
  touch(world, server);
  ledgerOf(world, operation, 'started', null);
  world.clock.after(world.times[how], () => {
    if (!world.state.servers.has(server.id)) {
      done(false);
      return;
    }
    server.vmState = how === 'start' ? 'active' : 'stopped';
    server.taskState = null;
    touch(world, server);
    addEvent(world, action, `compute_${how}_instance`, null);
    ledgerOf(world, operation, 'applied', null);
    done(true);
  });
}
