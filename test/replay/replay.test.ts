/**
 * The workflow code that is shipped replays every history that is kept: rollbacks that run while the code is replaced go on.
 * RECORD_HISTORIES=1 plays the scenarios that this version has no history of, and records them; RECORD_HISTORIES=all records
 * every scenario anew, which a version that was never released may.
 */
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordHistory } from '../../scripts/record-history.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import { BUNDLE, ensureBuilt, ROOT } from '../support/built.js';
import { startTemporal } from '../support/temporal.js';
import { startServiceForTest } from '../service/service.js';
import { cases, HISTORIES, type History, replayErrors, typeOf } from './histories.js';
import type { Scenario } from './play.js';
import { startReceiver } from './receiver.js';
import { SCENARIOS } from './scenarios.js';

beforeAll(ensureBuilt, 120_000);

const RECORD = process.env['RECORD_HISTORIES'];
if (RECORD === '1' || RECORD === 'all') {
  test('record', () => record(RECORD === 'all'), 300_000);
}

test('the folders hold histories of what they say', () => {
  const types = cases().map(({ workflow, path, history }) => [path, workflow, typeOf(history)]);
  expect(types.filter(([, folder, type]) => folder !== type)).toEqual([]);
});

test('all histories replay', async () => {
  expect(await replayErrors(BUNDLE, cases())).toEqual([]);
}, 60_000);

test.each([
  ['success', '"setNodePowerState"', '"startServer"'],
  ['preview', '"previewRollback"', '"layOutRollback"'],
  // It never hears that it is to go off.
  ['switch', '"change_switch"', '"something_else"'],
])(
  'a history of %s that this code would not have made does not replay',
  async (name, is, other) => {
    const found = cases().find(({ scenario }) => scenario === name);
    if (found === undefined) throw new Error(`no history of ${name}`);
    const text = JSON.stringify(found.history).replaceAll(is, other);
    expect(text).not.toBe(JSON.stringify(found.history));
    const history = JSON.parse(text) as History;
    expect(await replayErrors(BUNDLE, [{ ...found, history }])).toEqual([
      expect.stringMatching(/nondeterminism/i),
    ]);
  },
);

async function record(overwrite: boolean): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const temporal = await startTemporal();
  try {
    for (const [scenario, one] of Object.entries(SCENARIOS)) {
      const { workflow = WORKFLOW_TYPE } = one;
      const path = join(HISTORIES, workflow, `${version}-${scenario}.json`);
      if (existsSync(path) && !overwrite) continue;
      const history = await played(one, temporal);
      await recordHistory(history, {
        folder: HISTORIES,
        workflow,
        version,
        scenario,
        overwrite,
      });
    }
  } finally {
    await temporal.teardown();
  }
}

async function played(
  { workflow, play, run, service: options, webhookAnswers }: Scenario,
  { client, address }: TestWorkflowEnvironment,
): ReturnType<WorkflowHandle['fetchHistory']> {
  const receiver = await startReceiver(webhookAnswers ?? 404);
  const settings = {
    ...options?.settings,
    ...(webhookAnswers !== undefined && receiver.settings),
  };
  const service = await startServiceForTest({ temporal: address, ...options, settings });
  try {
    const outcome = await play(service, client);
    const id = workflow === undefined ? workflowIdOf(outcome) : outcome;
    const { raw } = await client.workflow.getHandle(id).describe();
    const first = raw.workflowExecutionInfo?.firstRunId ?? undefined;
    return await client.workflow.getHandle(id, run === 'first' ? first : undefined).fetchHistory();
  } finally {
    await service.close();
    receiver.close();
  }
}
