/** Makes the troubles of a story happen to its cloud while a rollback runs. Processes are the rig's affair. */
import type { Fault } from '../../src/simulated-cloud/types.js';
import { at } from './modulo.js';
import type { Stage } from './stage.js';
import type { Trouble } from './story.js';

type HttpTrouble = Extract<Trouble, { kind: 'http' }>;
type HandTrouble = Extract<Trouble, { kind: 'hand' }>;

/** How long a host that died is away. */
const DEAD_MS = 800;

/** Ends what has not happened yet. */
export type Calm = () => void;

export function loose(stage: Stage): Calm {
  const timers: NodeJS.Timeout[] = [];
  const later = (atMs: number, act: () => void): void => {
    timers.push(setTimeout(act, atMs));
  };
  for (const trouble of stage.story.troubles) {
    switch (trouble.kind) {
      case 'http':
        stage.sim.inject({
          ...faultOf(trouble),
          path: new NthRequest(trouble),
          times: trouble.times,
        });
        break;
      case 'failing-migration':
        stage.sim.failMigrations(
          at(stage.servers, trouble.server),
          'Migration pre-check error: chaos',
          trouble.times,
        );
        break;
      case 'hanging-migration':
        stage.sim.hand.hangMigrations(at(stage.servers, trouble.server));
        break;
      case 'diverted-migration':
        // By then it is where nobody wanted it, and nothing tells that from a move by hand.
        stage.touched.add(at(stage.servers, trouble.server));
        stage.sim.hand.divertMigration(
          at(stage.servers, trouble.server),
          at(stage.hosts, trouble.host).name,
        );
        break;
      case 'aborted-migration':
        later(trouble.atMs, () => {
          const server = at(stage.servers, trouble.server);
          if (stage.sim.snapshot().servers[server] === undefined) return;
          stage.sim.hand.abortMigration(server);
        });
        break;
      case 'expired-token':
        later(trouble.atMs, () => stage.sim.expireTokens());
        break;
      case 'hand':
        later(trouble.atMs, () => byHand(stage, trouble));
        if (trouble.fault === 'host-dies')
          later(trouble.atMs + DEAD_MS, () => {
            stage.sim.hand.setService(at(stage.hosts, trouble.host).name, { state: 'up' });
          });
        break;
      case 'kill':
        break;
      default:
        trouble satisfies never;
    }
  }
  return () => {
    for (const timer of timers) clearTimeout(timer);
    stage.sim.clearFaults();
  };
}

/** Lets the first requests pass; a fault's pattern is asked once for every request of its service. */
class NthRequest extends RegExp {
  private seen = 0;

  constructor(private readonly trouble: HttpTrouble) {
    super('');
  }

  override test(): boolean {
    this.seen += 1;
    return this.seen > this.trouble.request;
  }
}

/** Longer than the clients wait, see rig.ts. */
const SLOW_MS = 700;

function faultOf(trouble: HttpTrouble): Omit<Fault, 'path' | 'times'> {
  const { service } = trouble;
  const status = (
    code: number,
    more: { headers?: Record<string, string>; body?: string } = {},
  ): Omit<Fault, 'path'> => ({
    service,
    effect: { kind: 'status', status: code, ...more },
  });
  switch (trouble.fault) {
    case 'unauthorized':
      return status(401);
    case 'conflict':
      return { ...status(409), method: service === 'compute' ? 'POST' : 'PUT' };
    case 'too-many':
      return status(429, { headers: { 'retry-after': '1' } });
    case 'error-500':
      return status(500);
    case 'unavailable':
      return status(503);
    case 'html':
      return status(502, {
        headers: { 'content-type': 'text/html' },
        body: '<html>Bad gateway</html>',
      });
    case 'hang':
      return { service, effect: { kind: 'hang' } };
    case 'reset-before':
      return { service, effect: { kind: 'reset', when: 'before' } };
    case 'reset-after':
      return { service, effect: { kind: 'reset', when: 'after' } };
    case 'truncate':
      return { service, effect: { kind: 'truncate' } };
    case 'slow':
      return { service, effect: { kind: 'delay', ms: SLOW_MS } };
    default:
      return trouble.fault satisfies never;
  }
}

const STATUS_BY_HAND = {
  'resize-server': 'VERIFY_RESIZE',
  'stop-server': 'SHUTOFF',
  'error-server': 'ERROR',
} as const;

function byHand(stage: Stage, trouble: HandTrouble): void {
  const { sim, touched } = stage;
  const server = at(stage.servers, trouble.server);
  const host = at(stage.hosts, trouble.host);
  const now = sim.snapshot().servers[server];
  switch (trouble.fault) {
    case 'delete-server':
      if (now === undefined) return;
      touched.add(server);
      sim.hand.deleteServer(server);
      return;
    case 'move-server': {
      // Nova refuses to move a server that is busy.
      if (now === undefined || isBusy(stage, server)) return;
      const to = stage.hosts.find(({ name, idle }) => !idle && name !== now.host);
      if (to === undefined) return;
      touched.add(server);
      sim.hand.migrate(server, to.name);
      return;
    }
    case 'resize-server':
    case 'stop-server':
    case 'error-server':
      if (now === undefined || isBusy(stage, server)) return;
      touched.add(server);
      sim.hand.setServerStatus(server, STATUS_BY_HAND[trouble.fault]);
      return;
    case 'disable-host':
      touched.add(host.name);
      sim.hand.setService(host.name, { status: 'disabled', disabledReason: 'by hand' });
      return;
    case 'host-down':
      touched.add(host.name);
      sim.hand.setService(host.name, { state: 'down' });
      return;
    case 'host-dies':
      touched.add(host.name);
      sim.hand.setService(host.name, { state: 'down' });
      // What was on its way from or to it gets no further.
      for (const id of movingBy(stage, host.name)) sim.hand.hangMigrations(id);
      return;
    case 'node-maintenance':
      touched.add(host.nodeId);
      touched.add(host.name);
      sim.hand.setNode(host.nodeId, { maintenance: true });
      return;
    default:
      trouble.fault satisfies never;
  }
}

/** Servers with a move under way from or to that host. */
function movingBy({ sim, servers }: Stage, host: string): string[] {
  const now = sim.snapshot().servers;
  return servers.filter((id) => {
    const last = sim.ledger.findLast(({ resourceId }) => resourceId === id);
    if (last?.outcome !== 'started' || !last.effect.includes('migrate')) return false;
    return last.detail === host || now[id]?.host === host;
  });
}

/** Whether something was begun for the server that has not ended. */
function isBusy({ sim }: Stage, server: string): boolean {
  let open = 0;
  for (const { resourceId, outcome } of sim.ledger) {
    if (resourceId !== server) continue;
    if (outcome === 'started') open += 1;
    else if (outcome !== 'rejected') open -= 1;
  }
  return open > 0;
}
