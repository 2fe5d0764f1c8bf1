/** Waits until a Temporal server serves a namespace, makes the namespace where it is missing, and has it keep long enough. */
import { Connection, isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';

import { setTimeout as sleep } from 'node:timers/promises';

/** google.rpc.Code */
const NOT_FOUND = 5;
const PAUSE_MS = 50;
const CALL_TIMEOUT_MS = 5_000;

export interface NamespaceWish {
  namespace: string;
  /** Finished workflows are kept at least so long. */
  retentionSeconds: number;
}

/** Rejects with the last reason once `signal` is aborted. */
export async function namespaceReady(
  address: string,
  wish: NamespaceWish,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      const connection = await Connection.connect({ address, connectTimeout: CALL_TIMEOUT_MS });
      try {
        await connection.withDeadline(Date.now() + CALL_TIMEOUT_MS, () =>
          prepare(connection, wish),
        );
        return;
      } finally {
        await connection.close();
      }
    } catch (error) {
      if (signal.aborted) throw error;
      await sleep(PAUSE_MS);
    }
  }
}

async function prepare(connection: Connection, wish: NamespaceWish): Promise<void> {
  const { namespace } = wish;
  const workflowExecutionRetentionTtl = msToTs(wish.retentionSeconds * 1000);
  const { workflowService } = connection;
  const kept = await retentionOf(connection, namespace);
  if (kept === null) {
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: workflowExecutionRetentionTtl,
    });
    // Not usable before the server's own list of namespaces is read again: the caller looks again.
    throw new Error(`namespace ${namespace} was made just now`);
  }
  // Describing reads the database; what workflows need is that the server's list of namespaces has it.
  await workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
  if (kept > 0 && kept < wish.retentionSeconds) {
    await workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl } });
  }
}

/** In seconds; null: no such namespace. */
async function retentionOf(connection: Connection, namespace: string): Promise<number | null> {
  try {
    const { config } = await connection.workflowService.describeNamespace({ namespace });
    return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  } catch (error) {
    if (codeOf(error) === NOT_FOUND) return null;
    throw error;
  }
}

function codeOf(error: unknown): number | null {
  return isGrpcServiceError(error) ? error.code : null;
}
