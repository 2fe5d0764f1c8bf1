/**
 * The readings that a move is decided by: of the server alone, or together with other moves that begin at the same
 * time. Reads only.
 */
import type { ComputeMigration, ComputeServer } from '../src/openstack/cloud.js';
import type { MoveServerWork } from '../src/domain/layout-types.js';
import type { Kit } from './kit.js';
import type { MoveView } from './move-decision.js';
import { readComputeService, readServer } from './reading.js';
import type { Run } from './waiting.js';

/** Everything anew, for this server alone. */
export async function readMove(kit: Kit, run: Run, work: MoveServerWork): Promise<MoveView> {
  const [server, records, destination, source, ownUserId] = await Promise.all([
    readServer(kit, run, work.serverId),
    recordsOf(kit, run, work.serverId),
    readComputeService(kit, run, work.to),
    readComputeService(kit, run, work.from),
    kit.cloud.identity.ownUserId({ signal: run.signal }),
  ]);
  return { server, records: newestFirst(records), destination, source, ownUserId };
}

/**
 * The first reading of a first attempt. It may begin with the layout's reading of the server, if that `leadsToAsk`:
 * why no further than that, recent-servers.ts says.
 */
export async function readFirst(
  kit: Kit,
  run: Run,
  work: MoveServerWork,
  since: string,
  leadsToAsk: (view: MoveView) => boolean,
): Promise<MoveView> {
  const recent = kit.recent.take(work.serverId);
  if (recent !== null && recent.taskState === null) {
    const view = await readTogether(kit, run, work, { since, server: recent });
    if (leadsToAsk(view)) return view;
  }
  return readTogether(kit, run, work, { since });
}

/**
 * With the other moves that begin now. Of the records only those that changed since the layout read them all: the
 * others were closed then. `server`: a reading that is still good.
 */
async function readTogether(
  kit: Kit,
  run: Run,
  work: MoveServerWork,
  known: { since: string; server?: ComputeServer },
): Promise<MoveView> {
  const { serverId, to, from } = work;
  const [server, listed, destination, source, ownUserId] = await Promise.all([
    known.server ?? readServer(kit, run, serverId),
    kit.shared.records({ serverId, since: known.since }, run.signal),
    kit.shared.computeService(to, run.signal),
    kit.shared.computeService(from, run.signal),
    kit.cloud.identity.ownUserId({ signal: run.signal }),
  ]);
  // Something is under way: its record may be so new that only the server's own list shows it.
  const busy = server !== null && server.taskState !== null;
  const records = busy ? await recordsOf(kit, run, serverId) : listed;
  return { server, records: newestFirst(records), destination, source, ownUserId };
}

function recordsOf(kit: Kit, run: Run, serverId: string): Promise<ComputeMigration[]> {
  return kit.cloud.compute.listMigrations({ serverId }, { signal: run.signal });
}

function newestFirst(records: ComputeMigration[]): ComputeMigration[] {
  return records.toSorted((a, b) => b.id - a.id);
}
