import { ListingWindow, type Watched } from '../../activities/listing-window.js';

const OLD = '2026-11-25T00:00:00.000Z';
const LATEST = '2026-11-25T00:10:00.000Z';
const MOMENT = '2026-11-25T00:09:55.000Z';

let window: ListingWindow;
beforeEach(() => {
  window = new ListingWindow();
});

function watched(given: Partial<Watched> = {}): Watched {
  return { since: OLD, joinedAt: 100, isNew: false, ...given };
}

function next(now: number, all: Watched[] = [watched()], latest: string | null = LATEST) {
  const found = window.next(all, latest, now);
  if (found?.isWhole === true) window.listedWhole(now);
  return found?.since;
}

test('everything first and every two seconds, in between the last moment', () => {
  expect([101, 101.5, 102.9, 103, 104.9, 105].map((now) => next(now))).toEqual([
    OLD,
    MOMENT,
    MOMENT,
    OLD,
    MOMENT,
    OLD,
  ]);
});

test('everything for a newcomer that waits for what may be long over, not for one that has just asked', () => {
  next(101);
  expect(next(101.2, [watched(), watched({ joinedAt: 101.1, isNew: true })])).toBe(MOMENT);
  expect(next(101.3, [watched(), watched({ joinedAt: 101.1 })])).toBe(OLD);
  expect(next(101.4, [watched(), watched({ joinedAt: 101.1 })])).toBe(MOMENT);
});

test('a listing of everything that failed is made again', () => {
  expect(window.next([watched()], LATEST, 101)).toEqual({ since: OLD, isWhole: true });
  expect(window.next([watched()], LATEST, 101.1)).toEqual({ since: OLD, isWhole: true });
});

test('never from before the oldest watch began, and everything where Nova has told no time yet', () => {
  next(101);
  const since = '2026-11-25T00:09:58.000Z';
  expect(next(101.1, [watched({ since })])).toBe(since);
  expect(next(101.2, [watched()], null)).toBe(OLD);
});

test('nothing where no record matters', () => {
  expect(window.next([watched({ since: null })], LATEST, 101)).toBeNull();
});
