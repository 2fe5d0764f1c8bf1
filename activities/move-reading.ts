/**
 * The readings that a move is decided by: of the server alone, or together with other moves that begin at the same
 * time. Reads only.
 */
import type { ComputeMigration, ComputeServer, ComputeService } from '../src/openstack/cloud.js';
import type { MoveServerWork } from '../src/domain/layout-types.js';
import type { CompensationInput } from './types.js';
import type { Kit } from './kit.js';
import type { MoveView } from './move-decision.js';
import { readComputeService, readServer } from './reading.js';
import type { Run } from './waiting.js';

/** Everything anew, for this server alone. */
async function readMove(kit: Kit, run: Run, work: MoveServerWork): Promise<MoveView> {
  const [server, records, destination, source, ownUserId] = await Promise.all([
    readServer(kit, run, work.serverId),
    recordsOf(kit, run, work.serverId),
    readComputeService(kit, run, work.to),
    readComputeService(kit, run, work.from),
    kit.cloud.identity.ownUserId({ signal: run.signal }),
  ]);
  return { server, records: newestFirst(records), destination, source, ownUserId };
}

/** The readings of one attempt. Only the first of all that a compensation makes is spared what the worker knows. */
export class MoveReadings {
  private mayBeKnown: boolean;
  private isNext = false;

  constructor(
    private readonly kit: Kit,
    private readonly run: Run,
    private readonly input: CompensationInput<MoveServerWork>,
    private readonly way: 'live' | 'cold',
  ) {
    // A call before this one may have left a record that no listing shows yet. Version 0.1.0 does not say whether there was one.
    this.mayBeKnown = input.progress !== undefined && input.again !== true && run.attempt === 1;
  }

  /** `acted`: something was asked for, or joined. */
  async next(acted: boolean, leadsToAsk: FirstLook['leadsToAsk']): Promise<MoveView> {
    const { work } = this.input;
    const isFirst = this.mayBeKnown && !this.isNext && !acted;
    this.isNext = true;
    const since = isFirst ? (work.since ?? null) : null;
    if (since === null) return this.anew();
    return readFirst(this.kit, this.run, work, { since, way: this.way, leadsToAsk });
  }

  anew(): Promise<MoveView> {
    return readMove(this.kit, this.run, this.input.work);
  }

  /** Long after the last one: as if nothing had been read. */
  beginAnew(): void {
    this.isNext = false;
  }

  /** What was known has misled. */
  onlyNew(): void {
    this.mayBeKnown = false;
  }
}

/** What a first reading may be made of. */
interface FirstLook {
  /** Nova's time: what changed before it was closed at layout. */
  since: string;
  /** Live: whether hosts take part may be known from before. */
  way: 'live' | 'cold';
  /** Whether a view leads to nothing but asking Nova for the migration. */
  leadsToAsk: (view: MoveView) => boolean;
}

/**
 * The first reading of a first attempt. It may be made of what this worker has read a moment ago, if that `leadsToAsk`: why no
 * further than that, recent-servers.ts says. The server itself is read in any case, unless the layout has just done so: it alone
 * tells whether somebody has moved it.
 */
async function readFirst(
  kit: Kit,
  run: Run,
  work: MoveServerWork,
  { since, way, leadsToAsk }: FirstLook,
): Promise<MoveView> {
  const recent = kit.recent.take(work.serverId);
  const young = (host: string): ComputeService | null =>
    way === 'live' ? kit.services.of(host) : null;
  const known = {
    server: recent?.taskState === null ? recent : null,
    records: kit.records.of(work.serverId, since),
    destination: young(work.to),
    source: young(work.from),
  };
  const read = await readTogether(kit, run, work, { since, ...known });
  const hostsFromBefore = known.destination !== null || known.source !== null;
  const view = { ...read, hostsFromBefore };
  const isAllNew = Object.values(known).every((one) => one === null);
  return isAllNew || leadsToAsk(view) ? view : readTogether(kit, run, work, { since });
}

interface Known {
  since: string;
  server?: ComputeServer | null;
  records?: ComputeMigration[] | null;
  destination?: ComputeService | null;
  source?: ComputeService | null;
}

/**
 * With the other moves that begin now. Of the records only those that changed since the layout read them all: the
 * others were closed then. What is given is a reading that is still good.
 */
async function readTogether(
  kit: Kit,
  run: Run,
  work: MoveServerWork,
  known: Known,
): Promise<MoveView> {
  const { serverId, to, from } = work;
  const { shared } = kit;
  const [server, listed, destination, source, ownUserId] = await Promise.all([
    known.server ?? readServer(kit, run, serverId),
    known.records ?? shared.records({ serverId, since: known.since }, run.signal),
    known.destination ?? shared.computeService(to, run.signal),
    known.source ?? shared.computeService(from, run.signal),
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
