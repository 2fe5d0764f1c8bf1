/**
 * Which feature needs which microversion of Nova, in one place
 * (nova/api/openstack/compute/rest_api_version_history.rst says what each one brought).
 */
import { compareMicroversions, type Microversion } from '../microversion.js';

/** Behaviour beyond this one has not been looked at, so it is never asked for (Xena, Yoga). */
export const NEWEST_KNOWN: Microversion = '2.90';

/**
 * Never more for hypervisors: from 2.88 on, `os-hypervisors/detail` asks every compute host for its uptime, one RPC
 * after another (nova/api/openstack/compute/hypervisors.py), and a host that hangs holds up the whole list.
 */
export const NEWEST_FOR_HYPERVISORS: Microversion = '2.87';

/** `changes-before` of servers; below, Nova takes no notice of it. */
export const SERVERS_CHANGED_BEFORE: Microversion = '2.66';

/** What must be there: below, the call throws OpenStackUnsupportedError. */
export const NEEDED = {
  /** os-services and os-hypervisors by UUID, PUT /os-services/{uuid}; paging of hypervisors came with 2.33. */
  serviceById: '2.53',
  /** `locked` came with 2.9, the flavor's name inside the server with 2.47. */
  server: '2.47',
  /** Live migration with block_migration "auto" came with 2.25, asynchronous checks (202 at once) with 2.34. */
  liveMigrate: '2.34',
  /** GET /servers/{id}/migrations came with 2.23, DELETE of one with 2.24. */
  migrationInProgress: '2.24',
  /** The destination of a cold migration. */
  coldMigrateToHost: '2.56',
  confirmOrRevert: '2.1',
  start: '2.1',
  /** Paging and updated_at of instance actions; actions of deleted servers came with 2.21, events with 2.51. */
  instanceActions: '2.58',
  /** A migration's UUID, paging, newest first, changes-since. */
  migrations: '2.59',
} as const satisfies Record<string, Microversion>;

/** What is used where the cloud has it; below, a field is null, and limitationsOf() says so. */
const USED_IF_THERE: readonly { since: Microversion; without: string }[] = [
  {
    since: '2.80',
    without: 'migrations do not tell which user asked for them (userId is null)',
  },
  {
    since: '2.84',
    without: "failed events do not tell Nova's own reason (details are null)",
  },
];

/** One sentence for each thing that a cloud with this newest microversion does not tell. */
export function limitationsOf(maximum: Microversion): string[] {
  return USED_IF_THERE.filter(({ since }) => compareMicroversions(maximum, since) < 0).map(
    ({ since, without }) =>
      `compute has microversion ${maximum} at most: ${without}; that needs ${since}.`,
  );
}
