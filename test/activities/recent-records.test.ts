/** What the listings of this worker have told of records and services: how far it is known, and for how long. */
import { KEPT_MAX, KEPT_THEN, RecentRecords } from '../../activities/recent-records.js';
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
  /** A whole listing; `short`: one of the last moment alone. */
  const saw = (listed: ComputeMigration[], changedSince: string, at: number) =>
    recent.saw(listed, { changedSince, at, isWhole: true });
  const short = (listed: ComputeMigration[], changedSince: string, at: number) =>
    recent.saw(listed, { changedSince, at, isWhole: false });
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
    saw([], time(0), 100);
    expect(recent.of('a', time(1000))).toEqual([]);
    now = 101.01;
    expect(recent.of('a', time(1000))).toBeNull();
  });

  it('only as far back as was listed, with a minute to spare', () => {
    saw([record(1, 'completed', 50)], time(0), 100);
    expect(idsOf(recent.of('a', time(61)))).toEqual([1]);
    expect(recent.of('a', time(59))).toBeNull();
    saw([], time(-10), 100);
    expect(idsOf(recent.of('a', time(59)))).toEqual([1]);
  });

  it('of each server its own, newest first, as they were seen last', () => {
    saw([record(1, 'completed', 50), record(2, 'running', 60)], time(0), 100);
    saw([record(3, 'running', 61, 'b'), record(2, 'completed', 65)], time(0), 100.2);
    expect(recent.of('a', time(70))?.map(({ id, status }) => `${id} ${status}`)).toEqual([
      '2 completed',
      '1 completed',
    ]);
    expect(idsOf(recent.of('b', time(70)))).toEqual([3]);
  });

  it('an answer that comes late does not undo a later one', () => {
    saw([record(2, 'completed', 65)], time(0), 100.2);
    saw([record(2, 'running', 60)], time(0), 100.1);
    expect(recent.of('a', time(70))?.[0]?.status).toBe('completed');
  });

  it('a pause in the listings is a gap: it begins anew from where the next one begins', () => {
    saw([record(1, 'completed', 50)], time(0), 100);
    now = 131;
    saw([record(4, 'completed', 80)], time(25), 131);
    expect(recent.of('a', time(70))).toBeNull();
    expect(idsOf(recent.of('a', time(90)))).toEqual([4]);
  });

  it('a long listing that is answered after later ones brings no changes before those', () => {
    // Whatever this machine's clock says.
    wallAhead = 300;
    now = 190.5;
    saw([record(1, 'running', 150)], time(130), 190);
    saw([record(2, 'completed', -9000)], time(-10_000), 100);
    expect(recent.of('a', time(0))).toBeNull();
    expect(idsOf(recent.of('a', time(190)))).toEqual([1]);
    saw([record(2, 'completed', -9000)], time(-10_000), 165);
    expect(idsOf(recent.of('a', time(0)))).toEqual([2, 1]);
  });

  it('a listing that begins in the future, by a clock of Nova that is ahead, brings nothing up to there', () => {
    const ahead = time(400 - 60);
    // Once at the first such time, and again after every layout: that Nova time is known by then changes nothing.
    for (const layout of [100, 101, 102]) {
      saw([record(1, 'completed', 400)], time(-10_000), layout);
      now = layout + 0.5;
      expect(idsOf(recent.of('a', time(0)))).toEqual([1]);
      saw([], ahead, layout + 0.3);
      expect(recent.of('a', time(0))).toBeNull();
    }
    // Nor does one that was asked for before and is answered now.
    saw([], time(-10_000), 102.1);
    expect(recent.of('a', time(0))).toBeNull();
    saw([], time(42), 102.4);
    expect(recent.of('a', time(103))).toEqual([]);
  });

  it('where this machine is behind by minutes, nothing joins', () => {
    wallAhead = -200;
    saw([], time(0), 100);
    saw([record(1, 'completed', 50)], time(10), 100.1);
    expect(recent.of('a', time(61))).toBeNull();
    expect(idsOf(recent.of('a', time(71)))).toEqual([1]);
  });

  it('a short listing carries on what is known', () => {
    saw([record(1, 'running', 95)], time(0), 100);
    now = 101.2;
    expect(recent.of('a', time(70))).toBeNull();
    short([record(1, 'completed', 101)], time(96), 101.1);
    expect(recent.of('a', time(70))?.map(({ status }) => status)).toEqual(['completed']);
  });

  it('a short one that does not join changes nothing: what is known stays, and is no younger', () => {
    saw([record(1, 'completed', 50)], time(0), 100);
    now = 100.9;
    // A conductor is ten seconds ahead: what others record now comes before it.
    short([record(2, 'running', 110)], time(105), 100.8);
    expect(idsOf(recent.of('a', time(70)))).toEqual([1]);
    now = 101.1;
    expect(recent.of('a', time(70))).toBeNull();
    // The next whole one is joined to it, and not to the short one.
    saw([], time(60), 101.1);
    expect(idsOf(recent.of('a', time(70)))).toEqual([1]);
  });

  it('a short one begins nothing', () => {
    short([record(1, 'completed', 98)], time(95), 100);
    expect(recent.of('a', time(5000))).toBeNull();
    saw([], time(0), 100);
    expect(recent.of('a', time(5000))).toEqual([]);
  });

  it('where this machine is behind by more than five seconds, short ones do not join, and whole ones do', () => {
    wallAhead = -6;
    saw([record(1, 'completed', 50)], time(0), 100);
    now = 100.5;
    short([record(2, 'running', 100)], time(95), 100.5);
    expect(idsOf(recent.of('a', time(70)))).toEqual([1]);
    saw([record(2, 'running', 100)], time(40), 100.5);
    expect(idsOf(recent.of('a', time(70)))).toEqual([2, 1]);
  });

  const many = (count: number, from: number, seconds = 50) =>
    Array.from({ length: count }, (_, n) => record(from + n, 'completed', seconds, `s${from + n}`));

  it('of more than it keeps it forgets the oldest, and reaches back no further than to the rest', () => {
    saw([...many(KEPT_MAX, 1, 50), ...many(KEPT_THEN - 1, 100_000, 52)], time(0), 100);
    expect(recent.size).toBe(KEPT_THEN);
    expect(recent.of('s1', time(110))).toBeNull();
    expect(recent.of('s100000', time(110))).toBeNull();
    expect(idsOf(recent.of('s100000', time(111)))).toEqual([100_000]);
    expect(recent.of('s2', time(111))).toEqual([]);
    short([record(900_000, 'completed', 99)], time(95), 100.5);
    expect(idsOf(recent.of('a', time(111)))).toEqual([900_000]);
    // What it has forgotten a whole listing may tell again.
    saw(many(1, 1, 50), time(40), 100.6);
    expect(idsOf(recent.of('s1', time(101)))).toEqual([1]);
  });

  it('a plan of a week ago, with all that others did since, leaves what its rollback needs', () => {
    saw([...many(40_000, 1, 20), ...many(10, 100_000, 90)], time(0), 100);
    expect(idsOf(recent.of('s100009', time(100)))).toEqual([100_009]);
    expect(recent.of('s40000', time(100))).not.toBeNull();
  });

  it('knows of the first server of the largest plan what its layout knew, until the last has come home', () => {
    saw(many(10_000, 1), time(0), 100);
    for (let n = 0; n < 10; n += 1) {
      now += 0.5;
      saw(many(1000, 20_000 + 1000 * n), time(40), now);
    }
    expect(idsOf(recent.of('s1', time(61)))).toEqual([1]);
    expect(idsOf(recent.of('s29999', time(61)))).toEqual([29_999]);
  });

  it('short ones do not let it grow without end either, and what they bring is known', () => {
    saw(many(10, 1), time(0), 100);
    const PART = KEPT_MAX / 5;
    for (let n = 1; n <= 20; n += 1) {
      now += 1;
      short(many(PART, 100_000 + PART * n, 100 + n), time(95 + n), now);
      expect(recent.size).toBeLessThanOrEqual(KEPT_MAX);
      expect(idsOf(recent.of(`s${100_000 + PART * n}`, time(160 + n)))).toEqual([
        100_000 + PART * n,
      ]);
    }
    expect(recent.of('s1', time(61))).toBeNull();
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
