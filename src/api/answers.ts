/** How an answer is written: JSON with Watcher's content type (no charset). It must not know what is in it. */
import type { Response } from 'express';

export function sendJson(res: Response, status: number, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json');
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

/**
 * Watcher's error body: JSON in a JSON string, with WSME's three fields.
 * Source: watcher/api/middleware/parsable_error.py around wsmeext/pecan.py.
 */
export function faultBody(status: number, faultstring: string): { error_message: string } {
  const faultcode = status < 500 ? 'Client' : 'Server';
  return { error_message: JSON.stringify({ faultcode, faultstring, debuginfo: null }) };
}
