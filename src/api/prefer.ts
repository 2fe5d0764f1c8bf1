/** The Prefer header (RFC 7240): how long a POST waits for the end of its rollback. Pure. */

export const DEFAULT_WAIT_SECONDS = 30;
export const MAX_WAIT_SECONDS = 300;

export interface Preference {
  waitSeconds: number;
  /** Value of Preference-Applied; null where no preference was taken into account. */
  applied: string | null;
}

/**
 * `wait=N` beats `respond-async` (RFC 7240, 4.3: together they mean "wait so long, then answer"). The first of
 * several waits counts; one that is no whole number of seconds is ignored, as the RFC asks; a longer one than
 * MAX_WAIT_SECONDS is cut, which Preference-Applied shows.
 */
export function parsePrefer(header: string | undefined): Preference {
  let wait: number | null = null;
  let respondAsync = false;
  for (const preference of (header ?? '').split(',')) {
    const [word = '', value = ''] = (preference.split(';', 1)[0] ?? '').split('=', 2);
    const name = word.trim().toLowerCase();
    const seconds = value.trim().replace(/^"(.*)"$/, '$1');
    if (name === 'respond-async') respondAsync = true;
    if (name === 'wait' && wait === null && /^\d{1,9}$/.test(seconds)) {
      wait = Math.min(Number(seconds), MAX_WAIT_SECONDS);
    }
  }
  const applied = [
    ...(respondAsync ? ['respond-async'] : []),
    ...(wait === null ? [] : [`wait=${wait}`]),
  ];
  return {
    waitSeconds: wait ?? (respondAsync ? 0 : DEFAULT_WAIT_SECONDS),
    applied: applied.length === 0 ? null : applied.join(', '),
  };
}
