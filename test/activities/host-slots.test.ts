/** The worker-wide bound per host: never exceeded, fair between rollbacks, cancellable. */
import { setMaxListeners } from 'node:events';
import { HostSlots } from '../../activities/host-slots.js';
import type { Release } from '../../activities/host-slots.js';

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Asks, and notes when it got its slots. */
function asker(slots: HostSlots) {
  const granted: string[] = [];
  const releases = new Map<string, Release>();
  return {
    granted,
    ask: async (name: string, rollback: string, hosts: string[], signal = NEVER) => {
      const release = await slots.acquire(rollback, hosts, signal);
      granted.push(name);
      releases.set(name, release);
    },
    release: (name: string) => releases.get(name)?.(),
  };
}

it('counts both ends and waits for both', async () => {
  const { ask, granted, release } = asker(new HostSlots(1));
  void ask('a', 'r', ['h1', 'h2']);
  void ask('b', 'r', ['h2', 'h3']);
  void ask('c', 'r', ['h3', 'h4']);
  await settle();
  expect(granted).toEqual(['a', 'c']);
  release('a');
  await settle();
  expect(granted).toEqual(['a', 'c']);
  release('c');
  await settle();
  expect(granted).toEqual(['a', 'c', 'b']);
});

it('gives one slot for both ends on the same host, and a release counts once', async () => {
  const { ask, granted, release } = asker(new HostSlots(1));
  void ask('a', 'r', ['h1', 'h1']);
  void ask('b', 'r', ['h1']);
  void ask('c', 'r', ['h1']);
  await settle();
  release('a');
  release('a');
  await settle();
  expect(granted).toEqual(['a', 'b']);
});

it('takes turns between rollbacks, however many each one has waiting', async () => {
  const { ask, granted, release } = asker(new HostSlots(1));
  for (let n = 0; n < 10; n++) void ask(`big-${n}`, 'big', ['h']);
  for (let n = 0; n < 2; n++) void ask(`small-${n}`, 'small', ['h']);
  await settle();
  for (let n = 0; n < 5; n++) {
    release(granted.at(-1) ?? '');
    await settle();
  }
  expect(granted).toEqual(['big-0', 'big-1', 'small-0', 'big-2', 'small-1', 'big-3']);
});

it('does not let one that needs two busy hosts starve', async () => {
  const { ask, granted, release } = asker(new HostSlots(1));
  void ask('h1-first', 'x', ['h1']);
  void ask('h2-first', 'y', ['h2']);
  await settle();
  void ask('both', 'z', ['h1', 'h2']);
  const live = ['h1-first', 'h2-first'];
  // Somebody is always waiting for either of its hosts, and they never become free together.
  let turns = 0;
  while (!granted.includes('both') && turns < 50) {
    const host = turns % 2 === 0 ? 'h1' : 'h2';
    const name = `${host}-${turns}`;
    void ask(name, host === 'h1' ? 'x' : 'y', [host]);
    live.push(name);
    const oldest = live.find((one) => one.startsWith(host) && granted.includes(one));
    live.splice(live.indexOf(oldest ?? ''), oldest === undefined ? 0 : 1);
    release(oldest ?? '');
    await settle();
    turns++;
  }
  expect(granted).toContain('both');
  expect(turns).toBeLessThan(25);
});

it('forgets who was cancelled, and lets the next one in', async () => {
  const { ask, granted, release } = asker(new HostSlots(1));
  const cancel = new AbortController();
  void ask('a', 'r', ['h']);
  const waiting = ask('b', 'r', ['h'], cancel.signal);
  void ask('c', 'r', ['h']);
  await settle();
  cancel.abort(new Error('cancelled'));
  await expect(waiting).rejects.toThrow('cancelled');
  release('a');
  await settle();
  expect(granted).toEqual(['a', 'c']);
  await expect(ask('d', 'r', ['h'], cancel.signal)).rejects.toThrow('cancelled');
});

it('counts what is under way already, without waiting', async () => {
  const slots = new HostSlots(1);
  const { ask, granted } = asker(slots);
  const first = slots.occupy(['h']);
  const second = slots.occupy(['h']);
  void ask('a', 'r', ['h']);
  await settle();
  first();
  await settle();
  expect(granted).toEqual([]);
  second();
  await settle();
  expect(granted).toEqual(['a']);
});
