/** A bound on the target of a request, in front of all that reads it. Node's own is that of all headers together. */
import type { RequestHandler } from 'express';
import { ApiError } from './errors.js';

/** What most servers and proxies take; a preview of 200 chosen actions has 7,500. */
export const URL_MAX = 8192;

export function refuseLongUrls(): RequestHandler {
  return (req, _res, next) => {
    if (req.originalUrl.length <= URL_MAX) {
      next();
      return;
    }
    throw new ApiError('UriTooLong', `The address is longer than ${URL_MAX} characters.`);
  };
}
