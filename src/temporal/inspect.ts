/** What a namespace has of what a rollback needs: looked at, nothing changed. For whoever checks an installation. */
import { Connection } from '@temporalio/client';
import { ACTION_PLAN_ATTRIBUTE, STATE_ATTRIBUTE } from '../../workflows/search-attributes.js';
import type { TemporalProfile } from './connection.js';

/** temporal.api.enums.v1.IndexedValueType: the package of the enums cannot be imported by name from ES modules. */
const INDEXED_VALUE_TYPE_KEYWORD = 2;

export interface NamespaceReport {
  /** 0: the server does not tell. */
  retentionSeconds: number;
  /** Search attributes that are not registered. */
  missing: string[];
  /** Those that are of another type than Keyword. */
  otherType: string[];
}

/** Milliseconds for each of its two calls, and for the connection. */
const DEADLINE_MS = 5_000;

/** Throws what the SDK throws: mostly an error with gRPC's code. */
export async function inspectNamespace(profile: TemporalProfile): Promise<NamespaceReport> {
  const connection = await Connection.connect({
    ...profile.options,
    connectTimeout: DEADLINE_MS,
  });
  try {
    return await connection.withDeadline(Date.now() + DEADLINE_MS, () =>
      inspect(connection, profile.namespace),
    );
  } finally {
    await connection.close();
  }
}

async function inspect(connection: Connection, namespace: string): Promise<NamespaceReport> {
  const { config } = await connection.workflowService.describeNamespace({ namespace });
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const present = customAttributes ?? {};
  const wanted = [ACTION_PLAN_ATTRIBUTE, STATE_ATTRIBUTE];
  return {
    retentionSeconds: Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0),
    missing: wanted.filter((name) => present[name] === undefined),
    otherType: wanted.filter((name) => {
      const type = present[name];
      // oxlint-disable-next-line typescript/no-unsafe-enum-comparison
      return type !== undefined && type !== INDEXED_VALUE_TYPE_KEYWORD;
    }),
  };
}
