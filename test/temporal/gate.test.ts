/** The gate before starts: so many at once, the rest in their order, nobody for ever. */
import { setTimeout as sleep } from 'node:timers/promises';
import { FixedWidth, type GateWidth } from '../../src/temporal/gate-width.js';
import { Gate } from '../../src/temporal/gate.js';

const refusal = (): Error => new Error('too many');
const LATER = (): number => Date.now() + 60_000;

/** Work that ends when it is told to. */
class Works {
  readonly begun: string[] = [];
  private readonly ends = new Map<string, (error?: Error) => void>();

  readonly of = (name: string) => (): Promise<string> => {
    this.begun.push(name);
    return new Promise((resolve, reject) => {
      this.ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
    });
  };

  async end(name: string, error?: Error): Promise<void> {
    this.ends.get(name)?.(error);
    await sleep(0);
  }
}

test('as many as fit are let in at once, the others in the order of their coming', async () => {
  const works = new Works();
  const gate = new Gate(new FixedWidth(2));
  const all = ['a', 'b', 'c', 'd'].map((name) => gate.pass(LATER(), works.of(name), refusal));
  await sleep(0);
  expect(works.begun).toEqual(['a', 'b']);
  await works.end('b');
  expect(works.begun).toEqual(['a', 'b', 'c']);
  await works.end('a');
  await works.end('c');
  await works.end('d');
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
});

test('whose work fails gives the place to the next, and hears its own error', async () => {
  const works = new Works();
  const gate = new Gate(new FixedWidth(1));
  const first = gate.pass(LATER(), works.of('a'), refusal);
  const failed = expect(first).rejects.toThrow('broken');
  const second = gate.pass(LATER(), works.of('b'), refusal);
  await works.end('a', new Error('broken'));
  await failed;
  expect(works.begun).toEqual(['a', 'b']);
  await works.end('b');
  expect(await second).toBe('b');
});

test('whose turn does not come in time is refused without having begun, and does not keep the place', async () => {
  const works = new Works();
  const gate = new Gate(new FixedWidth(1));
  const first = gate.pass(LATER(), works.of('a'), refusal);
  await expect(gate.pass(Date.now() + 20, works.of('late'), refusal)).rejects.toThrow('too many');
  await works.end('a');
  await first;
  const next = gate.pass(Date.now(), works.of('b'), refusal);
  await works.end('b');
  expect(await next).toBe('b');
  expect(works.begun).toEqual(['a', 'b']);
});

test('those who run out of time together are refused a few at a time', async () => {
  const works = new Works();
  const gate = new Gate(new FixedWidth(1));
  const first = gate.pass(LATER(), works.of('a'), refusal);
  const refused: number[] = [];
  let turns = 0;
  const turnBy = Date.now() + 20;
  const late = Array.from({ length: 40 }, () =>
    gate.pass(turnBy, works.of('late'), refusal).catch(() => void refused.push(turns)),
  );
  while (refused.length < late.length) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    turns += 1;
  }
  const perTurn = refused.map((turn) => refused.filter((other) => other === turn).length);
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(4);
  await works.end('a');
  expect(await first).toBe('a');
  expect(works.begun).toEqual(['a']);
});

test('where it has become wider all who fit are let in, where it has become narrower nobody is until it is so', async () => {
  const works = new Works();
  const ended: boolean[] = [];
  const width = {
    most: 1,
    ended: ({ succeeded, isFull }) => void ended.push(succeeded, isFull),
  } satisfies GateWidth;
  const gate = new Gate(width);
  const all = ['a', 'b', 'c', 'd', 'e'].map((name) => gate.pass(LATER(), works.of(name), refusal));
  await sleep(0);
  width.most = 3;
  await works.end('a');
  expect(works.begun).toEqual(['a', 'b', 'c', 'd']);
  width.most = 1;
  await works.end('b');
  await works.end('c');
  expect(works.begun).toEqual(['a', 'b', 'c', 'd']);
  const failed = expect(all[3]).rejects.toThrow('broken');
  await works.end('d', new Error('broken'));
  await failed;
  expect(works.begun).toEqual(['a', 'b', 'c', 'd', 'e']);
  await works.end('e');
  expect(ended).toEqual([true, true, true, true, true, true, false, true, true, false]);
});
