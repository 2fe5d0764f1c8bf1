/** One read for all who ask about the same time; never an answer that is older than its question. */
import { InBatches } from '../../activities/in-batches.js';

const LIVE = new AbortController().signal;
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Reads that end when they are told to; each answers with its questions. */
class Reads {
  readonly sent: string[] = [];
  private readonly ends: ((error?: Error) => void)[] = [];

  readonly read = (questions: readonly string[]): Promise<string> => {
    const text = questions.join('+');
    this.sent.push(text);
    return new Promise((resolve, reject) => {
      this.ends.push((error) => (error === undefined ? resolve(text) : reject(error)));
    });
  };

  async end(index: number, error?: Error): Promise<void> {
    this.ends[index]?.(error);
    await turn();
  }
}

test('nobody waits while places are free; beyond them all who ask share the next read', async () => {
  const reads = new Reads();
  const batches = new InBatches(reads.read, 2);
  const answers: Promise<string>[] = [];
  for (const question of ['a', 'b', 'c', 'd', 'e']) {
    answers.push(batches.ask(question, LIVE));
    await turn();
  }
  expect(reads.sent).toEqual(['a', 'b']);
  await reads.end(1);
  expect(reads.sent).toEqual(['a', 'b', 'c+d+e']);
  await reads.end(0);
  await reads.end(2);
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c+d+e', 'c+d+e', 'c+d+e']);
});

test('a read that hangs holds up those who wait for it alone, where there is another place', async () => {
  const reads = new Reads();
  const batches = new InBatches(reads.read, 2);
  void batches.ask('hangs', LIVE);
  await turn();
  for (const question of ['a', 'b']) {
    const answer = batches.ask(question, LIVE);
    await turn();
    await reads.end(reads.sent.length - 1);
    expect(await answer).toBe(question);
  }
});

test('a failed read fails those who waited for it, and gives its place to the next', async () => {
  const reads = new Reads();
  const batches = new InBatches(reads.read, 1);
  const first = expect(batches.ask('a', LIVE)).rejects.toThrow('away');
  await turn();
  const second = batches.ask('b', LIVE);
  await reads.end(0, new Error('away'));
  await first;
  await reads.end(1);
  expect(await second).toBe('b');
});

test('who gives up is told at once; the others get their answer', async () => {
  const reads = new Reads();
  const batches = new InBatches(reads.read, 1);
  const stop = new AbortController();
  const gone = expect(batches.ask('a', stop.signal)).rejects.toThrow('enough');
  const stays = batches.ask('b', LIVE);
  await turn();
  stop.abort(new Error('enough'));
  await gone;
  await reads.end(0);
  expect(await stays).toBe('a+b');
});
