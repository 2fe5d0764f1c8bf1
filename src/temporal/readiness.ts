/** Whether anybody would take work up: a worker that polls the task queue. */
import type { Client } from '@temporalio/client';
import { noWorker } from './refusals.js';

/** temporal.api.enums.v1.TaskQueueType: the package of the enums cannot be imported by name from ES modules. */
const TASK_QUEUE_TYPE_WORKFLOW = 1;
/** A long poll lasts 60 s; a poller not seen for longer is gone. */
const POLLER_SEEN_WITHIN_MS = 70_000;
const DEADLINE_MS = 3_000;

/** A poller is seen for a minute after it is gone anyway. */
const REMEMBERED_MS = 2_000;

/** The same for many who ask at about the same time. */
export class WorkerPresence {
  private seenMs = -Infinity;
  private asking: Promise<void> | null = null;

  constructor(
    private readonly client: Client,
    private readonly taskQueue: string,
  ) {}

  /** Throws NoWorker. */
  async demand(): Promise<void> {
    if (performance.now() - this.seenMs < REMEMBERED_MS) return;
    this.asking ??= this.ask().finally(() => {
      this.asking = null;
    });
    await this.asking;
  }

  private async ask(): Promise<void> {
    if (!(await workerPolls(this.client, this.taskQueue))) throw noWorker(this.taskQueue);
    this.seenMs = performance.now();
  }
}

export async function workerPolls(client: Client, taskQueue: string): Promise<boolean> {
  const answer = await client.withDeadline(Date.now() + DEADLINE_MS, () =>
    client.workflowService.describeTaskQueue({
      namespace: client.options.namespace,
      taskQueue: { name: taskQueue },
      // oxlint-disable-next-line typescript/no-unsafe-enum-assignment
      taskQueueType: TASK_QUEUE_TYPE_WORKFLOW,
    }),
  );
  return (answer.pollers ?? []).some((poller) => {
    const seenMs = Number(poller.lastAccessTime?.seconds ?? 0) * 1000;
    return Date.now() - seenMs < POLLER_SEEN_WITHIN_MS;
  });
}
