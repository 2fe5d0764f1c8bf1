/**
 * revertResize: undo a resize or cold migration of the plan that still waits for its confirmation (VERIFY_RESIZE),
 * and no other. What was confirmed since is not ours any more.
 */
import type { ComputeMigration, ComputeServer } from '../src/openstack/cloud.js';
import type { RevertResizeWork } from '../src/domain/layout-types.js';
import { NovaRequests } from './ask-nova.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { failureReason } from './migration-reason.js';
import { wellBefore } from './nova-time.js';
import { GONE_BEFORE, named, report, serverNow } from './reports.js';
import { untilRest } from './rest.js';
import type { CompensationInput, CompensationReport } from './types.js';
import { stopwatch } from './waiting.js';
import type { Run } from './waiting.js';

const REQUESTS_MAX = 10;

interface Reading {
  server: ComputeServer | null;
  record: ComputeMigration | null;
}

interface SoFar {
  acted: boolean;
  requestId: string | null;
}

export async function revertResize(
  kit: Kit,
  run: Run,
  input: CompensationInput<RevertResizeWork>,
): Promise<CompensationReport> {
  const { work } = input;
  const so: SoFar = { acted: run.asked(), requestId: null };
  const requests = new NovaRequests(kit, run, work.serverId);
  for (let request = 0; request < REQUESTS_MAX; request++) {
    const { server, record } = await settled(kit, run, work);
    const decided = await judge(kit, run, work, { server, record }, so);
    if (decided !== undefined) return { ...decided, evidence: evidenceOf(record, so) };
    const asked = await requests.ask(() =>
      kit.cloud.compute.revertResize(work.serverId, { signal: run.signal }),
    );
    if (asked.is === 'refused') throw failure('OpenStackRefused', asked.said);
    if (asked.is === 'accepted') so.requestId = asked.requestId;
    so.acted ||= asked.is !== 'busy';
  }
  throw failure('ServerBusy', `${work.serverName} was busy whenever it was to be reverted`);
}

/**
 * Server and record once both are at rest. A revert sets `reverting` and the task before it answers, then the
 * server's host and rest, and `reverted` about the same time (nova/compute/api.py, revert_resize;
 * nova/compute/manager.py, _finish_revert_resize): for a moment they may disagree.
 */
async function settled(kit: Kit, run: Run, work: RevertResizeWork): Promise<Reading> {
  const server = await untilRest(kit, run, work.serverId, work.serverName);
  const records = await kit.cloud.compute.listMigrations(
    { serverId: work.serverId },
    { signal: run.signal },
  );
  const record = records.find((one) => one.id === work.migrationId) ?? null;
  if (server === null || record === null || !moving(server, record)) return { server, record };
  const elapsed = stopwatch();
  return kit.watch.follow<Reading>({
    serverId: work.serverId,
    since: wellBefore(record.createdAt),
    signal: run.signal,
    judge: (view) => {
      if (view.server === undefined) return 'read-server';
      const now = view.records.find((one) => one.id === work.migrationId) ?? record;
      const rests = view.server === null || !moving(view.server, now);
      const over = elapsed() > kit.timing.record_settles && view.server?.taskState === null;
      if (rests || over) return { done: { server: view.server, record: now } };
      if (elapsed() > kit.settings.migration_timeout) {
        throw failure(
          'CompensationTimeout',
          `The resize of ${work.serverName} is still ${now.status} after ${kit.settings.migration_timeout} s; it was left to go on.`,
        );
      }
      return 'wait';
    },
  });
}

function moving(server: ComputeServer, record: ComputeMigration): boolean {
  if (server.status === 'ERROR') return false;
  if (server.taskState !== null) return true;
  if (record.status === 'reverting' || record.status === 'confirming') return true;
  return server.status === 'VERIFY_RESIZE' && ['reverted', 'confirmed'].includes(record.status);
}

async function judge(
  kit: Kit,
  run: Run,
  work: RevertResizeWork,
  { server, record }: Reading,
  so: SoFar,
): Promise<CompensationReport | undefined> {
  if (server === null) {
    if (so.acted) throw failure('ServerGone', `${work.serverName} was deleted.`);
    return report('NOT_REVERSIBLE', GONE_BEFORE, null);
  }
  const now = serverNow(server);
  if (server.status === 'ERROR') {
    const why = server.fault === null ? '' : `: ${server.fault}`;
    if (so.acted) throw failure('ServerInError', `${named(server)} is in ERROR${why}`);
    return report('KEPT', `The server is in ERROR${why}`, now);
  }
  if (server.status !== 'VERIFY_RESIZE') {
    if (server.host !== work.to) {
      return report('KEPT', `${confirmed(record)}; it is on ${server.host ?? 'no host'} now`, now);
    }
    return so.acted || record?.status === 'reverted'
      ? report('SUCCEEDED', null, now)
      : report('SKIPPED', `Already on ${work.to}`, now);
  }
  if (record?.status !== 'finished') {
    return report('KEPT', "Another resize than the plan's waits for confirmation", now);
  }
  if (server.locked) return report('KEPT', 'The server is locked', now);
  if (so.requestId !== null) {
    const reason = await failureReason(kit, run, server.id, so.requestId, ['revertResize']);
    throw failure(
      'MigrationFailed',
      `The revert came to nothing: ${reason ?? 'Nova gives no reason'}`,
    );
  }
  return undefined;
}

function confirmed(record: ComputeMigration | null): string {
  return record?.status === 'confirmed'
    ? 'The resize was confirmed since'
    : 'The server was moved by somebody since';
}

function evidenceOf(record: ComputeMigration | null, so: SoFar): CompensationReport['evidence'] {
  return {
    ...(so.requestId === null ? {} : { nova_request_id: so.requestId }),
    ...(record === null ? {} : { migration_uuid: record.uuid }),
  };
}
