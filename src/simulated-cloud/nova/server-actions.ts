/**
 * POST /servers/{id}/action: what Nova's API refuses at once and what it accepts.
 * Sources: nova/api/openstack/compute/{migrate_server,servers}.py; the state checks in nova/compute/api.py.
 */
import { HttpProblem, isRecord } from '../http/messages.js';
import type { Answer, ServiceRequest } from '../http/messages.js';
import { findFlavor } from '../state.js';
import type { Server, VmState } from '../state.js';
import type { World } from '../world.js';
import { startLiveMigration } from './live-migration.js';
import { startOrStop } from './power.js';
import { endResize, finishedMigration, startResize } from './resize.js';
import { isUp } from './scheduler.js';

type ActionHandler = (world: World, server: Server, request: ServiceRequest) => Answer;

/** Ledger names of what a request asks for. */
const EFFECTS: Record<string, string> = {
  'os-migrateLive': 'live-migrate',
  migrate: 'cold-migrate',
  resize: 'resize',
  confirmResize: 'confirm-resize',
  revertResize: 'revert-resize',
  'os-start': 'start',
  'os-stop': 'stop',
};

const ACTIONS: Record<string, ActionHandler> = {
  'os-migrateLive': (world, server, request) => {
    const { host } = liveMigrationBody(request.body);
    requireState(server, 'os-migrateLive', ['active', 'paused']);
    requireKnownHost(world, host);
    startLiveMigration(world, server, host, request.caller);
    return { status: 202 };
  },
  migrate: (world, server, request) => {
    const host = coldHost(request);
    // The server's state before the host: the decorators of resize() in nova/compute/api.py.
    requireState(server, 'migrate', ['active', 'stopped']);
    requireSourceUp(world, server);
    requireKnownHost(world, host);
    if (host !== null && host === server.host)
      throw new HttpProblem(400, 'Cannot migrate to the host where the server exists.');
    startResize(world, server, { host, flavorId: null }, request.caller);
    return { status: 202 };
  },
  resize: (world, server, request) => {
    const wanted = isRecord(request.body) ? request.body['resize'] : null;
    const reference = isRecord(wanted) ? wanted['flavorRef'] : null;
    const flavor = findFlavor(world.state, typeof reference === 'string' ? reference : '');
    requireState(server, 'resize', ['active', 'stopped']);
    requireSourceUp(world, server);
    if (!flavor) throw new HttpProblem(400, 'Unable to locate requested flavor.');
    if (flavor.id === server.flavorId)
      throw new HttpProblem(400, 'When resizing, instances must change flavor!');
    startResize(world, server, { host: null, flavorId: flavor.id }, request.caller);
    return { status: 202 };
  },
  confirmResize: (world, server, request) => {
    end(world, server, request, 'confirm');
    return { status: 204 };
  },
  revertResize: (world, server, request) => {
    end(world, server, request, 'revert');
    return { status: 202 };
  },
  'os-start': (world, server, request) => {
    requireState(server, 'start', ['stopped']);
    startOrStop(world, server, 'start', request.caller);
    return { status: 202 };
  },
  'os-stop': (world, server, request) => {
    requireState(server, 'stop', ['active', 'error']);
    startOrStop(world, server, 'stop', request.caller);
    return { status: 202 };
  },
};

export function serverAction(world: World, request: ServiceRequest): Answer {
  const id = request.params['id'] ?? '';
  const server = world.state.servers.get(id);
  const key = isRecord(request.body) ? Object.keys(request.body)[0] : undefined;
  const handler = key === undefined ? undefined : ACTIONS[key];
  if (key === undefined || !handler)
    throw new HttpProblem(400, `There is no such action: ${key ?? ''}`);
  if (!server) throw new HttpProblem(404, `Instance ${id} could not be found.`);
  try {
    return handler(world, server, request);
  } catch (error) {
    if (error instanceof HttpProblem) {
      world.ledger.add({
        service: 'compute',
        effect: EFFECTS[key] ?? key,
        resourceId: id,
        detail: error.message,
        outcome: 'rejected',
        userId: request.caller.userId,
      });
    }
    throw error;
  }
}

function end(
  world: World,
  server: Server,
  request: ServiceRequest,
  how: 'confirm' | 'revert',
): void {
  requireState(server, `${how}Resize`, ['resized']);
  const migration = finishedMigration(world, server);
  if (!migration) throw new HttpProblem(400, 'Instance has not been resized.');
  // Only a confirmation looks at the source (nova/compute/api.py, confirm_resize).
  if (how === 'confirm') requireUp(world, migration.sourceCompute);
  endResize(world, server, migration, how, request.caller);
}

/** 409 while a task runs or in another vm_state (raise_http_conflict_for_instance_invalid_state). */
function requireState(server: Server, action: string, vmStates: VmState[]): void {
  const cannot = `Cannot '${action}' instance ${server.id} while it is in`;
  if (!vmStates.includes(server.vmState))
    throw new HttpProblem(409, `${cannot} vm_state ${server.vmState}`);
  if (server.taskState !== null)
    throw new HttpProblem(409, `${cannot} task_state ${server.taskState}`);
}

function requireKnownHost(world: World, host: string | null): void {
  if (host !== null && !world.state.hosts.has(host))
    throw new HttpProblem(400, `Compute host ${host} could not be found.`);
}

/** check_instance_host(check_is_up=True): the host that the server is on must be up. */
function requireSourceUp(world: World, server: Server): void {
  if (server.host !== null) requireUp(world, server.host);
}

function requireUp(world: World, name: string): void {
  const host = world.state.hosts.get(name);
  if (host && !isUp(host)) throw new HttpProblem(409, 'Service is unavailable at this time.');
}

function liveMigrationBody(body: unknown): { host: string | null } {
  const wanted = isRecord(body) ? body['os-migrateLive'] : null;
  const invalid = (what: string): HttpProblem => {
    const text = JSON.stringify(wanted).replaceAll('"', "'").replaceAll(/':/g, "': ");
    return new HttpProblem(
      400,
      `Invalid input for field/attribute os-migrateLive. Value: ${text}. ${what}`,
    );
  };
  if (!isRecord(wanted)) throw invalid('None is not of type object');
  for (const field of ['host', 'block_migration']) {
    if (!Object.hasOwn(wanted, field)) throw invalid(`'${field}' is a required property`);
  }
  const extra = Object.keys(wanted).find(
    (field) => !['host', 'block_migration', 'force'].includes(field),
  );
  if (extra !== undefined)
    throw invalid(`Additional properties are not allowed ('${extra}' was unexpected)`);
  const { host } = wanted;
  if (host !== null && typeof host !== 'string') throw invalid('host is not a string');
  return { host };
}

/** A named destination only from 2.56 on; before that Nova's schema lets the body through and ignores it. */
function coldHost(request: ServiceRequest): string | null {
  const wanted = isRecord(request.body) ? request.body['migrate'] : null;
  const host = isRecord(wanted) && request.minor >= 56 ? wanted['host'] : null;
  return typeof host === 'string' ? host : null;
}
