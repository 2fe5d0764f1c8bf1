/** What all parts of the simulated cloud share: state, clock, ledger, how long things take, who is who. */
import { CloudClock } from './clock.js';
import { Ledger } from './ledger.js';
import { Slots } from './nova/slots.js';
import { createState, hexId } from './state.js';
import type { CloudState } from './state.js';
import type { SimulatedCloudOptions } from './types.js';

export interface World {
  state: CloudState;
  clock: CloudClock;
  ledger: Ledger;
  slots: Slots;
  times: Required<NonNullable<SimulatedCloudOptions['times']>>;
  liveMigrationOf: (serverName: string) => number;
  maxConcurrentLiveMigrations: number;
  pageSize: number;
  people: {
    adminUserId: string;
    adminProjectId: string;
    watcherUserId: string;
    serviceProjectId: string;
    /** Whoever works on the cloud by hand (`hand`). */
    operatorUserId: string;
  };
}

const DEFAULT_TIMES = {
  conductor: 5,
  liveMigration: 60,
  coldMigration: 60,
  confirm: 20,
  start: 20,
  stop: 20,
  power: 30,
  hostBoot: 40,
};

export function createWorld(options: SimulatedCloudOptions): World {
  const clock = new CloudClock();
  const times = { ...DEFAULT_TIMES, ...options.times };
  const state = createState();
  return {
    state,
    clock,
    ledger: new Ledger(clock),
    slots: new Slots((serverId) => state.lastMigrations.get(serverId)),
    times,
    liveMigrationOf: options.liveMigrationOf ?? (() => times.liveMigration),
    maxConcurrentLiveMigrations: options.maxConcurrentLiveMigrations ?? 1,
    pageSize: options.pageSize ?? 1000,
    people: {
      adminUserId: hexId(),
      adminProjectId: hexId(),
      watcherUserId: hexId(),
      serviceProjectId: hexId(),
      operatorUserId: hexId(),
    },
  };
}
