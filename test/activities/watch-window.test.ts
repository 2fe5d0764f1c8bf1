/** Short listings and whole ones of the watch where the clocks of Nova's conductors differ: what is missed, and for how long. */
import { NovaClock } from '../../activities/nova-time.js';
import { RecentRecords } from '../../activities/recent-records.js';
import { clockSeconds } from '../../activities/waiting.js';
import { ServerWatch } from '../../activities/watch.js';
import type { Compute, ComputeMigration } from '../../src/openstack/cloud.js';

const NEVER = new AbortController().signal;
const START = Date.UTC(2026, 10, 30, 12);
const time = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const SINCE = time(-600);

let records: ComputeMigration[];
/** When each listing came, in seconds, and from when on it listed. */
let listings: { at: number; since: string }[];
let told: { clock: NovaClock; records: RecentRecords };
let watch: ServerWatch;
let begun: number;
const elapsed = () => clockSeconds() - begun;

beforeEach(() => {
  jest.useFakeTimers({ now: START });
  begun = clockSeconds();
  records = [];
  listings = [];
  const compute: Pick<Compute, 'listMigrations'> = {
    listMigrations: ({ changedSince = '' }) => {
      listings.push({ at: elapsed(), since: changedSince });
      return Promise.resolve(records.filter((one) => (one.updatedAt ?? '') >= changedSince));
    },
  };
  told = { clock: new NovaClock(), records: new RecentRecords() };
  const settings = { poll_first: 0.1, poll_max: 0.2, read_errors: 1 };
  watch = new ServerWatch(compute as Compute, settings, told);
});
afterEach(() => jest.useRealTimers());

function record(id: number, serverId: string, status: string, updatedAt: string) {
  return { id, serverId, status, createdAt: updatedAt, updatedAt } as ComputeMigration;
}

function followed(serverId: string) {
  const following = { doneAt: null as number | null };
  void watch
    .follow({
      serverId,
      since: SINCE,
      signal: NEVER,
      judge: ({ records: [newest] }) => (newest?.status === 'completed' ? { done: 1 } : 'wait'),
    })
    .then(() => (following.doneAt = elapsed()));
  return following;
}

test('what a conductor whose clock is behind has recorded is found by the next whole listing, within two seconds', async () => {
  records = [record(1, 'a', 'running', time(-1))];
  const following = followed('a');
  await jest.advanceTimersByTimeAsync(500);
  // Ended now by a clock that is ten seconds behind. Another one's records show what Nova's time is.
  records = [record(1, 'a', 'completed', time(-10)), record(2, 'b', 'running', time(0.5))];
  await jest.advanceTimersByTimeAsync(1_400);
  expect(following.doneAt).toBeNull();
  expect(listings.filter(({ since }) => since === SINCE)).toHaveLength(1);
  expect(listings.filter(({ since }) => since === time(-4.5)).length).toBeGreaterThan(3);
  await jest.advanceTimersByTimeAsync(500);
  expect(following.doneAt).toBeGreaterThanOrEqual(2);
  expect(following.doneAt).toBeLessThan(2.4);
  expect(listings.at(-1)).toEqual({ at: following.doneAt, since: SINCE });
});

test('short listings of a conductor whose clock is ahead do not undo what the worker knows of records', async () => {
  records = [record(1, 'a', 'running', time(10)), record(2, 'b', 'completed', time(-100))];
  followed('a');
  await jest.advanceTimersByTimeAsync(900);
  expect(listings.at(-1)?.since).toBe(time(5));
  expect(told.records.of('b', time(0))?.map(({ id }) => id)).toEqual([2]);
  // And they do not make it any younger.
  await jest.advanceTimersByTimeAsync(300);
  expect(told.records.of('b', time(0))).toBeNull();
  await jest.advanceTimersByTimeAsync(1_200);
  expect(told.records.of('b', time(0))?.map(({ id }) => id)).toEqual([2]);
});

test('where the clocks agree, short listings keep it young', async () => {
  records = [record(1, 'a', 'running', time(0)), record(2, 'b', 'completed', time(-100))];
  followed('a');
  await jest.advanceTimersByTimeAsync(1_800);
  expect(listings.filter(({ since }) => since === SINCE)).toHaveLength(1);
  expect(told.records.of('b', time(0))?.map(({ id }) => id)).toEqual([2]);
});
