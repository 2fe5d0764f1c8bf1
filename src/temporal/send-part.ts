/** How a part of a layout is sent to the rollback that waits for it: by a signal. */
import type { Client } from '@temporalio/client';
import type { Part } from '../domain/parts.js';
import { partSignal } from '../../workflows/messages.js';
import { READ_DEADLINE_MS } from './executions.js';

export function partSender(
  client: Client,
): (run: { workflowId: string; runId: string }, part: Part) => Promise<void> {
  return ({ workflowId, runId }, part) =>
    client.withDeadline(Date.now() + READ_DEADLINE_MS, () =>
      client.workflow.getHandle(workflowId, runId).signal(partSignal, part),
    );
}
