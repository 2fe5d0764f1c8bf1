/**
 * Compresses payloads above a size, so that the layout of a plan of ten thousand actions stays below Temporal's 2 MB.
 * Ordinary plans stay readable in the Web UI: what is small is left as it is. Client, worker and replay share it.
 */
import { METADATA_ENCODING_KEY, type Payload, type PayloadCodec } from '@temporalio/common';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

const ENCODING = 'binary/gzip';
/** Metadata key that keeps the payload's own encoding while it is compressed. */
const INNER_ENCODING_KEY = 'gzip-inner-encoding';
/** The result of some 14 compensations, or what is asked of any one; below it a person may still want to read the payload. */
const COMPRESS_ABOVE_BYTES = 16 * 1024;
/** A hostile payload must not blow up the process. */
const UNPACKED_BYTES_MAX = 64 * 1024 * 1024;

const compress = promisify(gzip);
const decompress = promisify(gunzip);
const utf8 = new TextEncoder();
const text = new TextDecoder();

export const compressionCodec: PayloadCodec = {
  encode: (payloads) => Promise.all(payloads.map(encodeOne)),
  decode: (payloads) => Promise.all(payloads.map(decodeOne)),
};

async function encodeOne(payload: Payload): Promise<Payload> {
  const { data, metadata } = payload;
  const inner = metadata?.[METADATA_ENCODING_KEY];
  if (!data || !inner || data.length <= COMPRESS_ABOVE_BYTES) return payload;
  return {
    metadata: {
      ...metadata,
      [METADATA_ENCODING_KEY]: utf8.encode(ENCODING),
      [INNER_ENCODING_KEY]: inner,
    },
    data: await compress(data),
  };
}

async function decodeOne(payload: Payload): Promise<Payload> {
  const { data, metadata } = payload;
  const encoding = metadata?.[METADATA_ENCODING_KEY];
  const inner = metadata?.[INNER_ENCODING_KEY];
  if (!data || !encoding || !inner || text.decode(encoding) !== ENCODING) return payload;
  const { [INNER_ENCODING_KEY]: _, ...rest } = metadata;
  return {
    metadata: { ...rest, [METADATA_ENCODING_KEY]: inner },
    data: await decompress(data, { maxOutputLength: UNPACKED_BYTES_MAX }),
  };
}
