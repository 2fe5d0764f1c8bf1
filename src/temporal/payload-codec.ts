/**
 * Compresses payloads above a size, so that the layout of a plan of ten thousand actions stays below Temporal's 2 MB.
 * Ordinary plans stay readable in the Web UI: what is small is left as it is. Client, worker and replay share it.
 */
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

const ENCODING = 'binary/gzip';
/** About 150 compensations; below it a person may still want to read the payload. */
const COMPRESS_ABOVE_BYTES = 64 * 1024;
/** A hostile payload must not blow up the process. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const utf8 = new TextEncoder();
const text = new TextDecoder();
const { Payload: PayloadMessage } = temporal.api.common.v1;

export const compressionCodec: PayloadCodec = {
  encode: (payloads) => Promise.all(payloads.map(encodeOne)),
  decode: (payloads) => Promise.all(payloads.map(decodeOne)),
};

async function encodeOne(payload: Payload): Promise<Payload> {
  if ((payload.data?.length ?? 0) <= COMPRESS_ABOVE_BYTES) return payload;
  const whole = PayloadMessage.encode(payload).finish();
  return {
    metadata: { [METADATA_ENCODING_KEY]: utf8.encode(ENCODING) },
    data: await compress(whole),
  };
}

async function decodeOne(payload: Payload): Promise<Payload> {
  const encoding = payload.metadata?.[METADATA_ENCODING_KEY];
  if (!encoding || text.decode(encoding) !== ENCODING) return payload;
  const whole = await decompress(payload.data ?? new Uint8Array(), {
    maxOutputLength: UNPACKED_BYTES_MAX,
  });
  return PayloadMessage.decode(whole);
}
