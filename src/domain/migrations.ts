/** What the status of a migration record says. Pure. */
import type { Migration } from './facts.js';

/**
 * The server got to the destination. `finished` awaits confirmation (VERIFY_RESIZE), `done` is an evacuation's.
 * Source: the assignments to migration.status in nova/compute/{api,manager,resource_tracker}.py.
 */
const ARRIVED: ReadonlySet<string> = new Set([
  'completed',
  'finished',
  'confirming',
  'confirmed',
  'done',
]);

/** Still going on: it may yet arrive. */
const UNDER_WAY: ReadonlySet<string> = new Set([
  'accepted',
  'queued',
  'preparing',
  'running',
  'pre-migrating',
  'migrating',
  'post-migrating',
]);

/** It arrived and was then brought back. */
const REVERTED: ReadonlySet<string> = new Set(['reverting', 'reverted']);

export const hasArrived = (record: Migration): boolean => ARRIVED.has(record.status);
export const isUnderWay = (record: Migration): boolean => UNDER_WAY.has(record.status);
export const isReverted = (record: Migration): boolean => REVERTED.has(record.status);
