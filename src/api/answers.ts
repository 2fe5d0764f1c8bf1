/**
 * How an answer is written: JSON with Watcher's content type (no charset), and with an ETag where a client may ask
 * whether it has changed. It must not know what is in it.
 */
import { createHash } from 'node:crypto';
import type { Request, Response } from 'express';

export function sendJson(res: Response, status: number, body: unknown): void {
  sendBytes(res, status, 'application/json', JSON.stringify(body));
}

export function sendBytes(res: Response, status: number, type: string, text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  res.statusCode = status;
  res.setHeader('Content-Type', type);
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

/**
 * 200 with an ETag, or 304 where the client has it already (RFC 9110, 13.1.2). What a caller may see depends on the
 * token, so only the caller's own cache may keep it, and must ask each time.
 */
export function sendTagged(
  req: Request,
  res: Response,
  body: unknown,
  { type = 'application/json', cacheControl = 'private, no-cache' } = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`;
  res.setHeader('ETag', tag);
  res.setHeader('Cache-Control', cacheControl);
  if (cacheControl.startsWith('private')) res.vary('X-Auth-Token');
  if (!hasTag(req.get('if-none-match'), tag)) {
    sendBytes(res, 200, type, text);
    return;
  }
  res.statusCode = 304;
  res.end();
}

/** Weak comparison, as If-None-Match asks for. */
function hasTag(header: string | undefined, tag: string): boolean {
  const tags = (header ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(tag);
}

/**
 * Watcher's error body: JSON in a JSON string, with WSME's three fields.
 * Source: watcher/api/middleware/parsable_error.py around wsmeext/pecan.py.
 */
export function faultBody(status: number, faultstring: string): { error_message: string } {
  const faultcode = status < 500 ? 'Client' : 'Server';
  return { error_message: JSON.stringify({ faultcode, faultstring, debuginfo: null }) };
}
