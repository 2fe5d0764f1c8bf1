/**
 * Microversions as Watcher has them: the header, the range, the default and the headers of every answer. No
 * version changes anything here; the range is Watcher's so that its clients negotiate as they are used to.
 * Source: watcher/api/controllers/base.py (Version), v1/__init__.py (_route), microversion_parse.
 */
import type { RequestHandler } from 'express';
import { ApiError } from './errors.js';

export const MIN_VERSION = '1.0';
export const MAX_VERSION = '1.4';
const SERVICE_TYPE = 'infra-optim';
const HEADER = 'OpenStack-API-Version';

export function microversion(): RequestHandler {
  return (req, res, next) => {
    res.setHeader('Vary', HEADER);
    res.setHeader('OpenStack-API-Minimum-Version', MIN_VERSION);
    res.setHeader('OpenStack-API-Maximum-Version', MAX_VERSION);
    res.setHeader(HEADER, `${SERVICE_TYPE} ${negotiate(req.get(HEADER))}`);
    next();
  };
}

/** The version to answer with; throws ApiError NotAcceptable. Without the header: the oldest, as Watcher does. */
export function negotiate(header: string | undefined): string {
  const wanted = requested(header);
  if (wanted === null) return MIN_VERSION;
  if (wanted.toLowerCase() === 'latest') return MAX_VERSION;
  const parts = wanted.split('.');
  // Watcher takes what is no number for "no version wanted", and old clients send "1".
  if (!parts.every((part) => /^\d{1,9}$/.test(part))) return MIN_VERSION;
  const [major, minor] = parts.map(Number);
  if (parts.length === 1 && major === 1) return MIN_VERSION;
  if (parts.length !== 2) throw notAcceptable(`The ${HEADER} header must be like "1.0"`);
  const supported = major === 1 && minor !== undefined && minor <= 4;
  if (!supported) throw notAcceptable(`Version ${wanted.slice(0, 40)} was requested`);
  return `${major}.${minor}`;
}

/** The last value for our service type: "compute 2.90, infra-optim 1.3" → "1.3". */
function requested(header: string | undefined): string | null {
  for (const value of (header ?? '').split(',').toReversed()) {
    const [service, version] = value.trim().split(/\s+/, 2);
    if (service?.toLowerCase() === SERVICE_TYPE && version !== undefined) return version;
  }
  return null;
}

function notAcceptable(problem: string): ApiError {
  return new ApiError(
    'NotAcceptable',
    `${problem}; this service supports the version range [${MIN_VERSION}, ${MAX_VERSION}].`,
  );
}
