/** startServer: start a server that the plan stopped, and see it ACTIVE. */
import type { ComputeServer } from '../src/openstack/cloud.js';
import type { StartServerWork } from '../src/domain/layout-types.js';
import { NovaRequests } from './ask-nova.js';
import { failure } from './failures.js';
import type { Kit } from './kit.js';
import { failureReason } from './migration-reason.js';
import { GONE_BEFORE, named, report, serverNow } from './reports.js';
import { untilRest } from './rest.js';
import type { CompensationInput, CompensationReport } from './types.js';
import type { Run } from './waiting.js';

/** Requests of one attempt at most; between two of them the server was busy with something else. */
const REQUESTS_MAX = 10;

export async function startServer(
  kit: Kit,
  run: Run,
  input: CompensationInput<StartServerWork>,
): Promise<CompensationReport> {
  const { work } = input;
  let acted = run.asked();
  let requestId: string | null = null;
  const requests = new NovaRequests(kit, run, work.serverId);
  for (let request = 0; request < REQUESTS_MAX; request++) {
    // A start under way (task_state powering-on) is joined like any other task: by waiting for its end.
    const server = await untilRest(kit, run, work.serverId, work.serverName);
    if (server === null) {
      if (acted) throw failure('ServerGone', `${work.serverName} was deleted.`);
      return report('NOT_REVERSIBLE', GONE_BEFORE, null);
    }
    const decided = await judge(kit, run, server, { acted, requestId });
    if (decided !== undefined) {
      const evidence = requestId === null ? {} : { nova_request_id: requestId };
      return { ...decided, evidence };
    }
    const asked = await requests.ask(() =>
      kit.cloud.compute.startServer(server.id, { signal: run.signal }),
    );
    if (asked.is === 'refused') throw failure('OpenStackRefused', asked.said);
    if (asked.is === 'accepted') ({ requestId } = asked);
    acted ||= asked.is !== 'busy';
  }
  throw failure('ServerBusy', `${work.serverName} was busy whenever it was to be started`);
}

interface SoFar {
  acted: boolean;
  /** Of a start that this attempt asked for. */
  requestId: string | null;
}

/** A server at rest: the report, or undefined where it is to be started. */
async function judge(
  kit: Kit,
  run: Run,
  server: ComputeServer,
  so: SoFar,
): Promise<CompensationReport | undefined> {
  const now = serverNow(server);
  if (server.status === 'ACTIVE') {
    return so.acted ? report('SUCCEEDED', null, now) : report('SKIPPED', 'Already ACTIVE', now);
  }
  if (server.status === 'ERROR') {
    const why = server.fault === null ? '' : `: ${server.fault}`;
    if (so.acted) throw failure('ServerInError', `${named(server)} is in ERROR${why}`);
    return report('KEPT', `The server is in ERROR${why}`, now);
  }
  if (server.status !== 'SHUTOFF') {
    return report('KEPT', `The server is ${server.status} now, changed by somebody since`, now);
  }
  if (server.locked) return report('KEPT', 'The server is locked', now);
  if (so.requestId !== null) {
    // os-start sets task_state before it answers (nova/compute/api.py, start): at rest and SHUTOFF, it has failed.
    const reason = await failureReason(kit, run, server.id, so.requestId, ['start']);
    const said = reason ?? 'Nova gives no reason';
    throw failure('OpenStackRefused', `${named(server)} did not start: ${said}`);
  }
  return undefined;
}
