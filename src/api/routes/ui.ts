/**
 * GET /ui/ and its files: the page for operators. Open to all, as it holds nothing but itself; what it shows it asks of
 * /v1 with the operator's own token. Nothing of it may be framed, run inline or load from elsewhere.
 */
import type { Request, Response, Router } from 'express';
import { ApiError } from '../errors.js';
import type { UiFile } from '../ui-files.js';
import { resource } from './resource.js';

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  // Asked again every time, answered with 304: a new version is seen at once and its files fit together.
  'Cache-Control': 'no-cache',
};

export function uiRoutes(router: Router, files: ReadonlyMap<string, UiFile>): void {
  function get(req: Request, res: Response): void {
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    // As it was sent: no decoding, so that there is one way only to write a name.
    const path = req.originalUrl.split('?', 1)[0] ?? '';
    if (path === '/ui') {
      // Its own links are relative. Not by Location of the Host header: that is the caller's text.
      res.writeHead(308, { Location: 'ui/' }).end();
      return;
    }
    const name = path === '/ui/' ? 'index.html' : path.slice('/ui/'.length);
    const file = files.get(name);
    if (file === undefined) throw new ApiError('NotFound', 'The page has no such file.');
    res.setHeader('ETag', file.etag);
    res.setHeader('Content-Type', file.contentType);
    if (isKnown(req, file)) {
      res.statusCode = 304;
      res.end();
      return;
    }
    res.setHeader('Content-Length', file.bytes.length);
    res.end(file.bytes);
  }

  resource(router, '/ui{/*file}', '/ui/', { get });
}

/** RFC 9110, 13.1.2: weak comparison. */
function isKnown(req: Request, { etag }: UiFile): boolean {
  const given = (req.get('if-none-match') ?? '').split(',').map((one) => one.trim());
  return given.some((one) => one === '*' || one.replace(/^W\//, '') === etag);
}
