/** What a caller may ask of a rollback. Pure; imports nothing. */

export const DRIFT_POLICIES = ['keep', 'restore', 'fail'] as const;
export type DriftPolicy = (typeof DRIFT_POLICIES)[number];
export const HOST_POLICIES = ['restore', 'keep'] as const;
export type HostPolicy = (typeof HOST_POLICIES)[number];

/** The options of a rollback, with every default filled in (snake_case: it is part of the result). */
export interface RollbackOptions {
  /** Greatest age of the plan's end of execution, seconds. */
  max_age: number;
  /** What to do with a property that somebody changed since the plan. */
  on_drift: DriftPolicy;
  /** Whether compute services and node power are restored. */
  hosts: HostPolicy;
  /** Permit a cold migration of an ACTIVE server that cannot go live. */
  allow_cold: boolean;
  /**
   * Abort a live migration of this rollback's own that makes no progress. Absent: no (a rollback that an older version has
   * accepted).
   */
  abort_stuck?: boolean;
  /** After that many FAILED compensations nothing new is started. */
  max_failures: number;
  /** Only these actions' compensations (uuids); null: all. */
  actions: string[] | null;
}

export const DEFAULT_OPTIONS: Omit<RollbackOptions, 'max_age'> = {
  on_drift: 'keep',
  hosts: 'restore',
  allow_cold: false,
  abort_stuck: false,
  max_failures: 10,
  actions: null,
};

export function completeOptions(
  given: Partial<RollbackOptions>,
  defaultMaxAge: number,
): RollbackOptions {
  return { max_age: defaultMaxAge, ...DEFAULT_OPTIONS, ...given };
}

/** Names of the options that differ between two requests; empty where they are the same. */
export function differingOptions(a: RollbackOptions, b: RollbackOptions): string[] {
  const differ: string[] = [];
  if (a.max_age !== b.max_age) differ.push('max_age');
  if (a.on_drift !== b.on_drift) differ.push('on_drift');
  if (a.hosts !== b.hosts) differ.push('hosts');
  if (a.allow_cold !== b.allow_cold) differ.push('allow_cold');
  if ((a.abort_stuck ?? false) !== (b.abort_stuck ?? false)) differ.push('abort_stuck');
  if (a.max_failures !== b.max_failures) differ.push('max_failures');
  if (JSON.stringify(sorted(a.actions)) !== JSON.stringify(sorted(b.actions)))
    differ.push('actions');
  return differ;
}

/** An update may carry anything for a list: nobody has looked at it where a rollback is running already. */
function sorted(actions: unknown): unknown {
  return Array.isArray(actions) ? actions.map(String).toSorted() : actions;
}

/** A SUCCEEDED rollback of some actions does not answer for all of them. */
export function covers(done: RollbackOptions, asked: RollbackOptions): boolean {
  if (done.actions === null) return true;
  const did = new Set(done.actions);
  return asked.actions !== null && asked.actions.every((action) => did.has(action));
}

/** Who asked, for the record; never a token. */
export interface RequestedBy {
  user_id: string | null;
  user_name: string | null;
  project_id: string | null;
  request_id: string | null;
}
