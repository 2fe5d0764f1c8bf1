/** What a namespace must have before a rollback runs in it: the search attributes, and enough retention. */
import type { Connection } from '@temporalio/client';
import type { Logger } from '../log.js';
import { ACTION_PLAN_ATTRIBUTE, STATE_ATTRIBUTE } from '../../workflows/search-attributes.js';

/** temporal.api.enums.v1.IndexedValueType: the package of the enums cannot be imported by name from ES modules. */
const INDEXED_VALUE_TYPE_KEYWORD = 2;
const WANTED = [ACTION_PLAN_ATTRIBUTE, STATE_ATTRIBUTE];

/**
 * Registers what is missing. Throws with a sentence that says what to do where that is not allowed (Temporal Cloud) or
 * where an attribute of that name has another type: every workflow would hang otherwise.
 */
export async function ensureSearchAttributes(
  connection: Connection,
  namespace: string,
  log: Logger,
): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const present = customAttributes ?? {};
  for (const name of WANTED) {
    const type = present[name];
    // oxlint-disable-next-line typescript/no-unsafe-enum-comparison
    if (type !== undefined && type !== INDEXED_VALUE_TYPE_KEYWORD) {
      throw new Error(
        `The search attribute ${name} of namespace ${namespace} is not of type Keyword. Remove or rename it, then start again.`,
      );
    }
  }
  const missing = WANTED.filter((name) => present[name] === undefined);
  if (missing.length === 0) return;
  const searchAttributes = Object.fromEntries(
    missing.map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD]),
  );
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
    log.info({ namespace, searchAttributes: missing }, 'search attributes registered');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `Namespace ${namespace} lacks the search attributes ${missing.join(', ')} (type Keyword) and they could not be registered: ${reason}. Create them, then start again.`,
      { cause: error },
    );
  }
}

/** A rollback may be asked for up to the ceiling after a plan; what Temporal forgets sooner cannot be joined or read. */
export async function warnOfShortRetention(
  connection: Connection,
  namespace: string,
  ceilingSeconds: number,
  log: Logger,
): Promise<void> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const retention = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  if (retention === 0 || retention >= ceilingSeconds) return;
  log.warn(
    { namespace, retentionSeconds: retention, ceilingSeconds },
    'the retention of the namespace is shorter than ROLLBACK_MAX_AGE_CEILING: finished rollbacks are forgotten sooner than plans may be rolled back',
  );
}
