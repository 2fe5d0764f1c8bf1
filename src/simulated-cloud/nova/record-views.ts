/** Nova's JSON for migrations, instance actions, services and hypervisors, by microversion. */
import { createHash } from 'node:crypto';
import { novaTime } from '../clock.js';
import type { ActionEvent, Host, InstanceAction, Migration } from '../state.js';
import type { World } from '../world.js';
import { isUp } from './scheduler.js';

/** uuid from 2.59, user_id and project_id from 2.80 (nova/api/openstack/compute/migrations.py). */
export function migrationView(migration: Migration, minor: number): unknown {
  return {
    id: migration.id,
    ...(minor >= 59 ? { uuid: migration.uuid } : {}),
    source_compute: migration.sourceCompute,
    dest_compute: migration.destCompute,
    source_node: migration.sourceNode,
    dest_node: migration.destNode,
    dest_host: migration.destHost,
    old_instance_type_id: migration.oldFlavor,
    new_instance_type_id: migration.newFlavor,
    instance_uuid: migration.serverId,
    status: migration.status,
    ...(minor >= 23 ? { migration_type: migration.type } : {}),
    ...(minor >= 80 ? { user_id: migration.userId, project_id: migration.projectId } : {}),
    created_at: novaTime(migration.createdAt),
    updated_at: novaTime(migration.updatedAt),
  };
}

export function actionView(action: InstanceAction, minor: number): Record<string, unknown> {
  return {
    action: action.action,
    instance_uuid: action.serverId,
    request_id: action.requestId,
    user_id: action.userId,
    project_id: action.projectId,
    start_time: novaTime(action.startedAt),
    message: action.message,
    ...(minor >= 58 ? { updated_at: novaTime(action.updatedAt) } : {}),
  };
}

/** `details` from 2.84. A failed event has a traceback, which nobody should show. */
export function eventView(event: ActionEvent, minor: number): unknown {
  const traceback =
    '  File "nova/conductor/manager.py", line 503, in _live_migrate\n    task.execute()\n';
  const host = 'simulated-conductor';
  return {
    event: event.event,
    start_time: novaTime(event.startedAt),
    finish_time: event.finishedAt === null ? null : novaTime(event.finishedAt),
    result: event.result,
    traceback: event.result === 'Error' ? traceback : null,
    ...(minor >= 62 ? { host, hostId: createHash('sha224').update(host).digest('hex') } : {}),
    ...(minor >= 84 ? { details: event.details } : {}),
  };
}

/** A service that is up reports every ten seconds; one that is not keeps its last report. */
function reportedAt(world: World, host: Host): number {
  const now = world.clock.now();
  return host.up ? now - (now % 10_000) : host.lastReportAt;
}

/** uuids from 2.53, forced_down from 2.11. */
export function serviceView(world: World, host: Host, minor: number): unknown {
  return {
    binary: 'nova-compute',
    host: host.name,
    id: minor >= 53 ? host.serviceId : host.number,
    zone: 'nova',
    status: host.status,
    state: isUp(host) ? 'up' : 'down',
    updated_at: novaTime(reportedAt(world, host)),
    disabled_reason: host.disabledReason,
    ...(minor >= 11 ? { forced_down: host.forcedDown } : {}),
  };
}

export function hypervisorView(host: Host, minor: number, detail: boolean): unknown {
  const summary = {
    id: minor >= 53 ? host.hypervisorId : host.number,
    hypervisor_hostname: host.hypervisorHostname,
    state: isUp(host) ? 'up' : 'down',
    status: host.status,
  };
  if (!detail) return summary;
  return {
    ...summary,
    hypervisor_type: 'fake',
    hypervisor_version: 1000,
    host_ip: '192.0.2.2',
    service: {
      id: minor >= 53 ? host.serviceId : host.number,
      host: host.name,
      disabled_reason: host.disabledReason,
    },
    uptime: null,
  };
}
