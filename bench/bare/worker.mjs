// A worker of the bare workflows: made by the function that makes the service's, so that its settings are the same.
// Environment: TEMPORAL_ADDRESS, BENCH_TASK_QUEUE, BENCH_CLOUD and BENCH_TOKEN (of the simulated cloud).
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { fileURLToPath } from 'node:url';
import { createWorker } from '../../dist/src/worker/create-worker.js';
import { nothing, requestsTo } from './activities.mjs';

const { TEMPORAL_ADDRESS, BENCH_TASK_QUEUE, BENCH_CLOUD, BENCH_TOKEN } = process.env;
const logger = new DefaultLogger('WARN');
Runtime.install({ logger });
const { code } = await bundleWorkflowCode({
  workflowsPath: fileURLToPath(new URL('workflows.mjs', import.meta.url)),
  logger,
});
const connection = await NativeConnection.connect({ address: TEMPORAL_ADDRESS });
const worker = await createWorker({
  connection,
  namespace: 'default',
  taskQueue: BENCH_TASK_QUEUE,
  activities: { nothing, requests: requestsTo(BENCH_CLOUD, BENCH_TOKEN) },
  workflowBundle: { code },
  shutdownGraceMs: 0,
});
const done = worker.run();
console.log('ready');
await done;
await connection.close();
