/**
 * Bundles the compiled workflows into dist/workflow-bundle.js, which workers and the replay test load. From dist/ and not
 * from the sources: an activity that a workflow imports as a value and not as a type fails only there.
 */
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const WORKFLOWS = fileURLToPath(new URL('../workflows/index.js', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));

const { code } = await bundleWorkflowCode({
  workflowsPath: WORKFLOWS,
  logger: new DefaultLogger('WARN'),
});
await writeFile(BUNDLE, code);
