/**
 * Reads a request's JSON body: bounded, and refused with a sentence that says what to do. A body that is too long
 * is refused at once, not when all of it has come. It must not know what is in the body.
 */
import type { Request } from 'express';
import { ApiError } from './errors.js';

export const MAX_BODY_BYTES = 64 * 1024;
/** What is read and thrown away after a refusal, so that the client gets to read the answer. */
const MAX_DRAINED_BYTES = 8 * 1024 * 1024;

/** undefined where there is no body. */
export async function readJsonBody(req: Request): Promise<unknown> {
  if (Number(req.get('content-length') ?? 0) > MAX_BODY_BYTES) {
    drain(req);
    throw tooLong();
  }
  const bytes = await readBytes(req);
  if (bytes.length === 0) return undefined;
  checkContentType(req);
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return value;
  } catch {
    throw new ApiError('InvalidRequest', 'Request body is not valid JSON in UTF-8.');
  }
}

function readBytes(req: Request): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= MAX_BODY_BYTES) return;
      req.off('data', onData);
      drain(req);
      reject(tooLong());
    };
    req.on('data', onData);
    req.once('end', () => resolve(Buffer.concat(chunks)));
    // Nobody reads this answer: the client went away in the middle of its own body.
    req.once('close', () =>
      reject(new ApiError('InvalidRequest', 'Request body ended too early.')),
    );
    req.once('error', () =>
      reject(new ApiError('InvalidRequest', 'Request body ended too early.')),
    );
  });
}

function checkContentType(req: Request): void {
  const type = (req.get('content-type') ?? 'application/json')
    .split(';', 1)[0]
    ?.trim()
    .toLowerCase();
  const encoding = (req.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (type === 'application/json' && encoding === 'identity') return;
  throw new ApiError(
    'UnsupportedMediaType',
    'Request body must be JSON, not compressed: send it with Content-Type: application/json.',
  );
}

function tooLong(): ApiError {
  return new ApiError(
    'InvalidRequest',
    `Request body is over the limit of ${MAX_BODY_BYTES} bytes (64 KiB).`,
  );
}

function drain(req: Request): void {
  let drained = 0;
  req.on('data', (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > MAX_DRAINED_BYTES) req.destroy();
  });
  req.resume();
}
