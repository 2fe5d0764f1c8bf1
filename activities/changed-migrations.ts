/** The one way in which changed migrations are listed, and what is remembered of them is told. */
import type { CallOptions, Compute, ComputeMigration } from '../src/openstack/cloud.js';
import type { NovaClock } from './nova-time.js';
import type { ListedSince, RecentRecords } from './recent-records.js';
import { clockSeconds } from './waiting.js';

export async function listChanged(
  compute: Compute,
  { clock, records }: { clock: NovaClock; records: RecentRecords },
  { changedSince, isWhole }: Omit<ListedSince, 'at'>,
  options: CallOptions = {},
): Promise<ComputeMigration[]> {
  const at = clockSeconds();
  const listed = await compute.listMigrations({ changedSince }, options);
  records.saw(listed, { changedSince, at, isWhole });
  return clock.saw(listed);
}
