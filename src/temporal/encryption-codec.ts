/**
 * Encrypts every payload that goes to Temporal (inputs, results, heartbeats, memos, summaries), so that whoever can read its
 * database cannot read the cloud's names. AES-256-GCM; the payload's own metadata is encrypted with it. What was written before
 * encryption was switched on is read as it is. It must not know where keys come from.
 */
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const ENCRYPTED = 'binary/encrypted';
const CIPHER = 'aes-256-gcm';
const KEY_ID = 'encryption-key-id';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Each is tried by its name alone, so this bounds a mistake, not the work. */
const KEYS_MAX = 100;

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** The first one encrypts; all of them decrypt, so that a key is changed by putting a new one before it. */
export type PayloadKeys = readonly { id: string; key: Buffer }[];

/**
 * Lines of "<id> <base64 of 32 bytes>"; empty ones and those that begin with # are left out. Throws an Error whose sentence has
 * the number of the line, never what is in it.
 */
export function parseKeys(content: string): PayloadKeys {
  const keys: { id: string; key: Buffer }[] = [];
  for (const [index, line] of content.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const [id, encoded, ...rest] = trimmed.split(/\s+/u);
    const key = Buffer.from(encoded ?? '', 'base64');
    if (id === undefined || key.length !== KEY_BYTES || rest.length > 0) {
      throw new Error(`line ${index + 1} is not "<id> <base64 of ${KEY_BYTES} bytes>"`);
    }
    if (keys.some((other) => other.id === id)) throw new Error(`line ${index + 1} repeats an id`);
    keys.push({ id, key });
  }
  if (keys.length === 0) throw new Error('it holds no key');
  if (keys.length > KEYS_MAX) throw new Error(`it holds more than ${KEYS_MAX} keys`);
  return keys;
}

export function encryptionCodec(keys: PayloadKeys): PayloadCodec {
  const [current] = keys;
  if (current === undefined) throw new Error('there is no key to encrypt with');
  const byId = new Map(keys.map(({ id, key }) => [id, key]));
  return {
    encode: (payloads) => Promise.resolve(payloads.map((payload) => encrypt(payload, current))),
    decode: (payloads) => Promise.resolve(payloads.map((payload) => decrypt(payload, byId))),
  };
}

function encrypt(payload: Payload, { id, key }: PayloadKeys[number]): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce);
  cipher.setAAD(utf8.encode(id));
  const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return {
    metadata: { [METADATA_ENCODING_KEY]: utf8.encode(ENCRYPTED), [KEY_ID]: utf8.encode(id) },
    data,
  };
}

function decrypt(payload: Payload, byId: ReadonlyMap<string, Buffer>): Payload {
  const { metadata, data } = payload;
  const encoding = metadata?.[METADATA_ENCODING_KEY];
  if (!encoding || text.decode(encoding) !== ENCRYPTED) return payload;
  const id = text.decode(metadata[KEY_ID] ?? new Uint8Array());
  const key = byId.get(id);
  if (key === undefined) {
    throw new Error(
      `a payload is encrypted with key "${id}", which ROLLBACK_PAYLOAD_KEYS_FILE does not hold`,
    );
  }
  if (!data || data.length < NONCE_BYTES + TAG_BYTES)
    throw new Error('an encrypted payload is cut short');
  const end = data.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, data.subarray(0, NONCE_BYTES));
  decipher.setAAD(utf8.encode(id));
  decipher.setAuthTag(data.subarray(end));
  const plain = Buffer.concat([decipher.update(data.subarray(NONCE_BYTES, end)), decipher.final()]);
  return proto.temporal.api.common.v1.Payload.decode(plain);
}
