/** A preview that is too large for one payload: all its pages are read within one time, or the caller hears so. */
import type { PreviewResult } from '../../src/domain/preview.js';
import type { CompensationResult } from '../../src/domain/result.js';
import { whole } from '../../src/temporal/preview.js';
import type { CompensationsPage, PageAsked } from '../../workflows/messages.js';

const LATE = { type: 'RequestExpired', message: expect.stringContaining('in time') as string };
const MADE = {
  truncated: true,
  workflow: { id: 'p' },
  compensations: [],
} as unknown as PreviewResult;

let unhandled: unknown[];
const note = (error: unknown) => void unhandled.push(error);
beforeEach(() => {
  unhandled = [];
  process.on('unhandledRejection', note);
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
});
afterEach(() => {
  jest.useRealTimers();
  process.off('unhandledRejection', note);
});

/** Ten compensations a page, each page after so many milliseconds. */
function pages(total: number, afterMs: number, asked: PageAsked[] = []) {
  return async (page: PageAsked): Promise<CompensationsPage> => {
    asked.push(page);
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    const compensations = Array.from({ length: Math.min(10, total - page.offset) }, (_, n) => ({
      action_uuid: `a${page.offset + n}`,
    }));
    return { total, offset: page.offset, compensations: compensations as CompensationResult[] };
  };
}

async function settled(reading: Promise<PreviewResult>, ms: number) {
  let end: { value?: PreviewResult; error?: unknown } | null = null;
  reading.then(
    (value) => (end = { value }),
    (error: unknown) => (end = { error }),
  );
  await jest.advanceTimersByTimeAsync(ms);
  return end as { value?: PreviewResult; error?: unknown } | null;
}

test('whole once its pages have come in time, and no timer is left', async () => {
  const end = await settled(whole(MADE, pages(35, 4_900)), 19_600);
  expect(end?.value).toMatchObject({ truncated: false });
  expect(end?.value?.compensations.map(({ action_uuid }) => action_uuid)).toEqual(
    Array.from({ length: 35 }, (_, n) => `a${n}`),
  );
  expect(jest.getTimerCount()).toBe(0);
});

test('pages that each come in their own time, but not all in that of the whole: refused, and no more are asked for', async () => {
  const asked: PageAsked[] = [];
  const reading = whole(MADE, pages(100, 4_900, asked));
  expect(await settled(reading, 19_999)).toBeNull();
  expect((await settled(reading, 1))?.error).toMatchObject(LATE);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(5);
});

test('a page that never comes, or fails after that, holds up nobody', async () => {
  const failsLate = async (): Promise<never> => {
    await new Promise((resolve) => setTimeout(resolve, 25_000));
    throw new Error('too late');
  };
  expect((await settled(whole(MADE, failsLate), 20_000))?.error).toMatchObject(LATE);
  await jest.advanceTimersByTimeAsync(10_000);
  await new Promise((resolve) => setImmediate(resolve));
  expect(unhandled).toEqual([]);
});

test('what was in one payload asks for nothing', async () => {
  const all = { ...MADE, truncated: false };
  expect(await whole(all, () => Promise.reject(new Error('not to be asked')))).toBe(all);
  expect(jest.getTimerCount()).toBe(0);
});
