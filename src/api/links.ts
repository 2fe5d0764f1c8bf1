/** Links in Watcher's manner: `self` with the version in the path, `bookmark` without. Pure but for the request. */
import type { Request } from 'express';
import type { Link } from '../domain/result.js';

/** "http://host:port" as the caller reached it; behind a proxy on the same machine, as the caller reached that. */
export function baseUrl(req: Request): string {
  const given = `${req.protocol}://${req.host}`;
  // Host and X-Forwarded-Host are the caller's own text; HTTP/1.0 need not send any.
  const known = req.get('host') !== undefined;
  if (known && /^https?:\/\/[\w.:[\]-]{1,260}$/.test(given) && URL.canParse(given)) return given;
  const { localAddress = '127.0.0.1', localPort = 0 } = req.socket;
  return `${'encrypted' in req.socket ? 'https' : 'http'}://${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`;
}

export function rollbackLinks(base: string, planUuid: string): Link[] {
  return resourceLinks(base, `action_plans/${planUuid}/rollback`);
}

export function resourceLinks(base: string, path: string): Link[] {
  return [
    { rel: 'self', href: `${base}/v1/${path}` },
    { rel: 'bookmark', href: `${base}/${path}` },
  ];
}

/** The address of the next page; parameters that are null are left out. */
export function nextLink(
  base: string,
  path: string,
  parameters: Record<string, string | number | null>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) query.set(name, String(value));
  }
  return `${base}/v1/${path}?${query.toString()}`;
}

/** A Link header (RFC 8288) from relations to paths below /v1, and where this service is described (RFC 8631). */
export function linkHeader(base: string, relations: Record<string, string>): string {
  const own = Object.entries(relations).map(([rel, path]) => `<${base}/v1/${path}>; rel="${rel}"`);
  return [...own, `<${base}/v1/openapi.json>; rel="service-desc"`].join(', ');
}
