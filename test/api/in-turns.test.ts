/** Requests that come together are begun a few at a time, in their order, and other work has its turn between them. */
import type { RequestHandler } from 'express';
import { inTurns } from '../../src/api/in-turns.js';

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

function arrive(door: RequestHandler, names: readonly string[], begun: string[]): void {
  for (const name of names)
    void door({ path: '/v1' } as never, {} as never, () => void begun.push(name));
}

test('many at once are begun four at a time, in the order of their coming, and none is lost', async () => {
  const door = inTurns(['/healthz']);
  const begun: string[] = [];
  const names = Array.from({ length: 10 }, (_, index) => `r${index}`);
  arrive(door, names.slice(0, 9), begun);
  expect(begun).toEqual([]);
  await turn();
  expect(begun).toEqual(names.slice(0, 4));
  arrive(door, names.slice(9), begun);
  await turn();
  expect(begun).toEqual(names.slice(0, 8));
  await turn();
  expect(begun).toEqual(names);
  arrive(door, ['later'], begun);
  await turn();
  expect(begun.at(-1)).toBe('later');
});

test('a probe does not wait for its turn', () => {
  const door = inTurns(['/healthz']);
  const begun: string[] = [];
  arrive(door, ['a', 'b'], begun);
  void door({ path: '/healthz' } as never, {} as never, () => void begun.push('probe'));
  expect(begun).toEqual(['probe']);
});
