/** How many are let in at once, by how long those took that were. */
import { FittingWidth } from '../../src/temporal/gate-width.js';

class Scene {
  nowMs = 0;
  readonly width: FittingWidth;

  constructor(atMost = 32) {
    this.width = new FittingWidth(atMost, () => this.nowMs);
  }

  /** So many that were let in together and took as long. */
  round(
    tookMs: number,
    more: { count?: number; succeeded?: boolean; isFull?: boolean } = {},
  ): number {
    const { count = this.width.most, succeeded = true, isFull = true } = more;
    this.nowMs += tookMs;
    for (let one = 0; one < count; one += 1) this.width.ended({ tookMs, succeeded, isFull });
    return this.width.most;
  }
}

test('it begins with a few, and twice as many follow where those were quick, up to the most', () => {
  const scene = new Scene();
  expect(scene.width.most).toBe(4);
  expect([1000, 1100, 900, 1000].map((ms) => scene.round(ms))).toEqual([8, 16, 32, 32]);
});

test('never more than it may, also where that is less than it begins with', () => {
  const scene = new Scene(2);
  expect([1000, 1000, 9000, 1000].map((ms) => scene.round(ms))).toEqual([2, 2, 2, 2]);
});

test('nobody waiting: nothing is known of what more would do', () => {
  const scene = new Scene();
  expect(scene.round(1000, { count: 20, isFull: false })).toBe(4);
});

test('slow ones make it narrower, once for all that were there together, and it grows slowly from there', () => {
  const scene = new Scene();
  scene.round(1000);
  expect(scene.round(1000)).toBe(16);
  expect(scene.round(2001)).toBe(11);
  expect(scene.round(2000)).toBe(12);
  expect(scene.round(2001)).toBe(8);
});

test('however slow, a few are let in', () => {
  const scene = new Scene();
  scene.round(600);
  for (let round = 0; round < 10; round += 1) scene.round(5000);
  expect(scene.width.most).toBe(4);
});

test('what takes no time worth speaking of is not slow, whatever the quickest took', () => {
  const scene = new Scene();
  expect([20, 400, 500].map((ms) => scene.round(ms))).toEqual([8, 16, 32]);
});

test('a refusal is an answer too: many are not held up; but how long it took is no measure', () => {
  const scene = new Scene();
  expect(scene.round(5000, { succeeded: false })).toBe(8);
  expect(scene.round(1000)).toBe(16);
  expect(scene.round(10, { succeeded: false, count: 4 })).toBe(20);
  expect(scene.round(1900)).toBe(32);
  expect(scene.round(30_000, { succeeded: false })).toBe(22);
});

test('a cloud that has become slower for all: seen after a while, when as few as may be are let in', () => {
  const scene = new Scene();
  scene.round(1000);
  for (let round = 0; round < 12; round += 1) scene.round(5000, { count: 4 });
  expect(scene.width.most).toBe(4);
  for (let round = 0; round < 12; round += 1) scene.round(5000);
  expect(scene.width.most).toBeGreaterThan(8);
});

test('who are slow by each other do not become the measure, however long it goes on', () => {
  const scene = new Scene();
  scene.round(1000);
  scene.round(1000);
  // A worker on one core: as many at once as there are, as many times as long.
  const widths = Array.from({ length: 60 }, () => scene.round(500 * scene.width.most));
  expect(Math.max(...widths.slice(10))).toBeLessThanOrEqual(9);
});

test('after a minute without any nothing is known: the next ones begin as the first did', () => {
  const scene = new Scene();
  scene.round(1000);
  scene.round(1000);
  scene.round(5000);
  scene.nowMs += 61_000;
  expect(scene.round(3000, { count: 4 })).toBe(8);
  expect([3000, 3000].map((ms) => scene.round(ms))).toEqual([16, 32]);
});
