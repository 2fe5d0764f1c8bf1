/**
 * /servers/{id}/migrations: live migrations in progress, what they have copied, and aborting one
 * (nova/api/openstack/compute/server_migrations.py; live_migrate_abort in nova/compute/api.py).
 */
import { novaTime } from '../clock.js';
import { HttpProblem, reading } from '../http/messages.js';
import type { Answer, Route, ServiceRequest } from '../http/messages.js';
import type { Migration, Server } from '../state.js';
import type { World } from '../world.js';
import { abortLiveMigration } from './live-migration.js';
import { addEvent, beginAction } from './records.js';

const IN_PROGRESS = ['queued', 'preparing', 'running', 'post-migrating'];
const ABORTABLE = ['running', 'queued', 'preparing'];
/** From this microversion on a migration that waits can be aborted too. */
const ABORT_QUEUED = 65;

export function serverMigrationRoutes(world: World): Route[] {
  return [
    reading('/v2.1/servers/{id}/migrations', (request) => {
      const id = serverOf(world, request);
      const running = world.state.migrations.filter(
        ({ serverId, type, status }) =>
          serverId === id && type === 'live-migration' && IN_PROGRESS.includes(status),
      );
      return { migrations: running.map((one) => inProgressView(one, request.minor)) };
    }),
    reading('/v2.1/servers/{id}/migrations/{migration}', (request) => {
      const id = serverOf(world, request);
      const asked = request.params['migration'] ?? '';
      const one = find(world, id, asked);
      if (one === undefined)
        throw new HttpProblem(
          404,
          `In-progress live migration ${asked} is not found for server ${id}.`,
        );
      if (one.type !== 'live-migration')
        throw new HttpProblem(404, `Migration ${asked} for server ${id} is not live-migration.`);
      if (!IN_PROGRESS.includes(one.status))
        throw new HttpProblem(404, `Live migration ${asked} for server ${id} is not in progress.`);
      return { migration: inProgressView(one, request.minor) };
    }),
    {
      method: 'DELETE',
      template: '/v2.1/servers/{id}/migrations/{migration}',
      handle: (request) => abort(world, request),
    },
  ];
}

/** 202 at once; what becomes of it the record tells a moment later. */
function abort(world: World, request: ServiceRequest): Answer {
  const id = serverOf(world, request);
  const asked = request.params['migration'] ?? '';
  const server = world.state.servers.get(id);
  if (server?.taskState !== 'migrating') throw new HttpProblem(409, notMigrating(id, server));
  const one = find(world, id, asked);
  if (one === undefined)
    throw new HttpProblem(404, `Migration ${asked} not found for instance ${id}`);
  const allowed = request.minor >= ABORT_QUEUED ? ABORTABLE : ['running'];
  if (!allowed.includes(one.status))
    throw new HttpProblem(
      400,
      `Migration ${asked} state of instance ${id} is ${one.status}. Cannot abort live migration while the migration is in this state.`,
    );
  const action = beginAction(world, server, request.caller, 'live_migration_cancel');
  world.ledger.add({
    service: 'compute',
    effect: 'abort-migration',
    resourceId: id,
    detail: asked,
    outcome: 'applied',
    userId: request.caller.userId,
  });
  world.clock.after(world.times.conductor, () => {
    abortLiveMigration(world, id, one.id);
    addEvent(world, action, 'compute_live_migration_abort', null);
  });
  return { status: 202 };
}

/** raise_http_conflict_for_instance_invalid_state of nova/api/openstack/common.py: the state comes before all else. */
function notMigrating(id: string, server: Server | undefined): string {
  const task = server?.taskState ?? null;
  return task === null
    ? `Instance ${id} is in an invalid state for 'abort live migration'`
    : `Cannot 'abort live migration' instance ${id} while it is in task_state ${task}`;
}

function find(world: World, serverId: string, id: string): Migration | undefined {
  return world.state.migrations.find((one) => String(one.id) === id && one.serverId === serverId);
}

function serverOf(world: World, request: ServiceRequest): string {
  const id = request.params['id'] ?? '';
  if (!world.state.servers.has(id))
    throw new HttpProblem(404, `Instance ${id} could not be found.`);
  return id;
}

function inProgressView(migration: Migration, minor: number): unknown {
  const { bytes } = migration;
  return {
    created_at: novaTime(migration.createdAt),
    dest_compute: migration.destCompute,
    dest_host: migration.destHost,
    dest_node: migration.destNode,
    disk_processed_bytes: bytes?.diskProcessed ?? null,
    disk_remaining_bytes: bytes?.diskRemaining ?? null,
    disk_total_bytes: bytes?.diskTotal ?? null,
    id: migration.id,
    memory_processed_bytes: bytes?.memoryProcessed ?? null,
    memory_remaining_bytes: bytes?.memoryRemaining ?? null,
    memory_total_bytes: bytes?.memoryTotal ?? null,
    server_uuid: migration.serverId,
    source_compute: migration.sourceCompute,
    source_node: migration.sourceNode,
    status: migration.status,
    updated_at: novaTime(migration.updatedAt),
    ...(minor >= 59 ? { uuid: migration.uuid } : {}),
    ...(minor >= 80 ? { user_id: migration.userId, project_id: migration.projectId } : {}),
  };
}
