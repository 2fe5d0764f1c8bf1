/**
 * The workflow code that is shipped replays every history that is kept: rollbacks that run while the code is replaced go on.
 * RECORD_HISTORIES=1 plays the scenarios and records those that this version has no history of; what is there stays.
 */
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { Worker } from '@temporalio/worker';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HistoryExists, recordHistory } from '../../scripts/record-history.js';
import { dataConverter } from '../../src/temporal/connection.js';
import { workflowIdOf } from '../../src/domain/workflow-id.js';
import { WORKFLOW_TYPE } from '../../workflows/messages.js';
import { BUNDLE, ensureBuilt, ROOT } from '../support/built.js';
import { silenceRuntime, startTemporal } from '../support/temporal.js';
import { startServiceForTest } from '../service/service.js';
import { SCENARIOS } from './scenarios.js';

const FOLDER = join(__dirname, 'histories');
const CASES = join(FOLDER, WORKFLOW_TYPE);

beforeAll(ensureBuilt, 120_000);

if (process.env['RECORD_HISTORIES'] === '1') {
  test('record what is missing', record, 120_000);
}

test('every scenario has a history, and every history a scenario', () => {
  const recorded = cases().map(({ scenario }) => scenario);
  expect([...new Set(recorded)].toSorted()).toEqual(Object.keys(SCENARIOS).toSorted());
});

test('all histories replay', async () => {
  const errors: string[] = [];
  let replayed = 0;
  for (const one of cases()) {
    for await (const { error } of replay([one])) {
      replayed += 1;
      if (error !== undefined) errors.push(`${one.file}: ${error.message}`);
    }
  }
  expect(errors).toEqual([]);
  expect(replayed).toBe(cases().length);
}, 60_000);

test('a history that this code would not have made does not replay', async () => {
  const [first] = cases().filter(({ scenario }) => scenario === 'success');
  const text = JSON.stringify(first?.history).replaceAll('"setNodePowerState"', '"startServer"');
  expect(text).not.toBe(JSON.stringify(first?.history));
  const other = [{ scenario: 'success', file: 'other', history: JSON.parse(text) as unknown }];
  for await (const { error } of replay(other)) {
    expect(error?.message).toMatch(/nondeterminism|startServer/i);
  }
  expect.assertions(2);
});

interface Case {
  file: string;
  scenario: string;
  history: unknown;
}

/** Of all versions: old ones guard rollbacks that old versions began. */
function cases(): Case[] {
  return readdirSync(CASES)
    .toSorted()
    .map((file) => ({
      file,
      scenario: file.replace(/^[\d.]+-/, '').replace(/\.json$/, ''),
      history: JSON.parse(readFileSync(join(CASES, file), 'utf8')) as unknown,
    }));
}

function replay(all: Case[]): ReturnType<typeof Worker.runReplayHistories> {
  silenceRuntime();
  return Worker.runReplayHistories(
    { workflowBundle: { codePath: BUNDLE }, dataConverter },
    all.map(({ history }) => ({
      workflowId: workflowIdOf(planOf(history)),
      history: historyFromJSON(history),
    })),
  );
}

/** The workflow looks at the id that it runs under: the plan of its input says which that was. */
function planOf(history: unknown): string {
  const { events } = history as { events: StartedEvent[] };
  const data = events[0]?.workflowExecutionStartedEventAttributes?.input?.payloads[0]?.data ?? '';
  const input = JSON.parse(Buffer.from(data, 'base64').toString('utf8')) as {
    action_plan_uuid: string;
  };
  return input.action_plan_uuid;
}

interface StartedEvent {
  workflowExecutionStartedEventAttributes?: { input?: { payloads: { data: string }[] } };
}

async function record(): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const temporal = await startTemporal();
  const { client } = temporal;
  try {
    for (const [scenario, { play, run, service: options }] of Object.entries(SCENARIOS)) {
      const service = await startServiceForTest({ temporal: temporal.address, ...options });
      const id = workflowIdOf(await play(service, client));
      const { raw } = await client.workflow.getHandle(id).describe();
      const first = raw.workflowExecutionInfo?.firstRunId ?? undefined;
      const handle = client.workflow.getHandle(id, run === 'first' ? first : undefined);
      const history = await handle.fetchHistory();
      await recordHistory(history, {
        folder: FOLDER,
        workflow: WORKFLOW_TYPE,
        version,
        scenario,
      }).catch((error: unknown) => {
        if (!(error instanceof HistoryExists)) throw error;
      });
      await service.close();
    }
  } finally {
    await temporal.teardown();
  }
}
