/** What is learned of how long changes take, and when a watch is looked at next by it. */
import { LearnedDurations } from '../../activities/learned-durations.js';
import { nextLook } from '../../activities/watch-pace.js';

let learned: LearnedDurations;
beforeEach(() => {
  learned = new LearnedDurations();
});
const ended = (...seconds: number[]) => {
  for (const one of seconds) learned.ended(one);
};
const many = (seconds: number, count = 8) => Array.from({ length: count }, () => seconds);

describe('what is learned', () => {
  it('before the first end a quick one is looked for, a few times only', () => {
    expect(learned.maybeWithin(0.2)).toBe(true);
    for (let n = 0; n < 3; n++) learned.looked();
    expect(learned.maybeWithin(0.2)).toBe(false);
  });

  it('then where one of the last was quick, or was seen too late to know', () => {
    ended(3, 0.02, 3);
    expect(learned.maybeWithin(0.2)).toBe(true);
    learned = new LearnedDurations();
    ended(0.25);
    expect(learned.maybeWithin(0.2)).toBe(true);
    learned = new LearnedDurations();
    ended(0.31);
    expect(learned.maybeWithin(0.2)).toBe(false);
  });

  it('the last few only', () => {
    ended(0.02, ...many(3, 31));
    expect(learned.maybeWithin(0.2)).toBe(true);
    expect(learned.quickest()).toBe(0.02);
    ended(4);
    expect(learned.maybeWithin(0.2)).toBe(false);
    expect(learned.quickest()).toBe(3);
  });

  it('of a few ends nothing is expected', () => {
    ended(...many(3, 3));
    expect(learned.quickest()).toBeNull();
    ended(3);
    expect(learned.quickest()).toBe(3);
  });
});

describe('the next look', () => {
  const settings = { poll_first: 0.2, poll_max: 5 };
  const at = (
    watch: { joinedAt: number; quietSince?: number; isNew?: boolean },
    lastPassAt = -Infinity,
    given = settings,
    took = 0,
    watching = 1,
  ) => {
    const lastPass = { begun: lastPassAt, ended: lastPassAt + took };
    const paced = { isNew: true, quietSince: watch.joinedAt, ...watch };
    return nextLook(paced, lastPass, learned, given, watching);
  };

  it('at something new on a quick cloud: early, then less and less', () => {
    ended(0.02);
    const looks = [100];
    while ((looks.at(-1) ?? 0) < 101) looks.push(at({ joinedAt: 100 }, looks.at(-1)));
    const ages = looks.slice(1, 6).map((time) => Math.round((time - 100) * 1000));
    expect(ages).toEqual([4, 12, 30, 100, 300]);
  });

  it('at something new where nothing ends so soon: with the next pass, which it does not bring on', () => {
    ended(3);
    expect(at({ joinedAt: 100.15 }, 100)).toBeCloseTo(100.35);
    expect(at({ joinedAt: 100 })).toBeCloseTo(100.2);
  });

  it('not before three quarters of the quickest, nor later than in two seconds', () => {
    ended(...many(1.6));
    expect(at({ joinedAt: 100 }, 100)).toBeCloseTo(101.2);
    expect(at({ joinedAt: 100 }, 101.1)).toBeCloseTo(101.3);
    learned = new LearnedDurations();
    ended(...many(300));
    expect(at({ joinedAt: 100 }, 100)).toBeCloseTo(102);
    expect(at({ joinedAt: 100 }, 100, { poll_first: 0.05, poll_max: 1 })).toBeCloseTo(101);
    expect(at({ joinedAt: 100, isNew: false }, 100)).toBeCloseTo(100.2);
  });

  it('the longer nothing changes the later, up to the longest pause', () => {
    ended(3);
    const pauses = [1, 4, 20, 400].map((quiet) => {
      const now = 100 + quiet;
      return Math.round((at({ joinedAt: 100 }, now) - now) * 100) / 100;
    });
    expect(pauses).toEqual([0.2, 0.32, 1.6, 5]);
    expect(at({ joinedAt: 100, quietSince: 500 }, 500)).toBeCloseTo(500.2);
  });

  it('the more are watched the sooner, up to four times as soon', () => {
    ended(3);
    const pause = (watching: number, quiet: number) =>
      at({ joinedAt: 100 }, 100 + quiet, settings, 0, watching) - (100 + quiet);
    expect([1, 10, 20, 40, 1000].map((watching) => pause(watching, 3).toFixed(3))).toEqual([
      '0.240',
      '0.240',
      '0.120',
      '0.060',
      '0.060',
    ]);
    expect(pause(40, 0.5)).toBeCloseTo(0.05);
  });

  it('a pass that took long is followed by a pause, and a newcomer on a quick cloud waits for none', () => {
    const old = { joinedAt: 50, isNew: false };
    expect(at(old, 100, settings, 3)).toBeCloseTo(104);
    expect(at(old, 100, settings, 7)).toBeCloseTo(107.2);
    ended(0.02);
    expect(at({ joinedAt: 100.5 }, 100, settings, 3)).toBeCloseTo(100.504, 3);
  });

  it('never earlier than the first pause where that is shorter than an early look', () => {
    expect(at({ joinedAt: 100 }, 100, { poll_first: 0.005, poll_max: 1 })).toBeCloseTo(100.005);
  });
});
