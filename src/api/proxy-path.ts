/**
 * Which paths are this service's own, and which of the others may go on to Watcher. Pure. A path that two programs may
 * read in two ways is refused: behind the real Watcher's address there may be more than Watcher, and below a prefix of
 * that address there must be no way out of it.
 */
import { ApiError } from './errors.js';

const OWN = /^(?:\/v1)?\/(?:rollbacks|action_plans\/[^/]+\/rollback)(?:\/|$)/;
const OWN_EXACT = ['/v1/openapi.json'];

/** `path` as it was sent, without the query. Everything else below /v1 is Watcher's. */
export function isOwnPath(path: string): boolean {
  return OWN.test(path) || OWN_EXACT.includes(path);
}

/**
 * The path and query to ask Watcher for, from the request's target as it was sent. Throws InvalidRequest. The host of an
 * absolute-form target (RFC 9112, 3.2.2) counts for nothing: there is one place only to which requests go.
 */
export function pathForWatcher(target: string): string {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const mark = local.indexOf('?');
  const path = mark === -1 ? local : local.slice(0, mark);
  const problem = problemOf(path || '/') ?? (/^[!-~]*$/.test(local) ? null : 'is not plain ASCII');
  if (problem !== null || local.includes('#')) {
    throw new ApiError(
      'InvalidRequest',
      `The path ${problem ?? 'has a "#"'}: send it in its plain form.`,
    );
  }
  return path === '' ? `/${local}` : local;
}

function problemOf(path: string): string | null {
  if (!path.startsWith('/')) return 'does not begin with "/"';
  if (path.includes('//')) return 'has an empty part ("//")';
  if (path.includes('\\')) return 'has a backslash';
  if (/%(?![\da-f]{2})/i.test(path)) return 'has a "%" that begins no percent-encoding';
  if (/%(?:2f|5c|[01][\da-f]|7f)/i.test(path)) {
    return 'has an encoded slash, backslash or control character';
  }
  return path.split('/').some(isDots) ? 'has "." or ".." as a part' : null;
}

/** Also encoded, and with the parameters that some servers cut off before they resolve dots. */
function isDots(part: string): boolean {
  return /^(?:\.|%2e){1,2}(?:;|%3b|$)/i.test(part);
}
