/** What Temporal keeps of a payload that is encrypted, and how keys are changed. */
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { randomBytes } from 'node:crypto';
import { encryptionCodec, parseKeys } from '../../src/temporal/encryption-codec.js';

const line = (id: string): string => `${id} ${randomBytes(32).toString('base64')}`;
const payloadOf = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const valueOf = (payload: Payload | undefined): unknown =>
  defaultPayloadConverter.fromPayload(payload ?? {});

async function one(step: Promise<Payload[]>): Promise<Payload> {
  const [payload] = await step;
  if (payload === undefined) throw new Error('no payload');
  return payload;
}

test('nothing of it can be read, not even its kind, and the same value never looks the same', async () => {
  const codec = encryptionCodec(parseKeys(line('a')));
  const first = await one(codec.encode([payloadOf({ host: 'compute-1' })]));
  const second = await one(codec.encode([payloadOf({ host: 'compute-1' })]));
  const kept = Buffer.from(
    JSON.stringify({ ...first, data: Buffer.from(first.data ?? []).toString('latin1') }),
  );
  expect(kept.toString()).not.toMatch(/compute-1|json\/plain/);
  expect(first.data).not.toEqual(second.data);
  expect(valueOf(await one(codec.decode([first])))).toEqual({ host: 'compute-1' });
});

test('a new key before the old one: what is old is still read, what is new only with the new one', async () => {
  const [old, fresh] = [line('old'), line('fresh')];
  const before = await one(encryptionCodec(parseKeys(old)).encode([payloadOf(1)]));
  const both = encryptionCodec(parseKeys(`# since May\n${fresh}\n\n${old}\n`));
  expect(valueOf(await one(both.decode([before])))).toBe(1);
  const after = await one(both.encode([payloadOf(2)]));
  expect(valueOf(await one(encryptionCodec(parseKeys(fresh)).decode([after])))).toBe(2);
  await expect(async () => encryptionCodec(parseKeys(old)).decode([after])).rejects.toThrow(
    'encrypted with key "fresh"',
  );
});

test('what was written in the clear is read as it is', async () => {
  const payload = payloadOf('plain');
  expect(await one(encryptionCodec(parseKeys(line('a'))).decode([payload]))).toBe(payload);
});

test.each<[string, (data: Uint8Array) => Uint8Array]>([
  ['a changed bit', (data) => data.map((byte, index) => (index === 20 ? byte ^ 1 : byte))],
  [
    'a changed tag',
    (data) => data.map((byte, index) => (index === data.length - 1 ? byte ^ 1 : byte)),
  ],
  ['a cut', (data) => data.subarray(0, 10)],
])('%s is noticed', async (_, change) => {
  const codec = encryptionCodec(parseKeys(line('a')));
  const { metadata, data } = await one(codec.encode([payloadOf('x')]));
  const forged = { metadata: metadata ?? {}, data: change(data ?? new Uint8Array()) };
  await expect(async () => codec.decode([forged])).rejects.toThrow();
});

test('a payload that is passed off as another key’s is noticed', async () => {
  const same = randomBytes(32).toString('base64');
  const codec = encryptionCodec(parseKeys(`a ${same}\nb ${same}`));
  const { metadata, data } = await one(codec.encode([payloadOf('x')]));
  const forged = {
    metadata: { ...metadata, 'encryption-key-id': new TextEncoder().encode('b') },
    data: data ?? new Uint8Array(),
  };
  await expect(async () => codec.decode([forged])).rejects.toThrow();
});

test.each([
  ['', 'it holds no key'],
  ['a c2hvcnQ=', 'line 1 is not "<id> <base64 of 32 bytes>"'],
  ['# ours\nonly-an-id', 'line 2 is not'],
  [`${line('a')} more`, 'line 1 is not'],
  [`${line('a')}\n${line('a')}`, 'line 2 repeats an id'],
])('a file of keys that is %j is refused, and the sentence holds no key', (content, sentence) => {
  expect(() => parseKeys(content)).toThrow(sentence);
  const secret = /[A-Za-z0-9+/]{40,}/u.exec(content)?.[0] ?? 'c2hvcnQ=';
  expect(() => parseKeys(content)).not.toThrow(secret);
});
