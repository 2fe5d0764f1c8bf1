/** One thing that the doctor looks at, and how a look that throws becomes a finding. */

export type CheckState = 'ok' | 'warning' | 'failed' | 'not checked';

export interface Check {
  area: 'openstack' | 'temporal' | 'service';
  name: string;
  state: CheckState;
  /** What was found, in one sentence. */
  message: string;
  /** What to do; null where nothing is to be done. */
  fix: string | null;
}

export type Finding = Pick<Check, 'state' | 'message'> & { fix?: string | null };

/** `fixOf` tells from an error what to do about it. */
export async function check(
  about: Pick<Check, 'area' | 'name'>,
  look: () => Promise<Finding>,
  fixOf: (error: unknown) => string,
): Promise<Check> {
  try {
    const { state, message, fix } = await look();
    return { ...about, state, message, fix: fix ?? null };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { ...about, state: 'failed', message: oneLine(message), fix: fixOf(error) };
  }
}

export function notChecked(
  about: Pick<Check, 'area' | 'name'>,
  message: string,
  fix: string | null = null,
): Check {
  return { ...about, state: 'not checked', message, fix };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
