/** Many who wait for slots: the work does not grow with them, and who is let in is what a look at all of them would say. */
import { setMaxListeners } from 'node:events';
import * as fc from 'fast-check';
import { HostSlots } from '../../activities/host-slots.js';
import type { Release } from '../../activities/host-slots.js';

const NEVER = new AbortController().signal;
setMaxListeners(0, NEVER);
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** How often it is looked whether somebody fits, for each of so many that get their slots one after the other. */
async function looksEach(waiters: number, hostsOf: (n: number) => string[]): Promise<number> {
  const slots = new HostSlots(4);
  const all = Array.from({ length: waiters }, async (_, n) => {
    const release = await slots.acquire(`rollback-${n % 3}`, hostsOf(n), NEVER);
    await settle();
    release();
  });
  await Promise.all(all);
  return slots.looked / waiters;
}

it.each([
  ['on one host', (_n: number) => ['h']],
  ['from one host to a few', (n: number) => ['h', `away-${n % 5}`]],
  ['among a few hosts', (n: number) => [`h-${n % 7}`, `h-${(n + 1 + (n % 3)) % 7}`]],
])('what each costs does not grow with how many wait %s', async (_where, hostsOf) => {
  const few = await looksEach(60, hostsOf);
  const many = await looksEach(1200, hostsOf);
  expect(many).toBeLessThan(few * 2);
});

it('a rollback that has many waiting elsewhere does not make a release dearer', async () => {
  const slots = new HostSlots(1);
  const full = slots.occupy(['full']);
  for (let n = 0; n < 500; n++) void slots.acquire('big', ['full', `away-${n}`], NEVER);
  const held = await slots.acquire('small', ['h'], NEVER);
  const next = slots.acquire('small', ['h'], NEVER);
  const before = slots.looked;
  held();
  await next;
  expect(slots.looked - before).toBeLessThan(5);
  full();
});

it('one that is not passed any more is let in at once, past what is kept for another', async () => {
  const slots = new HostSlots(2, 2);
  const granted: string[] = [];
  const ask = async (name: string, rollback: string, hosts: string[]): Promise<Release> => {
    const release = await slots.acquire(rollback, hosts, NEVER);
    granted.push(name);
    return release;
  };
  slots.occupy(['c']);
  slots.occupy(['c']);
  void ask('kept', 'y', ['a', 'c']);
  const passing = [await ask('a1', 'z', ['a']), await ask('a2', 'z', ['a'])];
  passing[0]?.();
  void ask('both', 'x', ['a', 'b']);
  await settle();
  (await ask('b1', 'z', ['b']))();
  expect(granted).toEqual(['a1', 'a2', 'b1']);
  await ask('b2', 'z', ['b']);
  await settle();
  expect(granted).toContain('both');
});

interface Wish {
  name: number;
  rollback: string;
  hosts: string[];
  overtaken: number;
}

/** The rule, said simply: after every change all are looked at, in the order of turns. */
class Simple {
  readonly granted: number[] = [];
  private readonly used = new Map<string, number>();
  private queues: { rollback: string; waiting: Wish[] }[] = [];

  constructor(
    private readonly perHost: number,
    private readonly overtakenMax: number,
  ) {}

  ask(name: number, rollback: string, hosts: string[]): void {
    const wish = { name, rollback, hosts, overtaken: 0 };
    const queue = this.queues.find((one) => one.rollback === rollback);
    if (queue === undefined) this.queues.push({ rollback, waiting: [wish] });
    else queue.waiting.push(wish);
    this.serve();
  }

  release(hosts: string[]): void {
    this.count(hosts, -1);
    this.serve();
  }

  giveUp(name: number): void {
    for (const queue of this.queues)
      queue.waiting = queue.waiting.filter((wish) => wish.name !== name);
    this.queues = this.queues.filter(({ waiting }) => waiting.length > 0);
    this.serve();
  }

  private serve(): void {
    while (this.serveOne());
  }

  private serveOne(): boolean {
    const passed: Wish[] = [];
    for (const queue of this.queues) {
      const [head] = queue.waiting;
      const wish = queue.waiting.find((one) => this.fits(one));
      if (head !== undefined && head !== wish) passed.push(head);
      if (wish === undefined) continue;
      for (const other of passed)
        if (other.hosts.some((host) => wish.hosts.includes(host))) other.overtaken += 1;
      queue.waiting = queue.waiting.filter((one) => one !== wish);
      this.queues = this.queues.filter((one) => one !== queue);
      if (queue.waiting.length > 0) this.queues.push(queue);
      this.count(wish.hosts, 1);
      this.granted.push(wish.name);
      return true;
    }
    return false;
  }

  private fits({ hosts, overtaken }: Wish): boolean {
    const heads = this.queues.flatMap(({ waiting }) => waiting.slice(0, 1));
    const kept = heads
      .filter((head) => head.overtaken >= this.overtakenMax)
      .flatMap((head) => head.hosts);
    return hosts.every(
      (host) =>
        (this.used.get(host) ?? 0) < this.perHost &&
        (overtaken >= this.overtakenMax || !kept.includes(host)),
    );
  }

  private count(hosts: string[], by: number): void {
    for (const host of hosts) this.used.set(host, (this.used.get(host) ?? 0) + by);
  }
}

const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('ask' as const),
        rollback: fc.constantFrom('r', 's', 't'),
        hosts: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 2 }),
      }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('release' as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('give up' as const), which: fc.nat() }) },
  ),
  { maxLength: 150 },
);

/** null: it was given up. */
async function acquired(
  asked: Promise<Release>,
  then: (release: Release | null) => void,
): Promise<void> {
  const release = await asked.catch(() => null);
  then(release);
}

const bound = fc.integer({ min: 1, max: 2 });

it('lets in who a look at all of them lets in, in the same order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, bound, bound, async (all, perHost, overtakenMax) => {
      const slots = new HostSlots(perHost, overtakenMax);
      const simple = new Simple(perHost, overtakenMax);
      const granted: number[] = [];
      const held: { hosts: string[]; release: Release }[] = [];
      const waiting = new Map<number, AbortController>();
      let name = 0;
      for (const step of all) {
        if (step.do === 'ask') {
          const [me, cancel] = [name++, new AbortController()];
          waiting.set(me, cancel);
          const { rollback, hosts } = step;
          void acquired(slots.acquire(rollback, hosts, cancel.signal), (release) => {
            waiting.delete(me);
            if (release === null) return;
            granted.push(me);
            held.push({ hosts, release });
          });
          simple.ask(me, step.rollback, step.hosts);
        } else if (step.do === 'release' && held.length > 0) {
          const [one] = held.splice(step.which % held.length, 1);
          one?.release();
          simple.release(one?.hosts ?? []);
        } else if (step.do === 'give up' && waiting.size > 0) {
          const chosen = [...waiting][step.which % waiting.size];
          chosen?.[1].abort(new Error('given up'));
          simple.giveUp(chosen?.[0] ?? -1);
        }
        await settle();
        expect(granted).toEqual(simple.granted);
      }
    }),
    { numRuns: 300 },
  );
});
