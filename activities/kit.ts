/**
 * What the activities of one worker share: the cloud, the settings, the one poller, the bound per host, and what they
 * read together.
 * No logic.
 */
import type { OpenStackCloud } from '../src/openstack/cloud.js';
import type { ReadStopSwitch } from './asked-switch.js';
import type { CloudListings } from './cloud-listings.js';
import type { HostSlots } from './host-slots.js';
import type { NovaClock } from './nova-time.js';
import type { RecentRecords } from './recent-records.js';
import type { RecentServers } from './recent-servers.js';
import type { RecentServices } from './recent-services.js';
import type { ActivitySettings } from './settings.js';
import type { OtherPlans } from './other-plans.js';
import type { SharedReads } from './shared-reads.js';
import type { ServerWatch } from './watch.js';

/** Limits that are facts about OpenStack rather than an administrator's choice. Seconds. */
export interface Timing {
  /**
   * From an accepted (202) request to its migration record. Nova makes the record in the conductor, after the
   * answer (nova/conductor/manager.py, _live_migrate), and `changes-since` finds it only once it has been updated.
   */
  record_appears: number;
  /** How long a migration record and its server may disagree at the end of a migration. */
  record_settles: number;
  /** How long reads may fail in passing, during a wait, before the activity gives up its attempt. */
  read_errors: number;
}

export const DEFAULT_TIMING: Timing = { record_appears: 30, record_settles: 30, read_errors: 60 };

export interface Kit {
  cloud: OpenStackCloud;
  settings: ActivitySettings;
  timing: Timing;
  watch: ServerWatch;
  slots: HostSlots;
  shared: SharedReads;
  listings: CloudListings;
  otherPlans: OtherPlans;
  recent: RecentServers;
  records: RecentRecords;
  services: RecentServices;
  clock: NovaClock;
  /** Aborted when the worker has given its activities time enough to end. */
  draining: AbortSignal;
  /** Looked at before anything new is asked for. */
  stopSwitch: ReadStopSwitch;
}
