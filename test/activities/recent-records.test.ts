/** What the listings of this worker have told of records and services: how far it is known, and for how long. */
import { RecentRecords } from '../../activities/recent-records.js';
import { RecentServices } from '../../activities/recent-services.js';
import type { ComputeMigration, ComputeService } from '../../src/openstack/cloud.js';

let now: number;
beforeEach(() => {
  now = 100;
});

describe('records', () => {
  const time = (seconds: number) => new Date(Date.UTC(2026, 10, 24) + seconds * 1000).toISOString();
  const record = (id: number, status: string, seconds: number, serverId = 'a') =>
    ({ id, serverId, status, updatedAt: time(seconds) }) as ComputeMigration;
  const idsOf = (records: ComputeMigration[] | null) => records?.map(({ id }) => id) ?? null;
  let recent: RecentRecords;
  let wallAhead: number;
  beforeEach(() => {
    wallAhead = 0;
    recent = new RecentRecords(
      1,
      () => now,
      () => Date.parse(time(now + wallAhead)),
    );
  });

  it('nothing is known before a listing, nor long after one', () => {
    expect(recent.of('a', time(1000))).toBeNull();
    recent.saw([], time(0), 100);
    expect(recent.of('a', time(1000))).toEqual([]);
    now = 101.01;
    expect(recent.of('a', time(1000))).toBeNull();
  });

  it('only as far back as was listed, with a minute to spare', () => {
    recent.saw([record(1, 'completed', 50)], time(0), 100);
    expect(idsOf(recent.of('a', time(61)))).toEqual([1]);
    expect(recent.of('a', time(59))).toBeNull();
    recent.saw([], time(-10), 100);
    expect(idsOf(recent.of('a', time(59)))).toEqual([1]);
  });

  it('of each server its own, newest first, as they were seen last', () => {
    recent.saw([record(1, 'completed', 50), record(2, 'running', 60)], time(0), 100);
    recent.saw([record(3, 'running', 61, 'b'), record(2, 'completed', 65)], time(0), 100.2);
    expect(recent.of('a', time(70))?.map(({ id, status }) => `${id} ${status}`)).toEqual([
      '2 completed',
      '1 completed',
    ]);
    expect(idsOf(recent.of('b', time(70)))).toEqual([3]);
  });

  it('an answer that comes late does not undo a later one', () => {
    recent.saw([record(2, 'completed', 65)], time(0), 100.2);
    recent.saw([record(2, 'running', 60)], time(0), 100.1);
    expect(recent.of('a', time(70))?.[0]?.status).toBe('completed');
  });

  it('a pause in the listings is a gap: it begins anew from where the next one begins', () => {
    recent.saw([record(1, 'completed', 50)], time(0), 100);
    now = 131;
    recent.saw([record(4, 'completed', 80)], time(25), 131);
    expect(recent.of('a', time(70))).toBeNull();
    expect(idsOf(recent.of('a', time(90)))).toEqual([4]);
  });

  it('a long listing that is answered after later ones brings no changes before those', () => {
    // Whatever this machine's clock says.
    wallAhead = 300;
    now = 190.5;
    recent.saw([record(1, 'running', 150)], time(130), 190);
    recent.saw([record(2, 'completed', -9000)], time(-10_000), 100);
    expect(recent.of('a', time(0))).toBeNull();
    expect(idsOf(recent.of('a', time(190)))).toEqual([1]);
    recent.saw([record(2, 'completed', -9000)], time(-10_000), 165);
    expect(idsOf(recent.of('a', time(0)))).toEqual([2, 1]);
  });

  it('a listing that begins in the future, by a clock of Nova that is ahead, brings nothing up to there', () => {
    const ahead = time(400 - 60);
    // Once at the first such time, and again after every layout: that Nova time is known by then changes nothing.
    for (const layout of [100, 101, 102]) {
      recent.saw([record(1, 'completed', 400)], time(-10_000), layout);
      now = layout + 0.5;
      expect(idsOf(recent.of('a', time(0)))).toEqual([1]);
      recent.saw([], ahead, layout + 0.3);
      expect(recent.of('a', time(0))).toBeNull();
    }
    // Nor does one that was asked for before and is answered now.
    recent.saw([], time(-10_000), 102.1);
    expect(recent.of('a', time(0))).toBeNull();
    recent.saw([], time(42), 102.4);
    expect(recent.of('a', time(103))).toEqual([]);
  });

  it('where this machine is behind by minutes, nothing joins', () => {
    wallAhead = -200;
    recent.saw([], time(0), 100);
    recent.saw([record(1, 'completed', 50)], time(10), 100.1);
    expect(recent.of('a', time(61))).toBeNull();
    expect(idsOf(recent.of('a', time(71)))).toEqual([1]);
  });

  it('begins anew before it grows without end', () => {
    const all = Array.from({ length: 5001 }, (_, n) => record(n + 1, 'completed', 50, `s${n}`));
    recent.saw(all, time(0), 100);
    recent.saw([record(9000, 'completed', 50)], time(20), 100);
    expect(recent.of('s1', time(61))).toBeNull();
    expect(recent.of('s1', time(81))).toEqual([]);
  });
});

describe('services', () => {
  const service = (status: string, host = 'h', binary = 'nova-compute') =>
    ({ host, status, binary }) as ComputeService;
  let recent: RecentServices;
  beforeEach(() => {
    recent = new RecentServices(10, () => now);
  });

  it('the latest reading counts, for ten seconds', () => {
    recent.saw([service('enabled')], 95);
    recent.saw([service('disabled')], 94);
    expect(recent.of('h')?.status).toBe('enabled');
    now = 105.1;
    expect(recent.of('h')).toBeNull();
  });

  it('nova-compute only, and not what is about to be changed', () => {
    recent.saw([service('enabled'), service('enabled', 'c', 'nova-conductor')], 100);
    expect(recent.of('c')).toBeNull();
    recent.forget('h');
    expect(recent.of('h')).toBeNull();
  });
});
