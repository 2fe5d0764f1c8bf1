/**
 * Where nobody is asked for a token (ROLLBACK_AUTH=none), a page of another site in the browser of somebody on this machine could
 * ask as well: by the address alone, or by a name of its own that is made to lead here. Both are known by their headers.
 */
import type { Request } from 'express';
import { ApiError } from './errors.js';

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?$/i;

/** Throws Forbidden. Programs send no Origin; pages of the service itself send its own. */
export function refuseForeignPages(req: Request): void {
  const host = req.headers.host ?? '';
  const { origin } = req.headers;
  const isOwn = origin === undefined || /^https?:\/\/(.*)$/i.exec(origin)?.[1] === host;
  if (LOOPBACK.test(host) && isOwn) return;
  throw new ApiError(
    'Forbidden',
    'Without tokens (ROLLBACK_AUTH=none) only programs and pages of this machine itself may ask: use a loopback address, or ROLLBACK_AUTH=keystone.',
  );
}
