/** Watcher's other plans are read once for all rollbacks that want them, and never older than they were asked for. */
import { OtherPlans } from '../../activities/other-plans.js';
import type { WatcherAction, WatcherActionPlan } from '../../src/openstack/cloud.js';

const LIVE = new AbortController().signal;

function plan(uuid: string, more: Partial<WatcherActionPlan> = {}): WatcherActionPlan {
  const base = {
    uuid,
    state: 'SUCCEEDED',
    createdAt: '2026-01-01T00:00:00Z',
    updatedAt: '2026-01-01T01:00:00Z',
  };
  return { ...base, ...more } as WatcherActionPlan;
}

/** Answers when it is told to. */
class Watcher {
  readonly listed: string[] = [];
  readonly read: string[] = [];
  failing = false;
  private waiting: (() => void)[] = [];

  async listActionPlans({ changedSince }: { changedSince?: string }): Promise<WatcherActionPlan[]> {
    this.listed.push(changedSince ?? '');
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
    });
    if (this.failing) throw new Error('away');
    return [plan('x')];
  }

  listActions(uuid: string): Promise<WatcherAction[]> {
    this.read.push(uuid);
    return this.failing
      ? Promise.reject(new Error('away'))
      : Promise.resolve([{ uuid: `${uuid}-1` } as WatcherAction]);
  }

  async answer(): Promise<void> {
    await turn();
    for (const tell of this.waiting.splice(0)) tell();
    await turn();
  }
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

function started(): { watcher: Watcher; plans: OtherPlans } {
  const watcher = new Watcher();
  return { watcher, plans: new OtherPlans(watcher as never) };
}

test('who asks while a listing is under way gets the next one, all of them the same, from the earliest time on', async () => {
  const { watcher, plans } = started();
  const first = plans.list('2026-03-03T00:00:00Z', LIVE);
  await turn();
  const second = plans.list('2026-02-02T00:00:00Z', LIVE);
  const third = plans.list('2026-01-01T00:00:00Z', LIVE);
  await turn();
  expect(watcher.listed).toEqual(['2026-03-03T00:00:00Z']);
  await watcher.answer();
  await watcher.answer();
  expect(watcher.listed).toEqual(['2026-03-03T00:00:00Z', '2026-01-01T00:00:00Z']);
  expect(await Promise.all([first, second, third])).toHaveLength(3);
});

test('a listing that fails fails those who waited for it, not those who come later', async () => {
  const { watcher, plans } = started();
  watcher.failing = true;
  const first = plans.list('2026-03-03T00:00:00Z', LIVE);
  const failed = expect(first).rejects.toThrow('away');
  await watcher.answer();
  await failed;
  watcher.failing = false;
  const second = plans.list('2026-03-03T00:00:00Z', LIVE);
  await watcher.answer();
  expect(await second).toHaveLength(1);
});

test('a caller who gives up does not take the listing from the others', async () => {
  const { watcher, plans } = started();
  const impatient = new AbortController();
  const first = plans.list('2026-03-03T00:00:00Z', impatient.signal);
  const second = plans.list('2026-03-03T00:00:00Z', LIVE);
  const gone = expect(first).rejects.toThrow('enough');
  impatient.abort(new Error('enough'));
  await gone;
  await watcher.answer();
  expect(await second).toHaveLength(1);
});

test('the actions of an ended plan are read once, also by many at once; those of a running one each time', async () => {
  const { watcher, plans } = started();
  await Promise.all([1, 2, 3].map(() => plans.actionsOf(plan('ended'), LIVE)));
  expect(watcher.read).toEqual(['ended']);
  for (const state of ['ONGOING', 'PENDING', 'CANCELLING']) {
    await plans.actionsOf(plan('runs', { state }), LIVE);
    await plans.actionsOf(plan('runs', { state }), LIVE);
  }
  expect(watcher.read.filter((uuid) => uuid === 'runs')).toHaveLength(6);
});

test('a plan that is not as it was is read again, and so is one that could not be read', async () => {
  const { watcher, plans } = started();
  await plans.actionsOf(plan('a'), LIVE);
  await plans.actionsOf(plan('a', { updatedAt: '2026-01-01T02:00:00Z' }), LIVE);
  expect(watcher.read).toEqual(['a', 'a']);
  watcher.failing = true;
  await expect(plans.actionsOf(plan('b'), LIVE)).rejects.toThrow('away');
  watcher.failing = false;
  expect(await plans.actionsOf(plan('b'), LIVE)).toHaveLength(1);
});
