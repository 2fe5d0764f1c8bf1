/**
 * `npm run record-history -- --id ID --scenario NAME [--workflow TYPE] [--version V] [--overwrite]`: records a finished
 * workflow of the Temporal that TEMPORAL_* names.
 */
import { Client, Connection } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { environment } from '../src/config.js';
import { temporalProfile } from '../src/temporal/connection.js';
import { HistoryExists, recordHistory } from './record-history.js';

const ROOT = new URL('../../', import.meta.url);
const USAGE =
  'Usage: npm run record-history -- --id WORKFLOW_ID --scenario NAME [--workflow TYPE] [--version V] [--overwrite]';

const { values } = parseArgs({
  options: {
    id: { type: 'string' },
    scenario: { type: 'string' },
    workflow: { type: 'string', default: 'RollbackActionPlan' },
    version: { type: 'string' },
    overwrite: { type: 'boolean', default: false },
  },
});
if (values.id === undefined || values.scenario === undefined) {
  process.stderr.write(`${USAGE}\n`);
  process.exit(2);
}

try {
  const profile = temporalProfile(environment());
  const connection = await Connection.connect(profile.options);
  const client = new Client({ connection, namespace: profile.namespace });
  const history = await client.workflow.getHandle(values.id).fetchHistory();
  const path = await recordHistory(history, {
    folder: fileURLToPath(new URL('test/replay/histories', ROOT)),
    workflow: values.workflow,
    version: values.version ?? (await packageVersion()),
    scenario: values.scenario,
    overwrite: values.overwrite,
  });
  await connection.close();
  process.stderr.write(`Recorded ${path}.\n`);
} catch (error) {
  if (!(error instanceof HistoryExists)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function packageVersion(): Promise<string> {
  const text = await readFile(new URL('package.json', ROOT), 'utf8');
  const found = /"version": "([^"]+)"/.exec(text)?.[1];
  if (found === undefined) throw new Error('package.json has no version.');
  return found;
}
